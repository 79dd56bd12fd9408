"""The link: opening changes nothing, the button lets in, errors are friendly."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.apps import apps
from django.core import serializers
from django.test import Client
from django.urls import reverse

from base.clock import now
from interviews.access import cookie_name
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.invitations import revoke_invitation
from interviews.services.lifecycle import cancel_interview
from interviews.tokens import make_token
from tests.interviews.candidate.conftest import MakeInterview

STAGES: dict[str, str] = {
    InterviewState.INVITED: "interview-consent",
    InterviewState.PREPARING: "interview-check",
    InterviewState.ACTIVE: "interview-room",
    InterviewState.COMPLETED: "interview-finish",
    InterviewState.ABANDONED: "interview-finish",
}


def link_to(interview: Interview) -> str:
    return reverse(
        "interviews:candidate-entry", args=[make_token(interview.invitation)]
    )


def dump_database() -> str:
    models = [m for m in apps.get_models() if m._meta.managed]
    rows = [row for model in models for row in model._default_manager.order_by("pk")]
    return str(serializers.serialize("json", rows))


@pytest.mark.parametrize("state", STAGES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(
    client: Client, make_interview: MakeInterview, state: str, method: str
) -> None:
    link = link_to(make_interview(state))
    before = dump_database()

    response = getattr(client, method)(link)

    assert response.status_code == 200
    assert not response.cookies
    assert dump_database() == before


def test_the_page_says_who_invites_to_what_and_for_how_long(
    client: Client, interview: Interview
) -> None:
    page = client.get(link_to(interview)).content.decode()

    assert interview.organisation.name in page
    assert interview.assessment_version.title in page
    assert "60 minutes" in page
    assert "Camera, microphone" in page


@pytest.mark.parametrize("state", STAGES)
def test_the_button_leads_to_the_stage(
    client: Client, make_interview: MakeInterview, state: str
) -> None:
    interview = make_interview(state)

    response = client.post(link_to(interview))

    assert response.status_code == 302
    assert response["Location"] == reverse(
        f"interviews:{STAGES[state]}", args=[interview.pk]
    )


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: Client, interview: Interview, settings: object
) -> None:
    settings.SESSION_COOKIE_SECURE = True  # type: ignore[attr-defined]

    cookie = client.post(link_to(interview)).cookies[cookie_name(interview.pk)]

    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (
        True,
        True,
        "Lax",
    )


def test_entering_twice_and_from_another_device_resumes_at_the_stage(
    make_interview: MakeInterview,
) -> None:
    interview = make_interview(InterviewState.ACTIVE)
    link = link_to(interview)

    answers = [Client().post(link), Client().post(link)]

    assert {answer["Location"] for answer in answers} == {
        reverse("interviews:interview-room", args=[interview.pk])
    }


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("mistake", ["cut", "longer", "other", "empty parts"])
def test_a_mistyped_link_gets_its_page_without_a_contact(
    client: Client, interview: Interview, method: str, mistake: str
) -> None:
    token = make_token(interview.invitation)
    wrong = {
        "cut": token[:-3],
        "longer": token + "x",
        "other": "~".join(["0" * 32 + ".1", token.split("~")[1]]),
        "empty parts": "~",
    }[mistake]

    response = getattr(client, method)(
        reverse("interviews:candidate-entry", args=[wrong])
    )

    page = response.content.decode()
    assert response.status_code == 404
    assert "We do not know this link" in page
    assert interview.organisation.contact_email not in page
    assert not response.cookies


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_expired_link_says_so_and_whom_to_ask(
    client: Client, interview: Interview, method: str
) -> None:
    invitation = interview.invitation
    invitation.expires_at = now() - timedelta(minutes=1)
    invitation.save()

    response = getattr(client, method)(link_to(interview))

    page = response.content.decode()
    assert response.status_code == 410
    assert "has expired" in page
    assert interview.organisation.contact_email in page
    assert not response.cookies


def test_a_link_that_is_not_open_yet_says_when(
    client: Client, interview: Interview
) -> None:
    invitation = interview.invitation
    invitation.opens_at = now() + timedelta(days=1)
    invitation.save()

    response = client.get(link_to(interview))

    assert response.status_code == 403
    assert "not open yet" in response.content.decode()
    assert f"{invitation.opens_at:%H:%M}" in response.content.decode()


def test_the_window_is_given_in_the_candidates_zone(
    client: Client, interview: Interview
) -> None:
    invitation = interview.invitation
    invitation.time_zone = "Asia/Tokyo"
    invitation.opens_at = datetime(2130, 1, 15, 8, tzinfo=UTC)
    invitation.expires_at = datetime(2130, 1, 16, 8, tzinfo=UTC)
    invitation.save()

    page = client.get(link_to(interview)).content.decode()

    assert "Sunday 15 January 2130, 17:00 (Asia/Tokyo, UTC+9)" in page
    assert "Monday 16 January 2130, 17:00 (Asia/Tokyo, UTC+9)" in page
    assert 'data-countdown="2130-01-15T08:00:00+00:00"' in page
    assert "still have the whole time" in page


@pytest.mark.parametrize("state", [InterviewState.INVITED, InterviewState.PREPARING])
def test_the_page_says_until_when_to_begin(
    client: Client, make_interview: MakeInterview, state: str
) -> None:
    interview = make_interview(state)
    interview.invitation.expires_at = datetime(2130, 1, 16, 8, tzinfo=UTC)
    interview.invitation.save()

    page = client.get(link_to(interview)).content.decode()

    last = "08:30 UTC" if state == InterviewState.PREPARING else "08:00 UTC"
    assert f"Monday 16 January 2130, {last}" in page


def test_extra_time_is_shown_as_agreed_and_without_its_factor(
    client: Client, interview: Interview
) -> None:
    interview.invitation.time_factor = Decimal("1.85")
    interview.invitation.save()

    page = client.get(link_to(interview)).content.decode()

    assert "111 minutes" in page
    assert "This includes 51 minutes of extra time, as agreed with you." in page
    assert "1.85" not in page


def test_a_revoked_link_says_so(client: Client, interview: Interview) -> None:
    link = link_to(interview)
    revoke_invitation(interview.invitation)

    response = client.get(link)

    assert response.status_code == 410
    assert "no longer works" in response.content.decode()
    assert f"{link}report/" in response.content.decode()
    assert not response.cookies
    assert interview.organisation.contact_email in response.content.decode()


def test_a_cancelled_interview_leads_the_candidate_to_the_withdrawn_page(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.PREPARING)
    link = link_to(interview)
    client.post(link)
    cancel_interview(interview.pk, reason="", actor=None)

    assert client.get(link).status_code == 410
    page = client.get(reverse("interviews:interview-check", args=[interview.pk]))
    assert page.status_code == 404
    assert "open the link from your invitation again" in page.content.decode()


def test_a_started_interview_opens_after_the_window(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.ACTIVE)
    interview.invitation.expires_at = now() - timedelta(minutes=1)
    interview.invitation.save()

    assert client.get(link_to(interview)).status_code == 200


def test_a_preview_says_that_it_is_one(
    client: Client, make_interview: MakeInterview
) -> None:
    page = client.get(link_to(make_interview(is_preview=True))).content.decode()

    assert "Preview" in page
    assert "no picture, no sound" in page
