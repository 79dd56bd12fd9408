"""A terminal's socket: who drives, what is shown, how it ends and comes back."""

import pytest
from asgiref.sync import sync_to_async
from pytest_django.fixtures import Settings

from interviews.models import Interview
from interviews.services.documents import seed_workspace
from interviews.services.lifecycle import cancel_interview, finish_interview
from interviews.terminals import WINDOW_BYTES
from tests.fakes.runner import FakeRunner
from tests.interviews.terminal.windows import (
    has_ended,
    open_terminal,
    recorded_bytes,
    until_recorded,
    write_here,
)
from tests.interviews.workspace.windows import wait_until


async def test_shell_is_started_in_the_open_section_and_shown(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    await sync_to_async(seed_workspace)(interview)
    await write_here(interview)
    async with open_terminal(interview, rows=30, cols=100) as window:
        hello = await window.until("hello")
        shell = fake_runner.terminals.find()
        await shell.print(b"$ ")
        await window.until_shown(b"$ ")
        await window.type(b"ls\r")
        await wait_until(lambda: shell.typed == b"ls\r")

    assert hello["is_new"] is True
    assert hello["is_driver"] is True
    assert (hello["version"], hello["name"], hello["offset"]) == (1, "1", 0)
    assert hello["limits"] == {"ack_bytes": 131072, "window_bytes": WINDOW_BYTES}
    assert (shell.cwd, shell.rows, shell.cols) == (folder, 30, 100)
    # Its files are there before the first prompt.
    disk = fake_runner.workspaces.open[str(interview.pk)]
    assert f"{folder}/solution.py" in disk.files


async def test_window_goes_on_at_the_byte_it_had(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        shell = fake_runner.terminals.find()
        await shell.print(b"before ")
        await window.until_shown(b"before ")
        upto, known = window.upto, window.hello["shell"]
    await shell.print(b"meanwhile ")
    async with open_terminal(interview, after=upto, shell=known) as window:
        hello = await window.until("hello")
        await shell.print(b"after")
        await window.until_shown(b"after")

    assert hello["is_new"] is False
    assert hello["offset"] == upto
    # What comes before this is answered by nobody: it was printed for another page.
    assert hello["head"] == len(b"before meanwhile ")
    assert window.shown == b"meanwhile after"
    assert len(fake_runner.terminals.shells) == 1


async def test_second_window_of_the_candidate_sees_and_cannot_type(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with (
        open_terminal(interview) as window,
        open_terminal(interview, writer="another-window") as second,
    ):
        await window.until("hello")
        hello = await second.until("hello")
        await second.type(b"rm -rf /\r")
        await second.send("resize", rows=5, cols=5)
        await second.ping()
        shell = fake_runner.terminals.find()
        await window.type(b"ls\r")
        await wait_until(lambda: b"ls\r" in shell.typed)
        await shell.print(b"both")
        await second.until_shown(b"both")

    assert hello["is_driver"] is False
    assert shell.typed == b"ls\r"
    assert shell.rows == 24


async def test_writing_that_moves_takes_the_driving_along(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with (
        open_terminal(interview) as first,
        open_terminal(interview, writer="another-window") as second,
    ):
        await first.until("hello")
        await second.until("hello")
        await write_here(interview, "another-window")
        await first.until("driver", is_driver=False)
        await second.until("driver", is_driver=True)
        shell = fake_runner.terminals.find()
        await wait_until(
            lambda: (
                {each.request.role for each in shell.here}
                == {"driver", "viewer", "recorder"}
            )
        )
        await first.type(b"old")
        await first.ping()
        await second.type(b"new")
        await wait_until(lambda: bool(shell.typed))

    assert shell.typed == b"new"
    assert len(fake_runner.terminals.shells) == 1


async def test_window_tells_the_new_token_of_its_page(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        await write_here(interview, "the-same-page-again")
        await window.until("driver", is_driver=False)
        await window.send("writer", token="the-same-page-again")
        await window.until("driver", is_driver=True)


async def test_shell_that_ended_is_told_and_started_again_when_asked(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        first = await window.until("hello")
        await fake_runner.terminals.find().end("exit", 3)
        ended = await window.until("exit")
        await window.ping()
        assert len(fake_runner.terminals.shells) == 1
        await window.send("start")
        second = await window.until("hello")

    assert (ended["code"], ended["reason"]) == (3, "exit")
    assert "3" in ended["message"]
    assert second["is_new"] is True
    assert second["shell"] != first["shell"]


async def test_page_that_shows_nothing_gets_one_window_and_no_more(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        shell = fake_runner.terminals.find()
        await shell.print(b"y" * (3 * WINDOW_BYTES))
        while window.upto < WINDOW_BYTES:
            await window.next()
        await window.ping()
        held = window.upto
        await window.send("ack", upto=held)
        await wait_until(lambda: shell.acked == held)
        while window.upto < 2 * WINDOW_BYTES:
            await window.next()

    assert held == WINDOW_BYTES
    assert window.shown == b"y" * (2 * WINDOW_BYTES)


async def test_what_a_program_does_not_read_is_refused(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        shell = fake_runner.terminals.find()
        shell.takes = 4
        await window.type(b"123456")
        refused = await window.until("refused")
        shell.takes = 0
        await window.type(b"\x03")
        await wait_until(lambda: bool(shell.signals))

    assert refused["bytes"] == 2
    assert shell.signals == ["INT"]


async def test_lost_connection_is_told_and_found_again(
    interview: Interview, fake_runner: FakeRunner
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        first = await window.until("hello")
        shell = fake_runner.terminals.find()
        await shell.print(b"kept")
        await window.until_shown(b"kept")
        fake_runner.terminals.cut()
        lost = await window.until("lost")
        again = await window.until("hello")

    assert lost["is_retried"] is True
    assert "your files are safe" in lost["message"]
    assert again["shell"] == first["shell"]
    assert again["offset"] == len(b"kept")


async def test_restarted_runner_is_told_with_what_is_lost(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    await sync_to_async(seed_workspace)(interview)
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        fake_runner.workspaces.restart("second")
        fake_runner.terminals.restart("second")
        told = await window.until("lost", reason="restart")
        again = await window.until("hello")
        disk = fake_runner.workspaces.open[str(interview.pk)]
        # Whoever opened the workspace first fills it; a command typed now waits for it.
        await wait_until(lambda: f"{folder}/solution.py" in disk.files)

    assert "was restarted" in told["message"]
    assert (again["generation"], again["is_new"]) == ("second", True)


async def test_terminal_without_a_runner_says_why(
    interview: Interview, settings: Settings
) -> None:
    settings.RUNNER_SOCKET = "/nowhere/runner.sock"
    await write_here(interview)
    async with open_terminal(interview) as window:
        lost = await window.until("lost")

    assert "the runner does not answer" in lost["message"]
    assert lost["is_retried"] is True


@pytest.mark.parametrize("end", [finish_interview, cancel_interview])
async def test_end_of_the_interview_kills_and_says_so(
    interview: Interview, fake_runner: FakeRunner, end: object
) -> None:
    await write_here(interview)
    async with open_terminal(interview) as window:
        await window.until("hello")
        shell = fake_runner.terminals.find()
        await shell.print(b"the last words")
        await window.until_shown(b"the last words")
        if end is cancel_interview:
            await sync_to_async(cancel_interview)(
                interview.pk, reason="a mistake", actor=None
            )
        else:
            await sync_to_async(finish_interview)(interview.pk)
        await window.until("exit", reason="workspace_closed")
        told = await window.until("error")
        closed = await window.until_closed()
    record = await until_recorded(interview, has_ended)

    assert told["code"] == "interview_ended"
    assert closed == 4410
    assert shell.ended is not None
    assert recorded_bytes(record) == b"the last words"
