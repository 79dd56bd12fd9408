"""Who may open a workspace socket, which window writes, and how it ends."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from accounts.enums import Role
from accounts.models import Membership, User
from base.clock import now
from interviews.consumers import workspace
from interviews.enums import InterviewState
from interviews.models import Document, Interview
from interviews.protocol import workspace_group
from interviews.services.lifecycle import (
    cancel_interview,
    extend_interview,
    finish_interview,
)
from interviews.services.presence import WritingWindow, take_writing
from tests.factories.accounts import MembershipFactory
from tests.factories.interviews import InterviewFactory
from tests.interviews.workspace.windows import (
    WAIT,
    candidate_cookies,
    is_refused,
    member_cookies,
    open_window,
)


@pytest.fixture
def other_interview(interview: Interview) -> Interview:
    """Another candidate of the same organisation."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, organisation=interview.organisation
    )
    return made


async def test_stranger_without_cookie_is_refused(interview: Interview) -> None:
    assert await is_refused(interview, {})


async def test_stranger_with_the_cookie_of_another_interview_is_refused(
    interview: Interview, other_interview: Interview
) -> None:
    theirs = candidate_cookies(other_interview)
    renamed = dict(zip(candidate_cookies(interview), theirs.values(), strict=True))

    assert await is_refused(interview, theirs)
    assert await is_refused(interview, renamed)


async def test_member_of_another_organisation_is_refused(interview: Interview) -> None:
    membership = await sync_to_async(MembershipFactory.create)(role=Role.OWNER)
    cookies = await sync_to_async(member_cookies)(membership.user)

    assert await is_refused(interview, cookies)


async def test_member_whose_role_may_not_view_interviews_is_refused(
    interview: Interview,
) -> None:
    membership = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role=Role.FINANCE
    )
    cookies = await sync_to_async(member_cookies)(membership.user)

    assert await is_refused(interview, cookies)


@pytest.mark.parametrize("origin", ["https://evil.example", ""])
async def test_foreign_origin_is_refused(interview: Interview, origin: str) -> None:
    assert await is_refused(interview, candidate_cookies(interview), origin=origin)


async def test_interview_that_does_not_exist_is_refused(interview: Interview) -> None:
    cookies = candidate_cookies(interview)
    await Interview.objects.filter(pk=interview.pk).adelete()

    assert await is_refused(interview, cookies)


async def test_member_looks_on_and_cannot_write(
    interview: Interview, folder: str
) -> None:
    membership = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role=Role.REVIEWER
    )
    path = f"{folder}/solution.py"
    async with (
        open_window(interview) as window,
        open_window(interview, member=membership.user) as onlooker,
    ):
        assert onlooker.hello["writer"] is False
        opened = await onlooker.ask("document.open", path=path)
        refused = [
            await onlooker.edit(path, 0, [[28, "x"]]),
            await onlooker.ask("file.delete", path=path),
            await onlooker.ask("run.start", section=folder, kind="tests"),
            await onlooker.ask("presence.take"),
            await onlooker.ask("section.open", section=folder),
        ]
        stored = await window.edit(path, 0, [[28, "x"]])
        seen = await onlooker.until("document.updates")

    assert opened["version"] == 0
    assert {frame["code"] for frame in refused} == {"read_only"}
    assert stored["version"] == 1
    assert seen["updates"] == [{"client": "editor", "changes": [[28, "x"]]}]


@pytest.mark.parametrize("state", [InterviewState.COMPLETED, InterviewState.ABANDONED])
async def test_ended_interview_is_told_and_closed(
    transactional_db: None, state: str
) -> None:
    interview = await sync_to_async(InterviewFactory.create)(state=state)
    async with open_window(interview) as window:
        assert window.hello == {"type": "interview.ended", "state": state}
        error = await window.next()
        assert error["code"] == "interview_ended"
        assert await window.next() == {"type": "closed", "code": 4410}


async def test_interview_not_started_is_shown_but_takes_nothing(
    transactional_db: None,
) -> None:
    interview = await sync_to_async(InterviewFactory.create)(
        state=InterviewState.PREPARING
    )
    async with open_window(interview) as window:
        assert window.hello["interview"]["state"] == "preparing"
        assert window.hello["documents"] == []
        assert window.hello["writer"] is False
        refused = await window.ask("file.create", path="x/y", text="")
        assert refused["code"] == "read_only"


async def test_finished_interview_closes_every_window(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview) as window, open_window(interview) as other:
        await sync_to_async(finish_interview)(interview.pk)
        for each in (window, other):
            ended = await each.until("interview.ended")
            assert ended["state"] == "completed"
            assert (await each.until("error"))["code"] == "interview_ended"
            assert (await each.next())["code"] == 4410


async def test_cancelled_interview_closes_the_window(interview: Interview) -> None:
    async with open_window(interview) as window:
        await sync_to_async(cancel_interview)(interview.pk, reason="", actor=None)
        assert (await window.until("interview.ended"))["state"] == "cancelled"
        assert (await window.until("error"))["retryable"] is False
        assert (await window.next())["code"] == 4410


async def test_edit_after_the_end_is_refused_even_if_nobody_announced_it(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview) as window:
        await Interview.objects.filter(pk=interview.pk).aupdate(
            ends_at=now() - timedelta(seconds=1)
        )
        refused = await window.edit(f"{folder}/solution.py", 0, [[28, "x"]])

    assert refused["code"] == "interview_ended"
    assert not await Document.objects.filter(version__gt=0).aexists()


async def test_time_that_runs_out_ends_the_interview_without_a_worker(
    interview: Interview,
) -> None:
    await Interview.objects.filter(pk=interview.pk).aupdate(
        ends_at=now() + timedelta(seconds=1), last_seen_at=now()
    )
    async with open_window(interview) as window:
        ended = await window.until("interview.ended")
        assert ended["state"] == "completed"

    await interview.arefresh_from_db()
    assert interview.state == InterviewState.COMPLETED


async def test_extension_is_shown_on_the_clock(interview: Interview) -> None:
    async with open_window(interview) as window:
        before = window.hello["interview"]["remaining_ms"]
        await sync_to_async(extend_interview)(
            interview.pk, seconds=600, reason="the fire alarm", actor=None
        )
        clock = await window.until("clock")

    assert 590_000 < clock["remaining_ms"] - before <= 600_000
    assert clock["entries"][-1] == {
        "kind": "extension",
        "ms": 600_000,
        "reason": "the fire alarm",
    }


def leave(membership: Membership) -> None:
    membership.delete()


def deactivate(membership: Membership) -> None:
    User.objects.filter(pk=membership.user_id).update(is_active=False)


@pytest.mark.parametrize("end", [leave, deactivate])
async def test_access_that_ends_is_noticed(
    interview: Interview,
    monkeypatch: pytest.MonkeyPatch,
    end: Callable[[Membership], None],
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.2)
    membership = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role=Role.REVIEWER
    )
    async with open_window(interview, member=membership.user) as onlooker:
        await onlooker.until("clock")
        await sync_to_async(end)(membership)
        # Clocks keep coming to those who may stay.
        async with asyncio.timeout(WAIT):
            assert (await onlooker.until("error"))["retryable"] is False
        assert (await onlooker.next())["code"] == 4403


async def test_member_is_told_of_the_end_once_and_may_stay(
    interview: Interview, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "TICK_SECONDS", 0.1)
    membership = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role=Role.REVIEWER
    )
    async with open_window(interview, member=membership.user) as onlooker:
        await Interview.objects.filter(pk=interview.pk).aupdate(
            ends_at=now() - timedelta(seconds=1), last_seen_at=now()
        )
        await onlooker.until("interview.ended")
        await asyncio.sleep(0.4)
        told = [f["type"] for f in onlooker.seen if f["type"] != "clock"]
        opened = await onlooker.ask("document.open", path=f"{folder}/solution.py")

    assert told == ["hello", "interview.ended"]
    assert opened["code"] == "not_found"


async def test_candidate_is_seen(interview: Interview) -> None:
    async with open_window(interview):
        await interview.arefresh_from_db()
        assert interview.last_seen_at is not None


async def test_old_news_of_a_takeover_takes_nothing(
    interview: Interview, folder: str
) -> None:
    """A layer may deliver to a new window what was sent just before it came."""
    async with open_window(interview) as window:
        layer = get_channel_layer()
        assert layer is not None
        await layer.group_send(
            workspace_group(interview.pk),
            {"type": "writing.moved", "token": "x", "browser": "", "sender": "other"},
        )
        assert await window.is_quiet()
        assert (await window.edit(f"{folder}/solution.py", 0, [[28, "x"]]))[
            "version"
        ] == 1


async def test_window_left_behind_by_a_lost_announcement_cannot_write(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview) as window:
        other = WritingWindow("another window")
        await sync_to_async(take_writing)(interview.pk, other)
        refused = await window.edit(f"{folder}/solution.py", 0, [[28, "x"]])
    assert refused["code"] == "read_only"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        '"x"',
        "{}",
        '{"type": 3}',
        '{"type": "turn.ask", "id": "x"}',
        '{"type": "document.open"}',
        '{"type": "document.open", "id": "not allowed!", "path": "x"}',
        '{"type": "document.update", "id": "x", "path": "y", "version": -1, "updates": []}',
        '{"type": "document.update", "id": "x", "path": "y", "version": "0", "updates": [1]}',
        '{"type": "run.stop", "run": "no-uuid"}',
        '{"type": "run.resume", "run": "no-uuid", "offset": -1}',
        "[" * 100_000,
        '{"a":' * 50_000,
        "1" * 10_000,
        '{"type": "file.create", "id": "x", "path": "y", "text": "' + "z" * 1_000_000,
    ],
    ids=lambda text: text[:40],
)
async def test_bad_frame_is_answered_and_survived(
    interview: Interview, text: str
) -> None:
    async with open_window(interview) as window:
        await window.communicator.send_input(
            {"type": "websocket.receive", "text": text}
        )
        answer = await window.next()
        assert (answer["type"], answer["code"]) == ("error", "bad_frame")
        assert (await window.ask_ping())["type"] == "pong"


async def test_bytes_are_a_bad_frame(interview: Interview) -> None:
    async with open_window(interview) as window:
        await window.communicator.send_to(bytes_data=b"\x00\x01")
        assert (await window.next())["code"] == "bad_frame"


async def test_id_of_another_kind_of_frame_is_refused(
    interview: Interview, folder: str
) -> None:
    async with open_window(interview) as window:
        await window.ask("file.create", id="one", path=f"{folder}/a.py")
        answers = [
            await window.ask(
                "document.update",
                id="one",
                path=f"{folder}/a.py",
                version=0,
                updates=[{"client": "e", "changes": [[0, "x"]]}],
            ),
            await window.ask(
                "document.apply",
                id="one",
                path=f"{folder}/a.py",
                version=0,
                mode="append",
                text="x",
                turn="t",
                block=0,
            ),
        ]
    assert {answer["code"] for answer in answers} == {"bad_frame"}
