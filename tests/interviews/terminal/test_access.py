"""Who may open a terminal's socket, and who never types."""

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from accounts.enums import Role
from interviews.access import cookie_name
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.notifications import announce_access
from tests.factories.accounts import MembershipFactory
from tests.factories.interviews import InterviewFactory
from tests.fakes.runner import FakeRunner
from tests.interviews.terminal.windows import (
    is_terminal_refused,
    open_terminal,
    write_here,
)
from tests.interviews.workspace.windows import (
    candidate_cookies,
    member_cookies,
    open_window,
    wait_until,
)


async def test_stranger_is_refused(interview: Interview) -> None:
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    theirs = candidate_cookies(other)

    assert await is_terminal_refused(interview, {})
    assert await is_terminal_refused(interview, theirs)
    forged = dict(zip([cookie_name(interview.pk)], theirs.values(), strict=True))
    assert await is_terminal_refused(interview, forged)


@pytest.mark.parametrize(
    ("role", "is_ours"),
    [(Role.OWNER, False), (Role.FINANCE, True), (Role.INTERVIEWER, True)],
    ids=["other-organisation", "may-not-view", "was-not-asked"],
)
async def test_member_without_the_right_is_refused(
    interview: Interview, role: Role, is_ours: bool
) -> None:
    more = {"organisation": interview.organisation} if is_ours else {}
    member = await sync_to_async(MembershipFactory.create)(role=role, **more)
    cookies = await sync_to_async(member_cookies)(member.user)

    assert await is_terminal_refused(interview, cookies)


async def test_watcher_sees_and_can_never_type(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    member = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role=Role.OWNER
    )
    await write_here(interview)
    async with open_terminal(interview, member=member.user) as watcher:
        told = await watcher.until("lost")
        async with open_terminal(interview) as window:
            await window.until("hello")
            # Also not by saying that they are the window that writes.
            hello = await watcher.until("hello")
            await watcher.send("writer", token="the-writing-window")
            await watcher.type(b"rm -rf /\r")
            await watcher.send("resize", rows=5, cols=5)
            await watcher.send("close")
            await watcher.send("start")
            await watcher.ping()
            shell = fake_runner.terminals.find()
            await window.type(b"x")
            await wait_until(lambda: bool(shell.typed))
            await shell.print(b"for both")
            await watcher.until_shown(b"for both")
            await wait_until(lambda: len(roles_of(fake_runner)) == 3)

    assert told["reason"] == "no_terminal"
    assert (hello["is_driver"], hello["is_new"]) == (False, False)
    assert shell.typed == b"x"
    assert (shell.rows, shell.ended) == (24, None)
    assert roles_of(fake_runner) == {"driver", "viewer", "recorder"}


def roles_of(fake_runner: FakeRunner) -> set[str]:
    return {each.role for each in fake_runner.terminals.attaches}


async def test_watcher_who_loses_the_right_is_put_out(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    member = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role=Role.OWNER
    )
    async with open_terminal(interview, member=member.user) as watcher:
        await watcher.until("lost")
        await sync_to_async(member.delete)()
        await sync_to_async(announce_access)(interview)
        told = await watcher.until("error")

        assert await watcher.until_closed() == 4403
    assert told["code"] == "read_only"


async def test_window_without_a_token_only_looks_on(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    async with open_terminal(interview, writer="") as window:
        assert (await window.until("lost"))["reason"] == "no_terminal"

    assert fake_runner.terminals.shells == []


async def test_unknown_name_is_refused_with_words(interview: Interview) -> None:
    async with open_terminal(interview, name="4") as window:
        assert (await window.until("error"))["code"] == "not_found"
        assert await window.until_closed() == 4403


async def test_workspace_hello_names_the_token_and_the_terminals(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as room:
        token = room.hello["token"]
        async with open_terminal(interview, writer=token, name="2") as window:
            assert (await window.until("hello"))["is_driver"] is True
            started = await room.until("terminal.started")
            async with open_window(interview, query="?as=reader") as second:
                assert second.hello["terminals"] == ["2"]
            await fake_runner.terminals.find("2").end()
            ended = await room.until("terminal.ended")

    assert (started["name"], ended["name"]) == ("2", "2")


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (InterviewState.ACTIVE, "", ""),
        (InterviewState.ACTIVE, "no sandbox here", "no sandbox here"),
    ],
    ids=["available", "off"],
)
async def test_room_says_whether_there_are_terminals(
    interview: Interview,
    fake_runner: FakeRunner,
    state: str,
    reason: str,
    words: str,
) -> None:
    fake_runner.reason = reason

    def open_page() -> object:
        client = Client()
        for name, value in candidate_cookies(interview).items():
            client.cookies[name] = value
        return client.get(reverse("interviews:interview-room", args=[interview.pk]))

    page = await sync_to_async(open_page)()
    config = page.context["config"]["terminals"]  # type: ignore[attr-defined]

    assert config["is_available"] is not bool(reason)
    assert words in config["reason"]
    assert (config["names"], config["most"]) == (["1", "2", "3"], 3)
