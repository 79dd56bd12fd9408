"""Who may watch: role by role, on the page and on the sockets."""

from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from interviews.access import find_watcher
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.factories.accounts import UserFactory
from tests.factories.interviews import InterviewerFactory, InterviewFactory
from tests.factories.people import People
from tests.interviews.watch.conftest import ask
from tests.interviews.watch.windows import is_let_in, open_watch
from tests.interviews.workspace.windows import candidate_cookies, open_window

MAY_WATCH_UNASKED = {
    Role.OWNER: True,
    Role.RECRUITER: True,
    Role.REVIEWER: True,
    Role.INTERVIEWER: False,
    Role.FINANCE: False,
}
MAY_WATCH_ASKED = {**MAY_WATCH_UNASKED, Role.INTERVIEWER: True}
MAY_TYPE = {Role.OWNER, Role.RECRUITER, Role.INTERVIEWER}


def address(interview: Interview) -> str:
    return reverse("interviews:interview-watch", args=[interview.pk])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("is_asked", [False, True], ids=["unasked", "asked"])
def test_watch_page_opens_for_whom_the_table_lets(
    client: Client, people: People, interview: Interview, role: Role, is_asked: bool
) -> None:
    user = people.with_role(role)
    if is_asked:
        InterviewerFactory.create(interview=interview, user=user)
    client.force_login(user)

    answer = client.get(address(interview))

    table = MAY_WATCH_ASKED if is_asked else MAY_WATCH_UNASKED
    assert answer.status_code == (200 if table[role] else 404)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("is_asked", [False, True], ids=["unasked", "asked"])
async def test_watch_socket_opens_for_whom_the_table_lets(
    people: People, interview: Interview, role: Role, is_asked: bool
) -> None:
    user = people.with_role(role)
    if is_asked:
        await ask(interview, user)

    table = MAY_WATCH_ASKED if is_asked else MAY_WATCH_UNASKED
    assert await is_let_in(interview, user) is table[role]


async def test_interviewer_sees_no_conversation_live(
    people: People, interview: Interview
) -> None:
    await ask(interview, people.interviewer)

    assert not await is_let_in(interview, people.interviewer, socket="assistant")
    assert await is_let_in(interview, people.recruiter, socket="assistant")


@pytest.mark.parametrize("role", Role)
def test_typing_is_for_roles_that_take_part(
    people: People, interview: Interview, silent_interview: Interview, role: Role
) -> None:
    user = people.with_role(role)
    for each in (interview, silent_interview):
        InterviewerFactory.create(interview=each, user=user)

    watcher = find_watcher(user.pk, interview.pk)
    assert (watcher is not None and watcher.may_type) == (role in MAY_TYPE)
    silent = find_watcher(user.pk, silent_interview.pk)
    assert silent is None or not silent.may_type


async def test_stranger_finds_neither_page_nor_socket(
    people: People, interview: Interview
) -> None:
    client = Client()
    await sync_to_async(client.force_login)(people.stranger)

    assert (await sync_to_async(client.get)(address(interview))).status_code == 404
    assert not await is_let_in(interview, people.stranger)
    assert not await is_let_in(interview, people.stranger, socket="assistant")


def test_being_asked_by_another_organisation_opens_nothing(
    client: Client, people: People, interview: Interview
) -> None:
    InterviewerFactory.create(interview=interview, user=people.stranger)
    client.force_login(people.stranger)

    assert client.get(address(interview)).status_code == 404


def test_being_asked_to_one_interview_opens_no_other(
    client: Client, people: People, interview: Interview, silent_interview: Interview
) -> None:
    InterviewerFactory.create(interview=silent_interview, user=people.interviewer)
    client.force_login(people.interviewer)

    assert client.get(address(interview)).status_code == 404


def test_signed_out_visitor_signs_in_first_whether_it_exists_or_not(
    client: Client, interview: Interview
) -> None:
    for path in (address(interview), address(Interview(pk=uuid4()))):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"] == f"/accounts/login/?next={path}"


def test_candidate_is_no_watcher(client: Client, interview: Interview) -> None:
    for name, value in candidate_cookies(interview).items():
        client.cookies[name] = value

    assert client.get(address(interview)).status_code == 302


def test_watch_page_is_read_only(
    client: Client, people: People, interview: Interview
) -> None:
    client.force_login(people.recruiter)

    assert client.post(address(interview)).status_code == 405


def test_operator_watches_as_an_owner(client: Client, interview: Interview) -> None:
    client.force_login(UserFactory.create(is_superuser=True))

    assert client.get(address(interview)).status_code == 200


def test_member_of_two_organisations_watches_whichever_they_picked(
    client: Client, people: People, interview: Interview
) -> None:
    people.organisation.memberships.create(user=people.stranger, role=Role.OWNER)
    client.force_login(people.stranger)

    assert client.get(address(interview)).status_code == 200


async def test_browser_with_the_candidates_cookie_still_watches(
    people: People, interview: Interview
) -> None:
    cookies = candidate_cookies(interview)
    async with (
        open_window(interview) as window,
        open_watch(interview, people.recruiter, extra=cookies) as watch,
    ):
        assert watch.hello["candidate"]["name"] == str(interview.candidate)
        refused = await watch.ask("file.create", path="x/y", text="")
        assert refused["code"] == "read_only"
        # The candidate's own window was not taken over.
        assert (await window.ask("presence.take"))["writer"] is True
        assert "presence.taken_over" not in [frame["type"] for frame in window.seen]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (InterviewState.INVITED, "watch-config"),
        (InterviewState.PREPARING, "watch-config"),
        (InterviewState.ACTIVE, "watch-config"),
        (InterviewState.COMPLETED, "There is nothing to watch any more"),
        (InterviewState.CANCELLED, "There is nothing to watch any more"),
    ],
)
def test_watch_page_says_where_the_interview_stands(
    client: Client, people: People, state: str, words: str
) -> None:
    interview = InterviewFactory.create(organisation=people.organisation, state=state)
    client.force_login(people.recruiter)

    assert words in client.get(address(interview)).content.decode()


@pytest.mark.parametrize(
    ("role", "is_shown"), [(Role.REVIEWER, True), (Role.INTERVIEWER, False)]
)
def test_watch_page_has_the_conversation_for_whom_the_table_lets(
    client: Client, people: People, interview: Interview, role: Role, is_shown: bool
) -> None:
    user = people.with_role(role)
    InterviewerFactory.create(interview=interview, user=user)
    client.force_login(user)

    page = client.get(address(interview))

    assert page.context["config"]["sees_conversation"] is is_shown
    assert ('data-chat="log"' in page.content.decode()) is is_shown
