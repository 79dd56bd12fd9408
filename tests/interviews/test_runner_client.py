"""The client of the runner against a real runner."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings

from interviews.runner_client import (
    LimitRequest,
    RunFinished,
    RunnerClient,
    RunnerUnavailable,
    RunOutput,
    RunSpec,
    RunStarted,
    WorkspaceChanged,
    run_to_end,
    source_file,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def runner_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A runner of its own process, as in production."""
    if not Path("/usr/bin/bwrap").exists():
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no bubblewrap, so the sandbox is not tested")
        pytest.skip("bubblewrap is not installed on this machine")
    directory = tmp_path_factory.mktemp("runner")
    socket = directory / "s"
    command = [sys.executable, "-m", "runner", "serve", "--socket", str(socket)]
    command += ["--state-dir", str(directory / "state"), "--places", "2"]
    command.append("--no-require-hard-limits")
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(500):
                if socket.exists():
                    break
                time.sleep(0.02)
            yield socket
        finally:
            process.terminate()
            process.wait(10)


async def test_status_says_the_sandbox_works(runner_socket: Path) -> None:
    status = await RunnerClient(runner_socket).status(full=True)

    assert (status.available, status.reason) == (True, "")


async def test_run_yields_frames_to_the_last(runner_socket: Path) -> None:
    spec = RunSpec(("python3", "a.py"), files=(source_file("a.py", "print('hé')"),))

    frames = [frame async for frame in RunnerClient(runner_socket).run(spec)]

    assert isinstance(frames[0], RunStarted)
    output = b"".join(each.data for each in frames if isinstance(each, RunOutput))
    assert output == "hé\n".encode()
    assert isinstance(frames[-1], RunFinished)
    assert frames[-1].exit_code == 0
    told = [frame for frame in frames if not isinstance(frame, WorkspaceChanged)]
    assert {frame.run for frame in told} == {str(spec.run)}


async def test_closing_the_iteration_ends_the_run(runner_socket: Path) -> None:
    client = RunnerClient(runner_socket)
    spec = RunSpec(("sleep", "30"), limits=LimitRequest(wall_seconds=30))

    async with contextlib.aclosing(client.run(spec)) as frames:
        async for _frame in frames:
            break

    assert await runs_come_to(client, 0)


async def test_cancelling_the_task_ends_the_run(runner_socket: Path) -> None:
    client = RunnerClient(runner_socket)
    spec = RunSpec(("sleep", "30"), limits=LimitRequest(wall_seconds=30))
    task = asyncio.create_task(client.run_to_end(spec))
    assert await runs_come_to(client, 1)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await runs_come_to(client, 0)


async def runs_come_to(client: RunnerClient, number: int) -> bool:
    for _ in range(200):
        if (await client.status()).running == number:
            return True
        await asyncio.sleep(0.02)
    return False


async def test_cancel_by_id_ends_the_run_with_its_reason(runner_socket: Path) -> None:
    client = RunnerClient(runner_socket)
    spec = RunSpec(("sleep", "30"), limits=LimitRequest(wall_seconds=30))
    task = asyncio.create_task(client.run_to_end(spec))
    assert await runs_come_to(client, 1)

    await client.cancel(spec.run)
    result = await task

    assert (result.reason, result.exit_code) == ("cancelled", None)


def test_run_to_end_gathers_everything(runner_socket: Path) -> None:
    script = "cat; echo problem >&2; echo report > r.txt; exit 3"
    spec = RunSpec(("sh", "-c", script), stdin=b"given\n", collect=("r.txt",))

    with override_settings(RUNNER_SOCKET=str(runner_socket)):
        result = run_to_end(spec)

    assert (result.reason, result.exit_code, result.is_success) == ("exited", 3, False)
    assert (result.stdout, result.stderr) == (b"given\n", b"problem\n")
    assert result.files == {"r.txt": b"report\n"}


async def test_absent_runner_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunnerUnavailable) as caught:
        await RunnerClient(tmp_path / "nobody").status()

    assert (caught.value.code, caught.value.retryable) == ("runner_unreachable", True)
    assert str(caught.value.message).startswith("Running code is off")


async def test_refused_run_carries_the_code_of_the_runner(runner_socket: Path) -> None:
    with pytest.raises(RunnerUnavailable) as caught:
        await RunnerClient(runner_socket).run_to_end(RunSpec(("cat",), cwd="../up"))

    assert (caught.value.code, caught.value.retryable) == ("bad_request", False)


async def test_files_too_large_are_refused_before_sending(runner_socket: Path) -> None:
    files = tuple(source_file(f"f{number}", "x" * (20 << 20)) for number in range(2))

    with pytest.raises(RunnerUnavailable) as caught:
        await RunnerClient(runner_socket).run_to_end(RunSpec(("ls",), files=files))

    assert caught.value.code == "too_large"


async def test_runner_that_vanishes_is_told(tmp_path: Path) -> None:
    async def hang_up(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(10)
        writer.close()

    async with await asyncio.start_unix_server(hang_up, tmp_path / "s"):
        with pytest.raises(RunnerUnavailable) as caught:
            await RunnerClient(tmp_path / "s").run_to_end(RunSpec(("true",)))

    assert caught.value.code == "runner_lost"
