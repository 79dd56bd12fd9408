"""Live probes: the real sandbox must contain what is tried inside it."""

import asyncio
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from runner.bwrap.host import Tools
from runner.doctor.report import Check
from runner.errors import RunnerError
from runner.limits import MIB, Limits
from runner.protocol import InputFile
from runner.protocol.replies import Stream
from runner.sandbox import Executor, Job, Outcome

_INSIDE = Path(__file__).with_name("inside.py")
_CANARY_VARIABLE = "SANDBOX_PROBE_CANARY"
_LIMITS = Limits(wall_seconds=15, memory_bytes=64 * MIB)
_FORKS = """\
import os, time
count = 0
try:
    while count < 200:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        count += 1
except OSError:
    pass
print(count, flush=True)
os.kill(0, 9)
"""
_HOG = "kept = [bytearray(b'x' * (1 << 20)) for _ in range(128)]; print('survived')"
_FILL = """\
import errno
try:
    with open('fill', 'wb', 0) as file:
        for _ in range(16):
            file.write(b'x' * (1 << 20))
    print('filled')
except OSError as error:
    print(errno.errorcode[error.errno])
"""
_DAEMON = """\
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', NAME])
    os._exit(0)
os.wait()
print('ready', flush=True)
time.sleep(60)
"""


class Collector:
    """Keeps what a probe prints."""

    def __init__(self) -> None:
        self.text = ""

    async def started(self) -> None:
        return None

    async def output(self, stream: Stream, data: bytes) -> None:
        if stream == "stdout":
            self.text += data.decode(errors="replace")


class Prober:
    """Runs probes in one sandbox; every failure to run is a failed check."""

    def __init__(self, sandbox: Executor, tools: Tools, state_dir: Path) -> None:
        self._sandbox = sandbox
        self._python = str(tools.python)
        self._state_dir = state_dir

    async def probe_isolation(self) -> list[Check]:
        """What code inside can see and do."""
        nonce = secrets.token_hex(16)
        soft = "soft" if self._sandbox.levels.memory != "hard" else "hard"
        server = await asyncio.start_server(_refuse, "127.0.0.1", 0)
        async with server:
            with self._canary(nonce) as canary:
                port = server.sockets[0].getsockname()[1]
                arguments = (nonce, str(canary), str(port), str(os.getpid()), soft)
                source = _INSIDE.read_bytes()
                job = self._job(("probe.py", *arguments), source)
                text, outcome = await self._run(job)
        return _read_findings(text, nonce, outcome)

    async def probe_limits(self) -> list[Check]:
        """Whether the limits hold."""
        forked, _ = await self._run(self._script(_FORKS, Limits(wall_seconds=15)))
        count = int(forked) if forked.strip().isdigit() else -1
        hog, hog_outcome = await self._run(self._script(_HOG))
        is_memory_held = hog_outcome is not None and "survived" not in hog
        limits = Limits(wall_seconds=15, workspace_bytes=4 * MIB)
        filled, _ = await self._run(self._script(_FILL, limits))
        return [
            Check("fork limit", 0 <= count <= 64, "processes are not limited"),
            Check("memory limit", is_memory_held, "memory is not limited"),
            Check("workspace limit", filled.strip() == "ENOSPC", "disk is not limited"),
        ]

    async def probe_kill(self) -> Check:
        """A daemon that left its group and session must die with the sandbox."""
        name = f"4{secrets.randbelow(10**9):09d}"
        sink, cancel = Collector(), asyncio.Event()
        source = _DAEMON.replace("NAME", repr(name))
        job = self._script(source)
        task = asyncio.create_task(self._sandbox.run(job, sink, cancel))
        try:
            was_alive = await _appears(name, task)
        finally:
            cancel.set()
        try:
            await task
        except RunnerError:
            was_alive = False
        is_ok = was_alive and not _is_running(name)
        return Check("kill", is_ok, "a process outlived its sandbox")

    def _script(self, source: str, limits: Limits = _LIMITS) -> Job:
        return self._job(("probe.py",), source.encode(), limits)

    def _job(
        self, arguments: tuple[str, ...], source: bytes, limits: Limits = _LIMITS
    ) -> Job:
        argv = (self._python, "-I", *arguments)
        files = (InputFile("probe.py", source),)
        return Job(argv=argv, files=files, limits=limits)

    async def _run(self, job: Job) -> tuple[str, Outcome | None]:
        sink = Collector()
        try:
            outcome = await self._sandbox.run(job, sink, asyncio.Event())
        except RunnerError:
            return "", None
        return sink.text, outcome

    @contextmanager
    def _canary(self, nonce: str) -> Iterator[Path]:
        """A file and a variable of ours that nothing inside may see."""
        path = self._state_dir / f"canary-{nonce}"
        path.write_text(nonce)
        path.chmod(0o644)
        os.environ[_CANARY_VARIABLE] = nonce
        try:
            yield path
        finally:
            del os.environ[_CANARY_VARIABLE]
            path.unlink(missing_ok=True)


async def _refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


def _read_findings(text: str, nonce: str, outcome: Outcome | None) -> list[Check]:
    try:
        document = json.loads(text)
        findings = document["findings"] if document["nonce"] == nonce else {}
    except (ValueError, KeyError, TypeError):
        findings = {}
    if not findings:
        detail = "a program could not be started in the sandbox"
        if outcome is not None and outcome.message:
            detail = outcome.message.rstrip(".").lower()
        return [
            Check(
                "sandbox starts",
                is_ok=False,
                detail=detail,
                mend=_mend_for_containers(),
            )
        ]
    return [
        Check(name, is_ok is True, f"the sandbox does not give: {name}")
        for name, is_ok in findings.items()
    ]


def _mend_for_containers() -> str:
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            "Inside a container the runner needs an unmasked /proc and a seccomp "
            "profile that allows user namespaces; see docs/sandbox.md."
        )
    return "See docs/sandbox.md, section Doctor."


async def _appears(name: str, task: asyncio.Task[Outcome]) -> bool:
    for _attempt in range(200):
        if _is_running(name):
            return True
        if task.done():
            return False
        await asyncio.sleep(0.02)
    return False


def _is_running(name: str) -> bool:
    """Whether any process of this machine has `name` as its last argument."""
    wanted = b"\0" + name.encode() + b"\0"
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                if (entry / "cmdline").read_bytes().endswith(wanted):
                    return True
    return False
