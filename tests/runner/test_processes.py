"""The runner as a process: signals, crashes, and one generation after another."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from runner.errors import RunnerError
from runner.generations import hold_generation
from runner.protocol import (
    Failure,
    FileChange,
    Reply,
    RunFinished,
    RunOutput,
    RunStart,
    RunStarted,
    Status,
    StatusRequest,
    WorkspaceKey,
    WorkspaceOpen,
    WorkspaceOpened,
    WorkspaceScan,
    WorkspaceWrite,
)
from tests.runner.conftest import ROOT, gone
from tests.runner.wire import Wire, answering, dial, ended, program, start


def new_word() -> str:
    """An argument no other process of this machine has."""
    return f"3{uuid4().int % 10**8:08d}"


def names_below(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*"))


def has(path: Path) -> bool:
    return path.exists()


async def generation_of(wire: Wire) -> str:
    wire.send(StatusRequest())
    status = await wire.receive()
    assert isinstance(status, Status)
    return status.generation


async def running(path: Path, request: RunStart) -> Wire:
    """A connection on which `request` has started."""
    wire = await answering(path)
    wire.send(request)
    assert isinstance(await wire.receive(), RunStarted)
    return wire


async def other_generation(path: Path, known: str) -> str:
    """The generation behind the socket, once it is not the known one."""
    for _ in range(500):
        async with await dial(path) as wire:
            found = await generation_of(wire)
        if found != known:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("no other runner has taken over")


async def test_sigterm_ends_runs_and_leaves_nothing(
    sandbox_available: None, tmp_path: Path
) -> None:
    word = new_word()
    request = start("sleep", word, wall=30)
    with program(tmp_path) as process:
        async with await running(tmp_path / "s", request) as wire:
            process.send_signal(signal.SIGTERM)
            last = (await wire.until_last(request.run))[-1]
        code = await ended(process)

    assert isinstance(last, RunFinished)
    assert (last.reason, code) == ("cancelled", 0)
    assert await gone(word, wanted=True)
    assert not has(tmp_path / "s")
    assert names_below(tmp_path / "st") == ["lock"]


async def test_killed_runner_leaves_no_process_and_the_next_one_sweeps(
    sandbox_available: None, tmp_path: Path
) -> None:
    word = new_word()
    request = start("sh", "-c", f"setsid sleep {word} & sleep 30", wall=30)
    with program(tmp_path) as process:
        async with await running(tmp_path / "s", request):
            assert await gone(word, wanted=False)
            process.kill()
            await ended(process)
    assert await gone(word, wanted=True)
    left = list((tmp_path / "st").glob("*/runs/*.json"))
    assert left

    with program(tmp_path) as process:
        async with await answering(tmp_path / "s"):
            assert not any(has(record) for record in left)
        process.terminate()
        await ended(process)
    assert names_below(tmp_path / "st") == ["lock"]


async def test_socket_is_private(sandbox_available: None, tmp_path: Path) -> None:
    with program(tmp_path):
        async with await answering(tmp_path / "s"):
            mode = os.stat(tmp_path / "s").st_mode  # noqa: PTH116

    assert mode & 0o777 == 0o600


UNTIL_TOLD = "echo one; until [ -e part/go ]; do sleep 0.05; done; echo two"


async def test_new_generation_takes_new_work_while_the_old_one_drains(
    sandbox_available: None, tmp_path: Path
) -> None:
    path, key = tmp_path / "s", WorkspaceKey(str(uuid4()), 1)
    long = replace(start("sh", "-c", UNTIL_TOLD, wall=60), workspace=key)
    with ExitStack() as stack:
        first = stack.enter_context(program(tmp_path))
        async with await answering(path) as files:
            old = await generation_of(files)
            files.send(WorkspaceOpen("a", key.id, key.epoch, ("part",)))
            assert isinstance(await files.receive(), WorkspaceOpened)
            async with await running(path, long) as wire:
                second = stack.enter_context(program(tmp_path))
                new = await other_generation(path, old)
                first.send_signal(signal.SIGUSR1)
                frames = await echoed(path)
                assert first.poll() is None

                go = FileChange("part/go", b"", "")
                files.send(WorkspaceWrite("b", key.id, key.epoch, (go,)))
                ending = await wire.until_last(long.run)
        code = await ended(first)
        async with await dial(path) as other:
            assert await generation_of(other) == new
        second.terminate()
        await ended(second)

    assert frames == [b"here\n"]
    assert outputs(ending)[-1] == b"two\n"
    assert isinstance(ending[-1], RunFinished)
    assert (ending[-1].reason, ending[-1].exit_code, code) == ("exited", 0, 0)
    assert not has(path)
    assert names_below(tmp_path / "st") == ["lock"]


def outputs(frames: list[Reply]) -> list[bytes]:
    return [frame.data for frame in frames if isinstance(frame, RunOutput)]


async def echoed(path: Path) -> list[bytes]:
    """What a short run prints on whichever runner is behind the socket."""
    request = start("echo", "here")
    async with await dial(path) as wire:
        wire.send(request)
        return outputs(await wire.until_last(request.run))


async def test_runner_whose_socket_was_taken_over_drains_by_itself(
    sandbox_available: None, tmp_path: Path
) -> None:
    with program(tmp_path) as first:
        async with await answering(tmp_path / "s") as wire:
            old = await generation_of(wire)
        with program(tmp_path) as second:
            await other_generation(tmp_path / "s", old)
            assert await ended(first) == 0
            second.terminate()
            await ended(second)


async def test_draining_runner_begins_nothing_and_sends_idle_clients_away(
    sandbox_available: None, tmp_path: Path
) -> None:
    key, long = WorkspaceKey(str(uuid4()), 1), start("sleep", "2", wall=30)
    with program(tmp_path) as process:
        async with (
            await answering(tmp_path / "s") as wire,
            await running(tmp_path / "s", long) as runs,
        ):
            wire.send(WorkspaceOpen("a", key.id, key.epoch, ("part",)))
            assert isinstance(await wire.receive(), WorkspaceOpened)
            process.send_signal(signal.SIGUSR1)
            await refused(tmp_path / "s")

            refusals = []
            for request in (start("true"), WorkspaceOpen("b", str(uuid4()), 1, ("x",))):
                wire.send(request)
                refusals.append(await wire.receive())
            wire.send(WorkspaceScan("c", key.id, key.epoch))
            scanned = await wire.receive()
            async with asyncio.timeout(10):
                assert await wire.reader.read() == b""
            last = (await runs.until_last(long.run))[-1]
        code = await ended(process)

    assert all(isinstance(each, Failure) and each.retryable for each in refusals)
    assert not isinstance(scanned, Failure)
    assert isinstance(last, RunFinished)
    assert (last.reason, code) == ("exited", 0)


async def test_drain_is_bounded(sandbox_available: None, tmp_path: Path) -> None:
    long = start("sleep", "30", wall=30)
    with program(tmp_path, "--drain-seconds", "0.2") as process:
        async with await running(tmp_path / "s", long) as wire:
            process.send_signal(signal.SIGUSR1)
            last = (await wire.until_last(long.run))[-1]
        code = await ended(process)

    assert isinstance(last, RunFinished)
    assert (last.reason, code) == ("cancelled", 0)


async def refused(path: Path) -> None:
    """Wait until nobody listens any more."""
    for _ in range(500):
        try:
            wire = await dial(path)
        except OSError:
            return
        wire.writer.close()
        await asyncio.sleep(0.02)
    raise AssertionError("the runner still listens")


async def test_foreign_file_at_the_path_of_the_socket_stays(
    sandbox_available: None, tmp_path: Path
) -> None:
    (tmp_path / "s").write_text("precious")
    with program(tmp_path) as process:
        assert await ended(process) == 1

    assert (tmp_path / "s").read_text() == "precious"


def test_generations_sweep_the_dead_and_leave_the_living(tmp_path: Path) -> None:
    with hold_generation(tmp_path) as living:
        dead = tmp_path / "dead"
        (dead / "runs").mkdir(parents=True)
        (dead / "lock").touch()
        (dead / "runs" / "a.json").write_text("{")
        (tmp_path / "notes").mkdir()

        with hold_generation(tmp_path) as other:
            assert living.directory.is_dir()
            assert other.directory.stat().st_mode & 0o777 == 0o711
            assert not dead.exists()

    assert names_below(tmp_path) == ["lock", "notes"]


def test_state_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(RunnerError, match="state directory"),
        hold_generation(tmp_path / "file" / "st"),
    ):
        pass


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "where to listen"),
        (("--listen", "tcp://127.0.0.1:1"), "token"),
        (("--listen", "tcp://10.0.0.1:1"), "tls://"),
        (("--listen", "http://127.0.0.1:1"), "no address"),
        (("--socket", "/tmp/" + "x" * 120), "too long"),
    ],
    ids=["nowhere", "no token", "plain TCP", "other scheme", "long path"],
)
def test_runner_does_not_start_with(
    tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    command = [sys.executable, "-m", "runner", "serve", "--state-dir", str(tmp_path)]
    result = subprocess.run(
        [*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30
    )

    assert result.returncode == 1
    assert complaint in result.stderr
