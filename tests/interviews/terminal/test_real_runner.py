"""Terminals on the real runner: what runs survives a refresh, and nothing survives the end."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from asgiref.sync import sync_to_async

from interviews.live_terminals import keep_terminals, let_terminals_go
from interviews.models import Document, Interview
from interviews.services.documents import seed_workspace
from interviews.services.lifecycle import finish_interview
from interviews.terminals import WINDOW_BYTES
from tests.fakes.runner_process import RunnerProcess
from tests.interviews.terminal.windows import (
    TerminalWindow,
    has_ended,
    open_terminal,
    recorded_bytes,
    until_recorded,
    write_here,
)
from tests.interviews.workspace.windows import WAIT, open_window, wait_until


async def run(window: TerminalWindow, command: str, answer: str) -> None:
    """Type a command and wait for what it prints, which it must not contain itself."""
    assert answer not in command
    await window.type(command.encode() + b"\r")
    await window.until_shown(answer.encode())


def find_processes(mark: str) -> list[int]:
    """The processes of this machine with `mark` in their command."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


async def test_program_runs_on_through_a_refresh(
    interview: Interview, real_runner: RunnerProcess
) -> None:
    await write_here(interview)
    async with open_terminal(interview, rows=20, cols=70) as window:
        await window.until("hello")
        await run(window, "stty size; echo be''fore", "before")
        assert b"20 70" in window.shown
        await run(
            window,
            "python3 -q -c \"print('ready' + '1'); print('got ' + input())\"",
            "ready1",
        )
        upto, shell = window.upto, window.hello["shell"]
    async with open_terminal(interview, after=upto, shell=shell) as window:
        hello = await window.until("hello")
        await run(window, "hel''lo", "got hel''lo"[:4])
        await run(window, "sleep 1000 & jobs; echo do''ne", "done")
        await run(window, "kill %1; echo read''ing; cat", "reading")
        await window.type(b"\x03")
        # What waits for the terminal to be read goes with the interrupt, so not yet:
        while b"$ " not in window.shown.partition(b"^C")[2]:
            await window.next()
        await run(window, "echo in''terrupted", "interrupted")

    assert (hello["is_new"], hello["offset"]) == (False, upto)


async def test_files_go_both_ways(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    path = f"{folder}/solution.py"
    async with AsyncExitStack() as stack:
        room = await stack.enter_async_context(open_window(interview))
        window = await stack.enter_async_context(
            open_terminal(interview, writer=room.hello["token"])
        )
        await window.until("hello")
        await room.edit(path, 0, [[28, "# fr" + "om the editor"]])
        # A moment is allowed: the room itself is opening the workspace, too.
        look = "until grep -q 'from the editor' solution.py; do sleep 0.1; done"
        await run(window, f"{look}; echo in''side", "inside")
        await run(window, "echo 'made = 1' > made.py; echo do''ne", "done")
        await room.until("file.changed")

    made = await Document.objects.aget(interview=interview, path=f"{folder}/made.py")
    assert made.text == "made = 1\n"


async def test_end_of_the_interview_kills_everything(
    interview: Interview, real_runner: RunnerProcess
) -> None:
    await write_here(interview)
    mark = f"mark{interview.pk.hex[:8]}"
    async with open_terminal(interview) as window:
        await window.until("hello")
        sleepers = f"setsid python3 -c 'import time; time.sleep(999)' {mark}"
        await run(
            window, f"({sleepers} &) ; nohup {sleepers} & echo sta''rted", "started"
        )
        await wait_until(lambda: len(find_processes(f"time.sleep(999)\0{mark}")) == 2)
        await sync_to_async(finish_interview)(interview.pk)
        await window.until("exit", reason="workspace_closed")
        assert await window.until_closed() == 4410
        await wait_until(lambda: not find_processes(f"time.sleep(999)\0{mark}"))
    record = await until_recorded(interview, has_ended)

    assert mark.encode() in recorded_bytes(record)


async def test_record_is_exact_through_another_process(
    interview: Interview, real_runner: RunnerProcess
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        await run(window, "echo o''ne", "one")
        await let_terminals_go()
        await run(window, "echo t''wo", "two")
        keep_terminals(interview.pk)
        await run(window, "exit", "logout"[:0] or "\n")
        await window.until("exit", reason="exit")
        record = await until_recorded(interview, has_ended)

    assert recorded_bytes(record) == window.shown
    assert record[-1][1]["code"] == 0


async def test_flood_waits_for_the_page_and_can_be_stopped(
    interview: Interview, real_runner: RunnerProcess
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        await window.type(b"yes\r")
        while window.upto < WINDOW_BYTES - 40_000:
            await window.next()
        await window.ping()
        held = window.upto
        assert held <= WINDOW_BYTES
        await window.type(b"\x03")
        await window.send("ack", upto=held)
        await window.type(b"echo o''ver\r")
        while b"over" not in window.shown:
            await window.next()
            await window.send("ack", upto=window.upto)

    assert len(window.shown) < 4 * WINDOW_BYTES


async def test_restarted_runner_is_told_and_a_new_shell_has_the_files(
    interview: Interview, folder: str, own_runner: RunnerProcess
) -> None:
    await sync_to_async(seed_workspace)(interview)
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        await run(window, "echo be''fore", "before")
        await until_recorded(
            interview, lambda record: b"before" in recorded_bytes(record)
        )
        own_runner.kill()
        await window.until("lost")
        await asyncio.to_thread(own_runner.start)
        async with asyncio.timeout(3 * WAIT):
            told = await window.until("lost", reason="restart")
            hello = await window.until("hello")
        await run(window, "ls", "solution.py")
        record = await until_recorded(
            interview,
            lambda record: [kind for kind, _ in record].count("terminal.started") == 2,
        )

    assert "your files are safe" in told["message"]
    assert hello["is_new"] is True
    reasons = [
        payload["reason"] for kind, payload in record if kind == "terminal.ended"
    ]
    assert reasons == ["restart"]
