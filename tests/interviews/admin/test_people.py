"""Inviting, links, resend and revoke; candidates with interviews are kept."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import AuditEntry, Outbox
from base.clock import now
from interviews.models import AssessmentVersion, Candidate, Interview, Invitation
from tests.factories.interviews import (
    AssessmentVersionFactory,
    CandidateFactory,
    InterviewFactory,
)
from tests.factories.people import People

ADD = "admin:interviews_invitation_add"


def invite_data(
    version: AssessmentVersion, people: str, **changed: Any
) -> dict[str, Any]:
    opens, expires = now(), now() + timedelta(days=3)
    return {
        "assessment_version": version.pk,
        "people": people,
        "name": "",
        "opens_at_0": opens.strftime("%Y-%m-%d"),
        "opens_at_1": opens.strftime("%H:%M:%S"),
        "expires_at_0": expires.strftime("%Y-%m-%d"),
        "expires_at_1": expires.strftime("%H:%M:%S"),
        "is_mailed": "on",
        **changed,
    }


@pytest.fixture(autouse=True)
def _configured(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def version(people: People) -> AssessmentVersion:
    made: AssessmentVersion = AssessmentVersionFactory.create(
        organisation=people.organisation
    )
    return made


def do(invitation: Invitation, name: str) -> str:
    return reverse("admin:interviews_invitation_do", args=[invitation.pk, name])


def test_invite_one_shows_the_link_and_mails_it(
    version: AssessmentVersion, recruiter: Client, people: People
) -> None:
    answer = recruiter.post(
        reverse(ADD),
        invite_data(version, "Ada Lovelace <Ada@Example.com>"),
        follow=True,
    )

    invitation = Invitation.objects.get()
    assert invitation.invited_by == people.recruiter
    assert (invitation.candidate.name, invitation.candidate.email) == (
        "Ada Lovelace",
        "ada@example.com",
    )
    assert f"/i/{invitation.pk.hex}.1~" in answer.context["link"]
    assert answer.context["link"] in answer.content.decode()
    assert Outbox.objects.get().to == "ada@example.com"
    assert AuditEntry.objects.get().action == "invitation.added"


def test_invite_many_once_each_without_mail(
    version: AssessmentVersion, recruiter: Client
) -> None:
    given = "a@example.com\nB <b@example.com>, A@example.com;c@example.com"

    answer = recruiter.post(
        reverse(ADD), invite_data(version, given, is_mailed=""), follow=True
    )

    emails = Interview.objects.values_list("candidate__email", flat=True)
    assert sorted(emails) == ["a@example.com", "b@example.com", "c@example.com"]
    assert not Outbox.objects.exists()
    assert "3 people are invited." in answer.content.decode()


@pytest.mark.parametrize(
    ("given", "changed", "field"),
    [
        ("nobody", {}, "people"),
        ("\n \n", {}, "people"),
        ("a@example.com", {"expires_at_0": "2020-01-01"}, "expires_at"),
        ("a@example.com\nb@example.com", {"name": "Both"}, "name"),
    ],
    ids=["address", "nobody", "past", "name"],
)
def test_invite_fault_is_beside_its_field(
    version: AssessmentVersion,
    recruiter: Client,
    given: str,
    changed: dict[str, str],
    field: str,
) -> None:
    answer = recruiter.post(reverse(ADD), invite_data(version, given, **changed))

    assert list(answer.context["adminform"].form.errors) == [field]
    assert not Invitation.objects.exists()


def test_invite_refuses_a_foreign_assessment(recruiter: Client, people: People) -> None:
    foreign = AssessmentVersionFactory.create(organisation=people.other_organisation)

    answer = recruiter.post(reverse(ADD), invite_data(foreign, "a@example.com"))

    assert "assessment_version" in answer.context["adminform"].form.errors
    assert not Invitation.objects.exists()


def test_resend_mails_the_same_link_again(recruiter: Client, people: People) -> None:
    invitation = InterviewFactory.create(organisation=people.organisation).invitation

    recruiter.post(do(invitation, "resend"))

    invitation.refresh_from_db()
    assert invitation.last_sent_at is not None
    assert Outbox.objects.get().to == invitation.candidate.email
    assert AuditEntry.objects.get().action == "invitation.resent"


def test_revoke_ends_the_link_once(recruiter: Client, people: People) -> None:
    invitation = InterviewFactory.create(organisation=people.organisation).invitation

    recruiter.post(do(invitation, "revoke"))
    again = recruiter.post(do(invitation, "revoke"), follow=True)

    invitation.refresh_from_db()
    assert (invitation.generation, invitation.revoked_at is None) == (2, False)
    assert "This invitation was revoked already." in again.content.decode()
    assert [entry.action for entry in AuditEntry.objects.all()] == [
        "invitation.revoked"
    ]
    assert "link" not in again.context or not again.context["link"]


def test_revoke_selected_says_what_was_left_alone(
    recruiter: Client, people: People
) -> None:
    unstarted = InterviewFactory.create(organisation=people.organisation)
    running = InterviewFactory.create(organisation=people.organisation, state="active")

    answer = recruiter.post(
        reverse("admin:interviews_invitation_changelist"),
        {
            "action": "revoke_selected",
            "_selected_action": [unstarted.invitation_id, running.invitation_id],
        },
        follow=True,
    )

    text = answer.content.decode()
    assert "1 link is revoked." in text
    assert "The interview has started; cancel the interview instead." in text


def test_times_are_meant_and_shown_in_the_candidates_zone(
    version: AssessmentVersion, recruiter: Client
) -> None:
    window = {
        "time_zone": "America/New_York",
        "opens_at_0": "2130-07-01",
        "opens_at_1": "09:00:00",
        "expires_at_0": "2130-07-02",
        "expires_at_1": "18:30:00",
    }

    answer = recruiter.post(
        reverse(ADD), invite_data(version, "ada@example.org", **window), follow=True
    )

    invitation = Invitation.objects.get()
    assert invitation.opens_at == datetime(2130, 7, 1, 13, tzinfo=UTC)
    assert invitation.expires_at == datetime(2130, 7, 2, 22, 30, tzinfo=UTC)
    page = answer.content.decode()
    assert "Saturday 1 July 2130, 09:00 (America/New York, UTC−4)" in page


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"time_zone": "Berlin"}, "time_zone"),
        ({"time_factor": "0.5"}, "time_factor"),
        ({"time_factor": "4.5"}, "time_factor"),
        (
            {
                "time_zone": "Europe/Berlin",
                "opens_at_0": "2130-03-26",
                "opens_at_1": "02:30",
            },
            "opens_at",
        ),
    ],
    ids=["no zone", "less time", "too much", "an hour that is skipped"],
)
def test_impossible_times_are_refused_beside_their_field(
    version: AssessmentVersion, recruiter: Client, changed: dict[str, str], field: str
) -> None:
    late = {"expires_at_0": "2130-05-01", "expires_at_1": "09:00"}
    answer = recruiter.post(
        reverse(ADD), invite_data(version, "ada@example.org", **(late | changed))
    )

    assert field in answer.context["adminform"].form.errors
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("given", "stored"), [("1.5", "1.50"), ("", "1.00")], ids=["agreed", "left empty"]
)
def test_time_factor_is_kept(
    version: AssessmentVersion, recruiter: Client, given: str, stored: str
) -> None:
    recruiter.post(
        reverse(ADD), invite_data(version, "ada@example.org", time_factor=given)
    )

    assert str(Invitation.objects.get().time_factor) == stored


def test_why_somebody_has_more_time_is_not_shown_to_reviewers(
    client: Client, people: People
) -> None:
    invitation = InterviewFactory.create(
        organisation=people.organisation, invitation__time_factor=Decimal("1.75")
    ).invitation
    url = reverse("admin:interviews_invitation_change", args=[invitation.pk])

    client.force_login(people.reviewer)
    assert "1.75" not in client.get(url).content.decode()
    client.force_login(people.recruiter)
    assert "1.75" in client.get(url).content.decode()


@pytest.mark.parametrize("name", ["resend", "revoke"])
@pytest.mark.parametrize(
    ("who", "status"),
    [("reviewer", 403), ("interviewer", 404), ("finance", 404), ("stranger", 404)],
)
def test_operations_are_refused_to_others(
    client: Client, people: People, name: str, who: str, status: int
) -> None:
    invitation = InterviewFactory.create(organisation=people.organisation).invitation
    client.force_login(getattr(people, who))

    answer = client.post(do(invitation, name))

    assert answer.status_code in {status, 403}
    assert (answer.status_code == 404) == (who == "stranger")
    invitation.refresh_from_db()
    assert (invitation.generation, invitation.last_sent_at) == (1, None)


def test_reviewer_does_not_see_the_link(client: Client, people: People) -> None:
    invitation = InterviewFactory.create(organisation=people.organisation).invitation
    client.force_login(people.reviewer)

    page = client.get(
        reverse("admin:interviews_invitation_change", args=[invitation.pk])
    )

    assert page.status_code == 200
    assert invitation.pk.hex not in page.content.decode()


def test_candidate_with_interviews_is_not_deleted(
    recruiter: Client, people: People
) -> None:
    interview = InterviewFactory.create(organisation=people.organisation)
    free = CandidateFactory.create(organisation=people.organisation)

    for candidate in (interview.candidate, free):
        url = reverse("admin:interviews_candidate_delete", args=[candidate.pk])
        recruiter.post(url, {"post": "yes"})

    assert list(Candidate.objects.all()) == [interview.candidate]


def test_nobody_is_invited_while_the_assistant_is_not_configured(
    people: People, version: AssessmentVersion, client: Client, settings: Settings
) -> None:
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_API_KEY = ""
    client.force_login(people.recruiter)

    answer = client.post(reverse(ADD), invite_data(version, "ada@example.org"))

    assert "set ANTHROPIC_API_KEY" in answer.content.decode()
    assert not Invitation.objects.exists()
