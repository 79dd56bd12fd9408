"""Runs when something is missing, busy, slow, lost or too much."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from base.clock import now
from interviews import availability, live_runs
from interviews.enums import RunKind, RunState
from interviews.live_output import COALESCE_SECONDS
from interviews.models import Event, Interview, Run
from interviews.services.runs import interrupt_orphaned_runs
from runner.protocol import RunQueued
from tests.factories.interviews import InterviewFactory, RunFactory
from tests.fakes.runner import FakeRun, FakeRunner, HangUpError
from tests.interviews.workspace.test_socket_runs import follow, join, run_to_end
from tests.interviews.workspace.windows import open_window, wait_until


async def wait_for_stop(run: FakeRun) -> None:
    await run.start()
    await run.print("started\n")
    await run.cancelled.wait()
    await run.finish("cancelled", None)


async def finished_events(interview: Interview) -> list[dict[str, Any]]:
    rows = Event.objects.filter(interview=interview, kind="run.finished")
    return [payload async for payload in rows.values_list("payload", flat=True)]


async def test_running_is_off_without_a_runner(
    interview: Interview, folder: str, settings: Settings
) -> None:
    settings.RUNNER_SOCKET = "/nowhere/runner.sock"
    async with open_window(interview) as window:
        assert window.hello["running"]["available"] is False
        assert "the runner does not answer" in window.hello["running"]["message"]
        refused = await window.ask("run.start", section=folder, kind="tests")

    assert (refused["code"], refused["retryable"]) == ("running_unavailable", True)
    assert "the runner does not answer" in refused["message"]
    assert not await Run.objects.aexists()


async def test_running_is_off_without_a_sandbox_and_says_why(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    fake_runner.reason = "bubblewrap is not installed."
    async with open_window(interview) as window:
        assert "bubblewrap is not installed." in window.hello["running"]["message"]
        refused = await window.ask("run.start", section=folder, kind="tests")

    assert refused["code"] == "running_unavailable"
    assert "bubblewrap is not installed." in refused["message"]


async def test_sandbox_that_breaks_between_question_and_run_fails_the_run(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as window:
        await window.ask("run.start", section="nowhere", kind="tests")
        fake_runner.reason = "the sandbox broke."
        _, finished = await run_to_end(window, section=folder, kind="file")

    assert (finished["reason"], finished["message"]) == ("failed", "the sandbox broke.")


async def test_second_run_is_refused_while_one_is_under_way(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    fake_runner.script = wait_for_stop
    async with open_window(interview) as window:
        queued = await window.ask("run.start", section=folder, kind="file")
        await window.until("run.output")
        refused = await window.ask("run.start", section=folder, kind="file")
        await window.send(frame="run.stop", run=queued["run"])
        await window.until("run.finished")
        fake_runner.script = FakeRunner.script
        _, finished = await run_to_end(window, section=folder, kind="file")

    assert refused["code"] == "busy"
    assert finished["exit_code"] == 0


async def test_many_runs_in_a_minute_are_refused(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    await sync_to_async(RunFactory.create_batch)(
        30, interview=interview, kind=RunKind.FILE, state=RunState.FINISHED
    )
    async with open_window(interview) as window:
        refused = await window.ask("run.start", section=folder, kind="file")

    assert refused["code"] == "rate_limited"
    assert 0 < refused["retry_after"] <= 60


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"path": "{f}/none.py"}, "not_found"),
        ({"path": "{f}/README.md"}, "invalid_path"),
        ({"path": "{f}/../../etc/x.py"}, "not_found"),
        ({"section": "nowhere"}, "not_found"),
    ],
)
async def test_run_of_what_cannot_be_run_says_so(
    interview: Interview,
    folder: str,
    fake_runner: FakeRunner,
    fields: dict[str, str],
    code: str,
) -> None:
    filled = {name: value.replace("{f}", folder) for name, value in fields.items()}
    async with open_window(interview) as window:
        refused = await window.ask(
            "run.start", **({"section": folder, "kind": "file"} | filled)
        )
    assert refused["code"] == code


async def test_file_named_like_an_option_is_run_as_a_file(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as window:
        await window.ask("file.create", path=f"{folder}/-c.py", text="")
        await run_to_end(window, section=folder, kind="file", path=f"{folder}/-c.py")

    assert fake_runner.runs[0].request.argv == ("python3", "./-c.py")


async def test_place_in_the_queue_is_told(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    go_on = asyncio.Event()

    async def wait_in_line(run: FakeRun) -> None:
        await run.send(RunQueued(run.request.run, 2))
        await go_on.wait()
        await run.start()
        await run.finish()

    fake_runner.script = wait_in_line
    async with open_window(interview) as window:
        queued = await window.ask("run.start", section=folder, kind="file")
        if queued["position"] == 0:
            queued = await window.until("run.queued")
        assert queued["position"] == 2
        go_on.set()
        assert (await window.until("run.finished"))["exit_code"] == 0


async def test_connection_lost_to_the_runner_ends_the_run(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async def die(run: FakeRun) -> None:
        await run.start()
        await run.print("half a line")
        raise HangUpError

    fake_runner.script = die
    async with open_window(interview) as window:
        outputs, finished = await run_to_end(window, section=folder, kind="file")

    assert join(outputs) == "half a line"
    assert finished["reason"] == "failed"
    assert finished["exit_code"] is None
    assert "Run it again" in finished["message"]
    assert [e["reason"] for e in await finished_events(interview)] == ["failed"]


async def test_stop_that_the_runner_ignores_ends_the_run_all_the_same(
    interview: Interview,
    folder: str,
    fake_runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ignore(run: FakeRun) -> None:
        await run.start()
        await asyncio.sleep(60)

    monkeypatch.setattr(live_runs, "STOP_SECONDS", 0.05)
    fake_runner.script = ignore
    async with open_window(interview) as window:
        begun = await window.ask("run.start", section=folder, kind="file")
        await window.until_started(begun)
        await window.send(frame="run.stop", run=begun["run"])
        assert (await window.until("run.finished"))["reason"] == "cancelled"


async def test_output_is_decoded_across_pieces_and_never_unstorable(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async def print_oddly(run: FakeRun) -> None:
        await run.start()
        for byte in "é😀".encode():
            await run.print(bytes([byte]))
        await run.print(b"\xff\x00")
        await run.print("wrong\n", "stderr")
        await run.print("é".encode()[:1])
        await run.finish()

    fake_runner.script = print_oddly
    async with open_window(interview) as window:
        outputs, _ = await run_to_end(window, section=folder, kind="file")

    by_stream = {
        stream: "".join(f["text"] for f in outputs if f["stream"] == stream)
        for stream in ("stdout", "stderr")
    }
    assert by_stream == {"stdout": "é😀\ufffd\ufffd\ufffd", "stderr": "wrong\n"}
    join(outputs)


async def test_chatty_output_is_coalesced(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async def chatter(run: FakeRun) -> None:
        await run.start()
        for number in range(400):
            await run.print(f"{number}\n")
            await asyncio.sleep(0.001)
        await run.finish()

    fake_runner.script = chatter
    async with open_window(interview) as window:
        loop = asyncio.get_running_loop()
        began = loop.time()
        outputs, _ = await run_to_end(window, section=folder, kind="file")
        took = loop.time() - began

    assert join(outputs) == "".join(f"{number}\n" for number in range(400))
    assert outputs[0]["text"].startswith("0\n")
    assert len(outputs) <= took / COALESCE_SECONDS + 2
    blocks = Event.objects.filter(interview=interview, kind="run.output")
    payloads = [
        p async for p in blocks.order_by("seq").values_list("payload", flat=True)
    ]
    assert len(payloads) <= 2 * took + 2
    assert join(payloads) == join(outputs)
    assert all(0 <= mark[0] < 1000 for p in payloads for mark in p["marks"])


async def test_onlookers_and_other_windows_see_the_run(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as window, open_window(interview) as other:
        queued = await window.ask("run.start", section=folder, kind="file")
        outputs, finished = await follow(other, queued["run"])

    assert join(outputs) == "hello\n"
    assert finished["exit_code"] == 0


async def test_run_of_another_interview_is_not_found(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    other = await sync_to_async(InterviewFactory.create)(state="active")
    theirs = await sync_to_async(RunFactory.create)(interview=other)
    hidden = await sync_to_async(RunFactory.create)(
        interview=interview, kind=RunKind.HIDDEN, state=RunState.FINISHED
    )
    async with open_window(interview) as window:
        for run in (theirs.pk, hidden.pk, uuid4()):
            for kind in ("run.resume", "run.stop"):
                answer = await window.ask(kind, run=str(run), offset=0)
                assert answer["code"] == "not_found"


async def test_run_of_a_dead_process_is_interrupted_by_the_sweep(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    run = await sync_to_async(RunFactory.create)(
        interview=interview,
        kind=RunKind.FILE,
        state=RunState.RUNNING,
        owner="a process that is gone",
        lease_until=now() + timedelta(minutes=1),
    )
    assert await sync_to_async(interrupt_orphaned_runs)() == 0
    async with open_window(interview) as window:
        assert window.hello["live_run"]["run"] == str(run.pk)
        await window.send(frame="run.resume", run=str(run.pk), offset=0)
        await window.until("run.started")
        await Run.objects.filter(pk=run.pk).aupdate(lease_until=now())
        assert await sync_to_async(interrupt_orphaned_runs)() == 1
        assert await sync_to_async(interrupt_orphaned_runs)() == 0
        finished = await window.until("run.finished")
        _, anew = await run_to_end(window, section=folder, kind="file")

    assert finished["reason"] == "failed"
    assert "restart" in finished["message"]
    await run.arefresh_from_db()
    assert run.state == RunState.INTERRUPTED
    assert anew["exit_code"] == 0


async def test_run_with_a_lapsed_lease_does_not_block_the_next(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    await sync_to_async(RunFactory.create)(
        interview=interview,
        kind=RunKind.FILE,
        state=RunState.RUNNING,
        lease_until=now() - timedelta(seconds=1),
    )
    async with open_window(interview) as window:
        _, finished = await run_to_end(window, section=folder, kind="file")
    assert finished["exit_code"] == 0


async def test_hidden_runs_are_not_swept(interview: Interview) -> None:
    await sync_to_async(RunFactory.create)(
        interview=interview, kind=RunKind.HIDDEN, state=RunState.RUNNING
    )
    assert await sync_to_async(interrupt_orphaned_runs)() == 0


async def test_run_given_up_by_the_sweep_is_ended_by_its_owner_without_a_word(
    interview: Interview,
    folder: str,
    fake_runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_runs, "KEEP_SECONDS", 0.1)
    fake_runner.script = wait_for_stop
    async with open_window(interview) as window:
        queued = await window.ask("run.start", section=folder, kind="file")
        await window.until("run.output")
        await Run.objects.filter(pk=queued["run"]).aupdate(owner="the sweep")
        await wait_until(lambda: fake_runner.runs[0].cancelled.is_set())
        await Run.objects.filter(pk=queued["run"]).aupdate(lease_until=now())
        await sync_to_async(interrupt_orphaned_runs)()
        assert (await window.until("run.finished"))["reason"] == "failed"
    assert len(await finished_events(interview)) == 1


async def test_stop_reaches_the_process_that_executes(
    interview: Interview,
    folder: str,
    fake_runner: FakeRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_runs, "KEEP_SECONDS", 0.1)
    fake_runner.script = wait_for_stop
    async with open_window(interview) as window:
        queued = await window.ask("run.start", section=folder, kind="file")
        await window.until("run.output")
        run = await Run.objects.aget(pk=queued["run"])
        await sync_to_async(live_runs.ask_to_stop)(run.pk)
        assert (await window.until("run.finished"))["reason"] == "cancelled"


async def test_shutdown_ends_runs_and_writes_it_down(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    fake_runner.script = wait_for_stop
    async with open_window(interview) as window:
        queued = await window.ask("run.start", section=folder, kind="file")
        await window.until("run.output")
        await live_runs.interrupt_live_runs()
        finished = await window.until("run.finished")

    run = await Run.objects.aget(pk=queued["run"])
    assert run.state == RunState.INTERRUPTED
    assert (finished["reason"], finished["message"]) == ("failed", run.message)
    assert "restarted" in run.message
    assert run.output == "started\n"
    await wait_until(lambda: fake_runner.runs[0].cancelled.is_set())


async def test_slow_runner_counts_as_off(
    interview: Interview, fake_runner: FakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(availability, "ANSWER_SECONDS", 0.0)
    async with open_window(interview) as window:
        assert window.hello["running"]["available"] is False
        assert "busy" in window.hello["running"]["message"]
