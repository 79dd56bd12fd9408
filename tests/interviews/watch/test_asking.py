"""Asking members to watch: mail, audit, the interview's page, the first page."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.enums import Role
from accounts.models import AuditEntry, Outbox, User
from interviews.enums import InterviewState
from interviews.errors import WrongStateError
from interviews.models import Interview, Interviewer
from interviews.services.interviewers import (
    CannotWatchError,
    ask_to_watch,
    dismiss_interviewer,
    watch_url,
)
from tests.factories.accounts import MembershipFactory
from tests.factories.interviews import InterviewerFactory, InterviewFactory
from tests.factories.people import People

OPEN = [InterviewState.INVITED, InterviewState.PREPARING, InterviewState.ACTIVE]


def page_of(interview: Interview) -> str:
    return reverse("admin:interviews_interview_change", args=[interview.pk])


def do(client: Client, interview: Interview, name: str, **fields: object) -> str:
    url = reverse("admin:interviews_interview_do", args=[interview.pk, name])
    return client.post(url, fields, follow=True).content.decode()


def asked(interview: Interview) -> set[User]:
    return {row.user for row in interview.interviewers.all()}


@pytest.mark.parametrize("state", OPEN)
def test_asking_mails_the_link_and_leaves_a_trace(people: People, state: str) -> None:
    interview = InterviewFactory.create(organisation=people.organisation, state=state)

    (made,) = ask_to_watch(interview, [people.interviewer], actor=people.recruiter)

    mail = Outbox.objects.get()
    entry = AuditEntry.objects.get()
    assert (made.user, made.invited_by) == (people.interviewer, people.recruiter)
    assert mail.to == people.interviewer.email
    assert str(interview.candidate) in mail.subject
    assert watch_url(interview) in mail.text
    assert ("under way now" in mail.text) == (state == InterviewState.ACTIVE)
    assert (entry.action, entry.actor) == ("interviewer.asked", people.recruiter)
    assert entry.details == {"user": people.interviewer.pk}
    assert entry.target_id == str(interview.pk)


def test_asking_again_asks_only_who_is_new(
    people: People, interview: Interview
) -> None:
    ask_to_watch(interview, [people.interviewer], actor=people.recruiter)

    made = ask_to_watch(
        interview, [people.interviewer, people.reviewer], actor=people.owner
    )

    assert [row.user for row in made] == [people.reviewer]
    assert Outbox.objects.count() == AuditEntry.objects.count() == 2


def test_mail_says_what_one_may_do(
    people: People, interview: Interview, silent_interview: Interview
) -> None:
    ask_to_watch(interview, [people.interviewer], actor=people.recruiter)
    ask_to_watch(silent_interview, [people.interviewer], actor=people.recruiter)

    texts = [mail.text for mail in Outbox.objects.order_by("created_at")]
    assert ["you may type" in text for text in texts] == [True, False]


@pytest.mark.parametrize("who", ["finance", "stranger"])
def test_nobody_is_asked_who_could_not_watch(
    people: People, interview: Interview, who: str
) -> None:
    with pytest.raises(CannotWatchError):
        ask_to_watch(
            interview, [people.reviewer, getattr(people, who)], actor=people.owner
        )

    assert not Interviewer.objects.exists()
    assert not Outbox.objects.exists()


def test_asking_after_the_end_is_refused(people: People) -> None:
    interview = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.COMPLETED
    )

    with pytest.raises(WrongStateError):
        ask_to_watch(interview, [people.reviewer], actor=people.owner)


def test_dismissing_leaves_a_trace(people: People, interview: Interview) -> None:
    row = InterviewerFactory.create(interview=interview, user=people.interviewer)

    dismiss_interviewer(row, actor=people.owner)

    entry = AuditEntry.objects.get()
    assert asked(interview) == set()
    assert (entry.action, entry.details) == (
        "interviewer.dismissed",
        {"user": people.interviewer.pk},
    )


def test_recruiter_asks_several_on_the_interviews_page(
    client: Client, people: People, interview: Interview
) -> None:
    client.force_login(people.recruiter)

    page = client.get(page_of(interview)).content.decode()
    for member in (people.owner, people.reviewer, people.interviewer):
        assert f'value="{member.pk}"' in page
    assert f'value="{people.finance.pk}"' not in page
    assert reverse("interviews:interview-watch", args=[interview.pk]) in page

    chosen = [people.interviewer.pk, people.reviewer.pk]
    assert "2 people are asked to watch." in do(client, interview, "ask", people=chosen)
    assert asked(interview) == {people.interviewer, people.reviewer}


def test_member_of_two_organisations_is_one_choice_with_the_role_here(
    client: Client, people: People, interview: Interview
) -> None:
    people.stranger.name = "Kim Two"
    people.stranger.save(update_fields=["name"])
    MembershipFactory.create(
        organisation=people.organisation, user=people.stranger, role=Role.REVIEWER
    )
    client.force_login(people.recruiter)

    page = client.get(page_of(interview)).content.decode()

    assert page.count("Kim Two") == 1
    assert "Kim Two · Reviewer" in page


def test_recruiter_takes_the_asking_back(
    client: Client, people: People, interview: Interview
) -> None:
    row = InterviewerFactory.create(interview=interview, user=people.interviewer)
    client.force_login(people.recruiter)

    words = do(client, interview, "dismiss", interviewer=row.pk)

    assert f"{people.interviewer} is not asked any more." in words
    assert asked(interview) == set()


def test_nobody_chosen_is_said(
    client: Client, people: People, interview: Interview
) -> None:
    client.force_login(people.recruiter)

    assert "Choose somebody to ask." in do(client, interview, "ask")


def test_people_and_rows_of_others_are_no_choice(
    client: Client, people: People, interview: Interview
) -> None:
    other = InterviewerFactory.create(
        interview__organisation=people.other_organisation, user=people.stranger
    )
    client.force_login(people.recruiter)

    do(client, interview, "ask", people=[people.stranger.pk])
    do(client, interview, "ask", people=[people.finance.pk])
    do(client, interview, "dismiss", interviewer=other.pk)

    assert list(Interviewer.objects.all()) == [other]


@pytest.mark.parametrize("name", ["ask", "dismiss"])
def test_stranger_finds_nothing_to_ask(
    client: Client, people: People, interview: Interview, name: str
) -> None:
    row = InterviewerFactory.create(interview=interview, user=people.interviewer)
    client.force_login(people.stranger)
    url = reverse("admin:interviews_interview_do", args=[interview.pk, name])

    answer = client.post(url, {"people": people.reviewer.pk, "interviewer": row.pk})

    assert answer.status_code == 404
    assert asked(interview) == {people.interviewer}


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.INTERVIEWER])
def test_readers_may_not_ask(
    client: Client, people: People, interview: Interview, role: Role
) -> None:
    InterviewerFactory.create(interview=interview, user=people.interviewer)
    client.force_login(people.with_role(role))
    url = reverse("admin:interviews_interview_do", args=[interview.pk, "ask"])

    assert client.post(url, {"people": people.owner.pk}).status_code == 403
    page = client.get(page_of(interview)).content.decode()
    assert "Watch live" in page
    assert 'name="people"' not in page


def test_interview_that_is_over_offers_nothing(client: Client, people: People) -> None:
    interview = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.COMPLETED
    )
    client.force_login(people.recruiter)

    assert "bo-watchers" not in client.get(page_of(interview)).content.decode()


@pytest.mark.parametrize(
    ("role", "watches", "asks"),
    [
        (Role.OWNER, True, True),
        (Role.RECRUITER, True, True),
        (Role.REVIEWER, True, False),
        (Role.INTERVIEWER, False, False),
    ],
)
def test_review_desk_leads_to_the_watch_page(
    client: Client,
    people: People,
    interview: Interview,
    role: Role,
    watches: bool,
    asks: bool,
) -> None:
    client.force_login(people.with_role(role))

    page = client.get(reverse("admin:interview-review", args=[interview.pk]))

    address = reverse("interviews:interview-watch", args=[interview.pk])
    assert (address in page.content.decode()) is watches
    assert (f"{page_of(interview)}#watchers" in page.content.decode()) is asks


def test_first_page_lists_what_one_is_asked_to_watch(
    client: Client, people: People, interview: Interview, silent_interview: Interview
) -> None:
    InterviewerFactory.create(interview=interview, user=people.interviewer)
    InterviewerFactory.create(interview=silent_interview, user=people.reviewer)
    over = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.COMPLETED
    )
    InterviewerFactory.create(interview=over, user=people.interviewer)
    client.force_login(people.interviewer)

    page = client.get(reverse("admin:index")).content.decode()

    shown = [
        reverse("interviews:interview-watch", args=[each.pk]) in page
        for each in (interview, silent_interview, over)
    ]
    assert shown == [True, False, False]


@pytest.mark.parametrize(
    ("role", "is_taught"), [(Role.INTERVIEWER, True), (Role.RECRUITER, False)]
)
def test_first_page_says_what_being_asked_is(
    client: Client, people: People, role: Role, is_taught: bool
) -> None:
    client.force_login(people.with_role(role))

    page = client.get(reverse("admin:index")).content.decode()

    assert ("You are asked to watch" in page) is is_taught


def test_interviews_page_costs_the_same_with_more_people(
    client: Client, people: People, interview: Interview
) -> None:
    client.force_login(people.recruiter)
    client.get(page_of(interview))
    counts = []
    for _ in range(2):
        InterviewerFactory.create(
            interview=interview,
            invited_by=people.owner,
            user=MembershipFactory.create(organisation=people.organisation).user,
        )
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(interview))
        counts.append(len(queries))
    assert counts[0] == counts[1]
