"""How terminals end, and that nothing of them stays."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest

from interviews.runner_client import RunnerClient, RunnerUnavailable
from tests.runner.conftest import gone
from tests.runner.terminals.desk import (
    Desk,
    Ended,
    InnerDesk,
    Seat,
    count_descriptors,
    open_workspace,
    until,
)
from tests.runner.wire import answering, ended, program


def make_word() -> str:
    """A number of seconds that no other process of the machine sleeps."""
    return str(uuid4().int % 10**9 + 10**9)


async def leave_daemons(seat: Seat) -> str:
    """Start what survives a shell that hangs up; the word that names it."""
    word = make_word()
    await seat.run(
        f"setsid sleep {word} & nohup sleep {word} >/dev/null 2>&1 &"
        f" (trap '' HUP TERM INT; setsid setsid sleep {word} &) ; sleep {word} & disown"
    )
    assert await gone(word, wanted=False)
    return word


async def close_by_driver(desk: Desk, seat: Seat) -> Ended:
    await seat.session.close_terminal()
    return await seat.ended()


async def close_with_workspace(desk: Desk, seat: Seat) -> Ended:
    await desk.close_workspace()
    return await seat.ended()


async def close_by_exit(desk: Desk, seat: Seat) -> Ended:
    await seat.keys("exit 0\r")
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            return await seat.ended()
    # The shell warns of jobs once.
    await seat.keys("exit 0\r")
    return await seat.ended()


@pytest.mark.parametrize(
    ("close", "end"),
    [
        (close_by_driver, Ended(None, "killed")),
        (close_with_workspace, Ended(None, "workspace_closed")),
        (close_by_exit, Ended(0, "exit")),
    ],
    ids=["closed", "workspace closed", "shell left"],
)
async def test_end_takes_everything_along(
    desk: Desk, close: Callable[[Desk, Seat], Awaitable[Ended]], end: Ended
) -> None:
    async with desk.open() as seat:
        word = await leave_daemons(seat)

        assert await close(desk, seat) == end
    assert await gone(word, wanted=True)


def list_groups(folder: Path) -> list[Path]:
    """Control groups in the records of a runner."""
    records = folder.glob("st*/**/runs/*.json")
    return [Path(name) for r in records for name in json.loads(r.read_text())["groups"]]


async def test_stopped_runner_tells_and_leaves_nothing(tmp_path: Path) -> None:
    with program(tmp_path, "--warm", "0") as process:
        async with await answering(tmp_path / "s"):
            pass
        desk = Desk(RunnerClient(tmp_path / "s"), await open_workspace(tmp_path / "s"))
        async with desk.open() as seat:
            word = await leave_daemons(seat)
            process.terminate()

            assert await seat.ended() == Ended(None, "restart")
        assert await ended(process) == 0
    assert await gone(word, wanted=True)


async def test_drained_runner_tells_and_starts_nothing(tmp_path: Path) -> None:
    with program(tmp_path, "--warm", "0") as process:
        async with await answering(tmp_path / "s"):
            pass
        desk = Desk(RunnerClient(tmp_path / "s"), await open_workspace(tmp_path / "s"))
        async with desk.open() as seat, desk.sit(role="viewer") as viewer:
            word = await leave_daemons(seat)
            process.send_signal(signal.SIGUSR1)

            assert await seat.ended() == Ended(None, "restart")
            assert await viewer.ended() == Ended(None, "restart")
            assert await gone(word, wanted=True)
        assert await ended(process) == 0


async def test_killed_runner_leaves_nothing(tmp_path: Path) -> None:
    with program(tmp_path, "--warm", "0") as process:
        async with await answering(tmp_path / "s"):
            pass
        desk = Desk(RunnerClient(tmp_path / "s"), await open_workspace(tmp_path / "s"))
        async with desk.open() as seat:
            word = await leave_daemons(seat)
            process.kill()

            with pytest.raises(RunnerUnavailable):
                await seat.ended()
        assert await gone(word, wanted=True)
        groups = list_groups(tmp_path)
    # The next runner takes away what only a live one could.
    with program(tmp_path, "--warm", "0"):
        async with await answering(tmp_path / "s"):
            assert [each for each in groups if each.exists()] == []


_HOG = (
    'python3 -c \'x = b"x" * ({} << 20); print("kept"); import time; time.sleep({})\''
)


async def test_memory_hog_dies_and_the_shell_goes_on(desk: Desk) -> None:
    async with desk.open() as seat:
        said = await seat.run(_HOG.format(700, 9))

        assert "Killed" in said or "Memory" in said
        assert "kept" not in said
        assert await seat.run("echo alive") == "alive\n"


async def test_terminals_share_their_memory(desk: Desk) -> None:
    async with desk.open("1") as one, desk.open("2") as two:
        await one.keys(_HOG.format(300, 300) + "\r")
        await one.see(b"\r\n", b"kept\r\n")
        await two.keys(_HOG.format(300, 9) + " || echo died\r")
        # The kernel takes one of the two.
        seats = (one, two)
        tasks = [asyncio.create_task(each.see(b"illed")) for each in seats]
        done, waiting = await asyncio.wait(
            tasks, return_when=asyncio.FIRST_COMPLETED, timeout=60
        )
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

        assert len(done) == 1


async def test_shell_that_became_a_hog_ends_by_memory(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys("exec " + _HOG.format(700, 9) + "\r")

        assert (await seat.ended()).reason == "memory"


_FORKS = """\
import os, time
pids = []
try:
    for _ in range(400):
        pid = os.fork()
        if not pid: time.sleep(60)
        pids.append(pid)
except OSError:
    print("held" if 64 < len(pids) < 128 else len(pids))
for pid in pids: os.kill(pid, 9)
"""


async def test_forks_stop_at_the_limit(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.keys("python3 -q\r")
        await seat.see(b">>> ")
        await seat.keys(f"exec({_FORKS!r})\r")

        await seat.see(b"held\r\n", b">>> ")


async def test_nobody_and_nothing_for_long_ends_it(inner_desk: InnerDesk) -> None:
    terminals = inner_desk.server.terminals
    async with inner_desk.open("1") as seat, inner_desk.open("2"):
        await seat.run("echo here")
        terminals.end_idle(quiet=0, alone=0)
        await asyncio.sleep(0)
        assert len(terminals.live) == 2
    (one, two) = terminals.live
    await until(lambda: not (one.is_watched or two.is_watched))
    terminals.end_idle(quiet=3600, alone=3600)
    assert len(terminals.live) == 2
    async with inner_desk.sit("1", role="recorder") as recorder:
        terminals.end_idle(quiet=0, alone=3600)

        assert await recorder.ended() == Ended(None, "idle")
    await until(lambda: not terminals.live)


async def test_end_leaves_no_descriptor_record_or_group(
    inner_desk: InnerDesk, tmp_path: Path
) -> None:
    async def sit_once() -> None:
        async with inner_desk.open("1") as one, inner_desk.open("2") as two:
            await one.keys("exit\r")
            await one.ended()
            await close_by_driver(inner_desk, two)
        await until(lambda: not inner_desk.server._connections)

    await sit_once()
    before = count_descriptors()
    await sit_once()

    assert count_descriptors() == before
    assert list_groups(tmp_path) == []
    assert inner_desk.server.terminals._tasks == set()
