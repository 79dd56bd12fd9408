"""The clock as sockets have it: who was there, what we saw fail, the end to the second."""

import asyncio
from datetime import datetime, timedelta
from time import monotonic

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from pytest_django.fixtures import Settings

from base.clock import now
from interviews import availability, live_attendance
from interviews.enums import FaultCause, InterviewState, RunState
from interviews.live_attendance import Heart
from interviews.models import Attendance, Fault, Interview, Run, WebProcess
from interviews.services.faults import report_fault
from tests.factories.accounts import MembershipFactory
from tests.factories.interviews import InterviewFactory
from tests.fakes.runner import FakeRun, FakeRunner, HangUpError
from tests.interviews.workspace.windows import (
    WAIT,
    Window,
    candidate_cookies,
    connection,
    open_window,
    wait_until,
)

AGO = timedelta(seconds=60)


@pytest.fixture(autouse=True)
async def _quick_heart(monkeypatch: pytest.MonkeyPatch, _clean_sockets: None) -> None:
    """Hearts beat fast, and a new one for each test."""
    monkeypatch.setattr(live_attendance, "BEAT", timedelta(seconds=0.05))
    monkeypatch.setattr(availability, "KEPT_SECONDS", 0.05)
    await live_attendance.stop()


async def move_back(model: type[Fault] | type[WebProcess], *fields: str) -> None:
    """Have something begun a minute earlier, as if the test had waited."""
    async for row in model.objects.all():
        for field in fields:
            value: datetime | None = getattr(row, field)
            if value is not None:
                setattr(row, field, value - AGO)
        await row.asave()


async def until_noted() -> None:
    """Wait until the process has written down who is connected."""
    await wait_until(lambda: live_attendance._heart.task is not None)


async def until_given(window: Window, cause: str) -> int:
    """Wait for the clock that shows a credit; return its milliseconds."""
    async with asyncio.timeout(WAIT):
        while True:
            clock = await window.until("clock")
            found = [one for one in clock["entries"] if one.get("cause") == cause]
            if found:
                return int(found[-1]["ms"])


async def test_own_going_and_coming_back_gives_nothing(interview: Interview) -> None:
    async with open_window(interview):
        await until_noted()
        assert await Attendance.objects.filter(closed_at=None).acount() == 1
    assert not await Attendance.objects.filter(closed_at=None).aexists()
    async with open_window(interview):
        pass

    assert await Attendance.objects.acount() == 2
    assert not await Fault.objects.aexists()


async def test_members_who_look_on_are_not_written_down(interview: Interview) -> None:
    membership = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role="recruiter"
    )

    async with open_window(interview, member=membership.user) as window:
        assert window.hello["type"] == "hello"
        assert not await Attendance.objects.aexists()


async def test_process_that_stops_in_order_gives_back_the_time_until_the_return(
    interview: Interview,
) -> None:
    async with open_window(interview):
        await until_noted()
        await live_attendance.stop()
    await move_back(WebProcess, "started_at", "heartbeat_at", "stopped_at")

    async with open_window(interview) as window:
        given = await until_given(window, "restart")

    fault = await Fault.objects.select_related("credit").aget()
    # The page could have been back twenty seconds after there was a server again.
    assert 60_000 <= given <= 62_000
    assert (fault.cause, fault.detail) == ("restart", "The server stopped.")
    assert not await Attendance.objects.filter(closed_at=None).aexists()


async def test_process_that_is_killed_gives_back_the_time_too(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_window(interview):
        # What a kill leaves behind: rows, and nobody who writes a heartbeat.
        await until_noted()
        task = live_attendance._heart.task
        assert task is not None
        task.cancel()
        monkeypatch.setattr(live_attendance, "_heart", Heart())
    await move_back(WebProcess, "started_at", "heartbeat_at")

    async with open_window(interview) as window:
        given = await until_given(window, "restart")

    assert 60_000 <= given <= 62_000
    assert (await Fault.objects.aget()).detail == "The server was cut off."


async def test_refused_runs_give_back_the_time_until_the_sandbox_works(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    fake_runner.reason = "the sandbox broke."
    async with open_window(interview) as window:
        for _ in range(2):
            await window.send(frame="run.start", section=folder, kind="tests")
            assert (await window.until("error"))["code"] == "running_unavailable"
        clock = await window.until("clock")
        assert [one["cause"] for one in clock["lasting"]] == ["sandbox"]
        await move_back(Fault, "began_at")
        fake_runner.reason = ""
        given = await until_given(window, "sandbox")

    assert 60_000 <= given <= 63_000
    assert await Fault.objects.acount() == 1


async def test_run_lost_to_the_runner_gives_back_the_time_since_it_was_asked(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async def hang_up(run: FakeRun) -> None:
        await run.start()
        raise HangUpError

    fake_runner.script = hang_up
    async with open_window(interview) as window:
        await window.ask("run.start", section=folder, kind="file")
        await window.until("run.finished")
        run = await Run.objects.aget()
        fault = await Fault.objects.aget()

    assert run.state == RunState.FINISHED
    assert (fault.cause, fault.began_at) == ("sandbox", run.created_at)


async def test_stopped_and_failing_programs_are_no_faults(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async def fail(run: FakeRun) -> None:
        await run.start()
        await run.finish("memory", None, "too much memory")

    fake_runner.script = fail
    async with open_window(interview) as window:
        await window.ask("run.start", section=folder, kind="file")
        await window.until("run.finished")

    assert not await Fault.objects.aexists()


async def test_whoever_goes_does_not_wait_for_the_sandbox(
    interview: Interview, folder: str, settings: Settings
) -> None:
    settings.RUNNER_SOCKET = "/nowhere/runner.sock"
    async with open_window(interview) as window:
        await window.ask("run.start", section=folder, kind="tests")
        await move_back(Fault, "began_at")

    fault = await Fault.objects.aget()
    assert fault.ended_at is not None
    assert 60 <= fault.seconds <= 62


async def test_socket_that_we_failed_gives_back_the_time_until_it_opens(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_group: str, _channel: str) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(get_channel_layer(), "group_add", fail, raising=False)
        for _ in range(2):
            communicator = connection(interview, candidate_cookies(interview))
            await communicator.connect(WAIT)
            with pytest.raises(ConnectionError):
                await communicator.wait(WAIT)
    live_attendance._heart.refused[interview.pk].first_at -= AGO

    async with open_window(interview) as window:
        given = await until_given(window, "socket")

    assert 60_000 <= given <= 63_000


async def test_socket_that_breaks_under_the_candidate_is_closed_and_noted(
    interview: Interview, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_group: str, _message: object) -> None:
        raise ConnectionError

    communicator = connection(interview, candidate_cookies(interview))
    await communicator.connect(WAIT)
    await until_noted()
    monkeypatch.setattr(get_channel_layer(), "group_send", fail, raising=False)
    created = {"type": "file.create", "id": "x", "path": f"{folder}/x.py"}
    await communicator.send_json_to(created)
    with pytest.raises(ConnectionError):
        await communicator.wait(WAIT)

    assert interview.pk in live_attendance._heart.refused
    assert not await Attendance.objects.filter(closed_at=None).aexists()


async def test_socket_of_a_stranger_that_fails_is_nobodys_loss(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_group: str, _channel: str) -> None:
        raise ConnectionError

    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    monkeypatch.setattr(get_channel_layer(), "group_add", fail, raising=False)
    communicator = connection(interview, candidate_cookies(other))

    accepted, _code = await communicator.connect(WAIT)

    assert not accepted
    assert not live_attendance._heart.refused


async def test_process_that_did_not_answer_gives_that_time_back(
    interview: Interview,
) -> None:
    async with open_window(interview) as window:
        await until_noted()
        heart = live_attendance._heart
        await wait_until(lambda: heart.beaten_at is not None)
        heart.beaten_at = now() - AGO
        given = await until_given(window, "socket")
        assert await Attendance.objects.filter(closed_at=None).acount() == 1

    assert 60_000 <= given <= 62_000


async def test_process_taken_for_gone_is_put_right(interview: Interview) -> None:
    async with open_window(interview):
        await until_noted()
        heart = live_attendance._heart
        await Attendance.objects.aupdate(closed_at=now())
        stall = (now() - AGO, now())
        heart.stalls.append(stall)
        await wait_until(lambda: not heart.stalls)
        assert await Attendance.objects.filter(closed_at=None).acount() == 1


async def test_credit_is_shown_with_its_cause_and_reason(interview: Interview) -> None:
    async with open_window(interview) as window:
        before = window.hello["interview"]["remaining_ms"]
        at = now()
        await sync_to_async(report_fault)(
            interview.pk,
            cause=FaultCause.MODEL,
            key="turn:1",
            began_at=at - AGO,
            ended_at=at,
        )
        clock = await window.until("clock")

    assert 59_000 < clock["remaining_ms"] - before <= 60_000
    assert clock["entries"][-1] == {
        "kind": "credit",
        "ms": 60_000,
        "reason": "The assistant's model failed",
        "cause": "model",
    }


async def test_room_is_ended_within_a_second_of_its_time(
    interview: Interview, folder: str
) -> None:
    left = 1.5
    await Interview.objects.filter(pk=interview.pk).aupdate(
        ends_at=now() + timedelta(seconds=left), last_seen_at=now()
    )
    began = monotonic()
    async with open_window(interview) as window:
        stored = await window.edit(f"{folder}/solution.py", 0, [[28, "x"]])
        assert stored["type"] == "document.acknowledged"
        await window.until("interview.ended")
        late = monotonic() - began - left

    assert 0 <= late < 1
    await interview.arefresh_from_db()
    assert (interview.state, interview.ended_at) == (
        InterviewState.COMPLETED,
        interview.ends_at,
    )
    assert await interview.pipeline_steps.acount() == 3
