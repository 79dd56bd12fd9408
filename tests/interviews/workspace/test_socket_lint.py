"""Marks of the editor, asked over the socket: beside the typing, never in its way."""

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async

from billing.enums import Meter
from billing.models import Usage
from interviews.models import Event, Interview, Run
from runner.protocol import RunQueued
from tests.fakes.runner import FakeRun, FakeRunner
from tests.fakes.runner_process import RunnerProcess
from tests.interviews.workspace.windows import open_window, wait_until

FINDING = {
    "code": "F821",
    "message": "Undefined name `b`",
    "location": {"row": 1, "column": 5},
    "end_location": {"row": 1, "column": 8},
}


async def find_it(run: FakeRun) -> None:
    """A linter that has one thing to say."""
    await run.start()
    await run.print(json.dumps(FINDING) + "\n")
    await run.finish(exit_code=1)


async def test_marks_come_from_the_real_linters(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    texts = {"a.py": "x = '😀' + unknown\n", "b.ts": "export const a = 1;\ndebugger;\n"}
    found = {}
    async with open_window(interview) as window:
        for name, text in texts.items():
            path = f"{folder}/{name}"
            await window.ask("file.create", path=path, text=text)
            found[name] = await window.ask("lint.ask", path=path, version=0)

    python, typescript = found["a.py"], found["b.ts"]
    assert (python["type"], python["tool"], python["version"]) == (
        "lint.result",
        "ruff",
        0,
    )
    assert python["path"] == f"{folder}/a.py"
    assert python["diagnostics"] == [
        {
            "from": 11,
            "to": 18,
            "severity": "error",
            "message": "Undefined name `unknown`",
            "code": "F821",
        }
    ]
    assert typescript["tool"] == "biome"
    assert [(each["from"], each["code"]) for each in typescript["diagnostics"]] == [
        (20, "noDebugger")
    ]


async def test_marks_are_no_event_and_no_run_but_their_time_is_metered(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    fake_runner.script = find_it
    async with open_window(interview) as window:
        before = await Event.objects.acount()
        path = f"{folder}/solution.py"
        answer = await window.ask("lint.ask", path=path, version=0)
        assert await Event.objects.acount() == before

    assert len(answer["diagnostics"]) == 1
    assert await Run.objects.acount() == 0
    meters = [usage.meter async for usage in Usage.objects.all()]
    assert meters == [Meter.SANDBOX]


async def test_only_the_file_goes_into_a_small_sandbox(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    fake_runner.script = find_it
    async with open_window(interview) as window:
        await window.ask("lint.ask", path=f"{folder}/solution.py", version=0)

    request = fake_runner.runs[0].request
    assert [item.path for item in request.files] == ["file.py"]
    assert request.limits.wall_seconds == 5
    assert request.limits.memory_bytes == 256 * 1024 * 1024


@pytest.mark.parametrize("name", ["notes.md", "query.sql", "large.py"])
async def test_file_nothing_looks_at_has_no_marks(
    interview: Interview, folder: str, fake_runner: FakeRunner, name: str
) -> None:
    path = f"{folder}/{name}"
    text = "x = 1\n" * 60_000 if name == "large.py" else ""
    async with open_window(interview) as window:
        await window.ask("file.create", path=path, text=text)
        answer = await window.ask("lint.ask", path=path, version=0)

    assert (answer["tool"], answer["diagnostics"]) == ("", [])
    assert fake_runner.runs == []


async def test_without_a_sandbox_there_are_no_marks(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    fake_runner.reason = "no bubblewrap"
    async with open_window(interview) as window:
        answer = await window.ask("lint.ask", path=f"{folder}/solution.py", version=0)

    assert (answer["type"], answer["tool"]) == ("lint.result", "")


async def test_version_that_is_gone_is_not_looked_at(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        await window.edit(path, 0, [[0, "# "], 28])
        answer = await window.ask("lint.ask", path=path, version=0)

    assert (answer["version"], answer["tool"]) == (1, "")
    assert fake_runner.runs == []


async def test_file_that_is_gone_is_said(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async with open_window(interview) as window:
        answer = await window.ask("lint.ask", path=f"{folder}/none.py", version=0)

    assert (answer["type"], answer["code"]) == ("error", "not_found")


async def test_typing_goes_on_during_a_look_and_the_latest_wish_wins(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    may_end = asyncio.Event()

    async def wait_for_it(run: FakeRun) -> None:
        await run.start()
        await may_end.wait()
        await run.finish(exit_code=0)

    fake_runner.script = wait_for_it
    path = f"{folder}/solution.py"
    async with open_window(interview) as window:
        first = await window.send(frame="lint.ask", path=path, version=0)
        await wait_until(lambda: fake_runner.runs)
        stored = await window.edit(path, 0, [[0, "# "], 28])
        assert stored["type"] == "document.acknowledged"
        second = await window.send(frame="lint.ask", path=path, version=0)
        third = await window.send(frame="lint.ask", path=path, version=1)
        refused = await window.until("error", id=second)
        assert (refused["code"], refused["retryable"]) == ("busy", True)
        assert len(fake_runner.runs) == 1
        may_end.set()
        assert (await window.until("lint.result", id=first))["version"] == 0
        assert (await window.until("lint.result", id=third))["version"] == 1

    assert len(fake_runner.runs) == 2


async def test_look_takes_no_place_in_the_queue(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async def queue(run: FakeRun) -> None:
        await run.send(RunQueued(run.request.run, 1))
        await run.cancelled.wait()

    fake_runner.script = queue
    async with open_window(interview) as window:
        answer = await window.ask("lint.ask", path=f"{folder}/solution.py", version=0)
        await wait_until(lambda: fake_runner.runs[0].cancelled.is_set())

    assert (answer["type"], answer["code"]) == ("error", "busy")


async def test_closing_the_window_ends_its_look(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    async def wait(run: FakeRun) -> None:
        await run.start()
        await run.cancelled.wait()

    fake_runner.script = wait
    async with open_window(interview) as window:
        await window.send(frame="lint.ask", path=f"{folder}/solution.py", version=0)
        await wait_until(lambda: fake_runner.runs)

    await wait_until(lambda: fake_runner.runs[0].cancelled.is_set())


async def test_only_who_writes_gets_marks(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    path = f"{folder}/solution.py"
    async with open_window(interview), open_window(interview) as reading:
        answer = await reading.ask("lint.ask", path=path, version=0)

    assert (answer["type"], answer["code"]) == ("error", "read_only")
    assert await sync_to_async(lambda: fake_runner.runs)() == []
