"""A real sandbox for tests, and a way to see what a program did in it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.bwrap.backend import BwrapSandbox
from runner.bwrap.cgroups import Hierarchies
from runner.bwrap.hierarchies import find_hierarchies
from runner.bwrap.host import Host
from runner.doctor.doctor import Doctor, Settings
from runner.limits import Limits
from runner.protocol import InputFile
from runner.protocol.replies import Stream
from runner.sandbox import Executor, Job, Outcome
from runner.server import Server
from runner.toolchain.build import build
from runner.toolchain.packages import find_toolchain

ROOT = Path(__file__).resolve().parents[2]
PYTHON = "/usr/bin/python3"


@dataclass
class Result:
    """What a job did."""

    outcome: Outcome
    stdout: str
    stderr: str


@dataclass
class Recorder:
    """A sink that keeps everything."""

    pieces: list[tuple[Stream, bytes]] = field(default_factory=list)
    has_started: asyncio.Event = field(default_factory=asyncio.Event)

    async def started(self) -> None:
        self.has_started.set()

    async def output(self, stream: Stream, data: bytes) -> None:
        self.pieces.append((stream, data))

    def bytes_of(self, stream: Stream) -> bytes:
        return b"".join(data for name, data in self.pieces if name == stream)


class Bench:
    """Runs programs in one real sandbox."""

    def __init__(self, sandbox: BwrapSandbox, executor: Executor | None = None) -> None:
        self.sandbox = sandbox
        self._executor: Executor = executor or sandbox

    async def run(self, job: Job, cancel: asyncio.Event | None = None) -> Result:
        recorder = Recorder()
        outcome = await self._executor.run(job, recorder, cancel or asyncio.Event())
        return Result(
            outcome,
            recorder.bytes_of("stdout").decode(errors="replace"),
            recorder.bytes_of("stderr").decode(errors="replace"),
        )

    async def python(self, source: str, limits: Limits | None = None) -> Result:
        return await self.run(python_job(source, limits))

    async def shell(self, script: str, limits: Limits | None = None) -> Result:
        return await self.run(
            Job(argv=("bash", "-c", script), limits=limits or Limits(wall_seconds=10))
        )


def python_job(source: str, limits: Limits | None = None) -> Job:
    return Job(
        argv=(PYTHON, "program.py"),
        files=(InputFile("program.py", source.encode()),),
        limits=limits or Limits(wall_seconds=10),
    )


@pytest.fixture(scope="session")
def sandbox_available() -> None:
    """Left out only on a machine without bubblewrap, and never in CI."""
    if Host().tools.bwrap.exists() and not Host().tools.missing():
        return
    if os.environ.get("CI") == "true":
        pytest.fail("CI has no bubblewrap, so the sandbox is not tested")
    pytest.skip("bubblewrap is not installed on this machine")


@pytest.fixture(scope="session")
def toolchain() -> Path:
    """The toolchain of this checkout, built once, where the sandbox's account reaches it."""
    target = ROOT / "var" / "toolchain"
    build(target)
    found = find_toolchain(target)
    assert found is not None
    return found


@asynccontextmanager
async def open_bench(
    directory: Path,
    *,
    host: Host | None = None,
    hierarchies: Hierarchies | None = None,
    toolchain: Path | None = None,
) -> AsyncIterator[Bench]:
    os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103 - in a test only
    found = find_hierarchies() if hierarchies is None else hierarchies
    sandbox = BwrapSandbox(host or Host(), found, directory, toolchain)
    try:
        yield Bench(sandbox)
    finally:
        await sandbox.close()


@pytest.fixture
async def bench(sandbox_available: None, tmp_path: Path) -> AsyncIterator[Bench]:
    async with open_bench(tmp_path / "runs") as each:
        yield each


@pytest.fixture
async def soft_bench(sandbox_available: None, tmp_path: Path) -> AsyncIterator[Bench]:
    """As on a machine where no control group may be made."""
    async with open_bench(tmp_path / "runs", hierarchies=Hierarchies()) as each:
        yield each


@pytest.fixture
async def socket_path(sandbox_available: None, tmp_path: Path) -> AsyncIterator[Path]:
    """A server with two places behind a socket."""
    async with open_server(tmp_path) as (path, _server):
        yield path


@asynccontextmanager
async def open_server(
    directory: Path, *, host: Host | None = None, places: int = 2
) -> AsyncIterator[tuple[Path, Server]]:
    state = directory / "state"
    (state / "runs").mkdir(mode=0o700, parents=True)
    state.chmod(0o700)
    settings = Settings(state, None, False)
    doctor = Doctor(settings, host or Host(), find_hierarchies())
    await doctor.examine()
    server = Server(doctor, places, settings)
    server.workspaces.prepare()
    path = directory / "s"
    listener = await asyncio.start_unix_server(server.accept, path)
    try:
        yield path, server
    finally:
        listener.close()
        await server.stop()
        shutil.rmtree(state, ignore_errors=True)


async def gone(word: str, *, wanted: bool) -> bool:
    """Wait until no process has `word` as an argument any more, or until one has."""
    for _ in range(300):
        if (process_with_argument(word) == []) is wanted:
            return True
        await asyncio.sleep(0.01)
    return False


def process_with_argument(word: str) -> list[int]:
    """Processes of this machine that have `word` as an argument."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if word.encode() in words:
                found.append(int(entry.name))
    return found
