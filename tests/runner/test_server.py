"""The runner's socket: streaming, queueing, cancelling, leaving, stopping."""

import asyncio
import struct
from pathlib import Path
from uuid import uuid4

import pytest

from runner.protocol import (
    Failure,
    RunCancel,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStart,
    RunStarted,
    Status,
    StatusRequest,
)
from tests.runner.conftest import gone, open_server
from tests.runner.wire import dial, start


async def test_status_tells_what_the_runner_can_do(socket_path: Path) -> None:
    async with await dial(socket_path) as wire:
        wire.send(StatusRequest())
        status = await wire.receive()

    assert isinstance(status, Status)
    assert (status.available, status.reason) == (True, "")
    assert set(status.levels) == {"memory", "pids", "cpu", "workspace"}


async def test_run_streams_from_start_to_end(socket_path: Path) -> None:
    request = start("sh", "-c", "echo one; sleep 0.3; echo two; exit 4")
    async with await dial(socket_path) as wire:
        wire.send(request)
        frames = await wire.until_last(request.run)

    assert frames[0] == RunStarted(request.run)
    outputs = [frame.data for frame in frames if isinstance(frame, RunOutput)]
    assert outputs == [b"one\n", b"two\n"]
    last = frames[-1]
    assert isinstance(last, RunFinished)
    assert (last.reason, last.exit_code, last.truncated) == ("exited", 4, False)
    assert 300 <= last.duration_ms < 5000


async def test_runs_wait_in_order_and_are_told_their_place(socket_path: Path) -> None:
    # The first two end far apart: the last in the queue moves up before it begins.
    runs = [start("sleep", seconds) for seconds in ("0.2", "2", "2", "0")]
    async with await dial(socket_path) as wire:
        for request in runs:
            wire.send(request)
        places: dict[str, list[int]] = {request.run: [] for request in runs}
        finished: list[str] = []
        while len(finished) < 4:
            frame = await wire.receive()
            if isinstance(frame, RunQueued):
                places[frame.run].append(frame.position)
            elif isinstance(frame, RunFinished):
                finished.append(frame.run)

    assert [places[request.run] for request in runs] == [[], [], [1], [2, 1]]
    assert set(finished[:2]) == {runs[0].run, runs[1].run}


async def test_cancel_ends_a_run_from_another_connection(socket_path: Path) -> None:
    request = start("sleep", "30", wall=30)
    async with await dial(socket_path) as wire, await dial(socket_path) as other:
        wire.send(request)
        assert isinstance(await wire.receive(), RunStarted)
        other.send(RunCancel(request.run))
        last = (await wire.until_last(request.run))[-1]

    assert isinstance(last, RunFinished)
    assert (last.reason, last.exit_code) == ("cancelled", None)
    assert last.duration_ms < 5000


async def test_cancel_takes_a_waiting_run_out_of_the_queue(socket_path: Path) -> None:
    first, second, third = (start("sleep", "1") for _ in range(3))
    async with await dial(socket_path) as wire:
        for request in (first, second, third):
            wire.send(request)
        while not isinstance(await wire.receive(), RunQueued):
            pass
        wire.send(RunCancel(third.run))
        last = (await wire.until_last(third.run))[-1]

    assert isinstance(last, RunFinished)
    assert (last.reason, last.duration_ms) == ("cancelled", 0)


async def test_client_that_goes_away_takes_its_run_along(socket_path: Path) -> None:
    word = f"3{uuid4().int % 10**8:08d}"
    async with await dial(socket_path) as wire:
        wire.send(start("sleep", word, wall=30))
        assert isinstance(await wire.receive(), RunStarted)
        assert await gone(word, wanted=False)

    assert await gone(word, wanted=True)


async def test_slow_client_slows_the_program_and_loses_nothing_kept(
    socket_path: Path,
) -> None:
    request = start("sh", "-c", "head -c 200000 /dev/zero")
    async with await dial(socket_path) as wire:
        wire.send(request)
        await asyncio.sleep(0.5)
        frames = await wire.until_last(request.run)

    data = b"".join(each.data for each in frames if isinstance(each, RunOutput))
    assert len(data) == 200_000
    assert max(len(e.data) for e in frames if isinstance(e, RunOutput)) <= 32 * 1024


async def test_same_run_is_not_started_twice(socket_path: Path) -> None:
    request = start("sleep", "1")
    async with await dial(socket_path) as wire, await dial(socket_path) as other:
        wire.send(request)
        assert isinstance(await wire.receive(), RunStarted)
        other.send(request)
        refusal = await other.receive()

    assert isinstance(refusal, Failure)
    assert refusal.run == request.run


async def test_bad_request_is_answered_and_the_connection_lives(
    socket_path: Path,
) -> None:
    run = str(uuid4())
    async with await dial(socket_path) as wire:
        wire.send(RunStart(run, ("cat",), cwd="../escape"))
        refusal = await wire.receive()
        wire.send(StatusRequest())
        status = await wire.receive()

    assert isinstance(refusal, Failure)
    assert (refusal.code, refusal.run) == ("bad_request", run)
    assert isinstance(status, Status)


@pytest.mark.parametrize(
    ("data", "is_answered"),
    [
        (struct.pack(">I", 2**31), True),
        (struct.pack(">I", 3) + b"{{{", True),
        (struct.pack(">I", 9), False),
    ],
    ids=["huge", "not JSON", "cut off"],
)
async def test_bytes_that_are_no_frame_end_the_connection(
    socket_path: Path, data: bytes, is_answered: bool
) -> None:
    async with await dial(socket_path) as wire:
        wire.writer.write(data)
        wire.writer.write_eof()
        async with asyncio.timeout(5):
            rest = await wire.reader.read()

    assert (b"bad_frame" in rest) is is_answered
    assert bool(rest) is is_answered


async def test_run_beyond_the_queue_is_refused_as_busy(
    sandbox_available: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.waiting.MAX_WAITING", 0)
    running, refused = start("sleep", "5"), start("true")
    async with (
        open_server(tmp_path, places=1) as (path, _server),
        await dial(path) as wire,
    ):
        wire.send(running)
        assert isinstance(await wire.receive(), RunStarted)
        wire.send(refused)
        (refusal,) = await wire.until_last(refused.run)

    assert isinstance(refusal, Failure)
    assert (refusal.code, refusal.retryable) == ("busy", True)


async def test_server_answers_while_programs_burn(socket_path: Path) -> None:
    async with await dial(socket_path) as wire:
        burn = [start("python3", "-c", "while True: pass", wall=2) for _ in range(2)]
        for request in burn:
            wire.send(request)
        for _ in burn:
            await wire.receive()
        other = start("true")
        began = asyncio.get_running_loop().time()
        wire.send(RunCancel(other.run))
        wire.send(RunStart(other.run, ("true",), cwd="/"))
        await wire.until_last(other.run)
        waited = asyncio.get_running_loop().time() - began

    assert waited < 0.5


async def test_closed_gate_refuses_runs(
    sandbox_available: None, tmp_path: Path
) -> None:
    async with open_server(tmp_path) as (path, server):
        (tmp_path / "state").chmod(0o755)
        await server._doctor.examine()
        request = start("true")
        async with await dial(path) as wire:
            wire.send(request)
            refusal = await wire.receive()

    assert isinstance(refusal, Failure)
    assert (refusal.code, refusal.retryable) == ("sandbox_unavailable", True)
