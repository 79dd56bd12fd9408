"""The one interface every sandbox has, and the one that runs nothing."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from runner.errors import SandboxUnavailableError, TerminalsOffError
from runner.limits import Limits
from runner.protocol import CollectedFile, InputFile
from runner.protocol.replies import Reason, Stream


@dataclass(frozen=True, slots=True)
class Home:
    """A directory on the runner's disk that outlives a run, and the account it is of.

    `path` is absolute and may be searched by `uid` all the way down, since the sandbox
    is built with the rights of that account. `uid` is never 0; it is our own where the
    runner is not root. Whoever opens a home owns the lease of its uid.
    """

    path: Path
    uid: int


@dataclass(frozen=True, slots=True)
class Job:
    """One command to run, with its limits already settled.

    It runs in a fresh workspace that dies with it, or, with `home`, in that directory;
    then `files` is empty, `cwd` exists already and the directory's own quota holds
    instead of `limits.workspace_bytes`.
    """

    argv: tuple[str, ...]
    files: tuple[InputFile, ...] = ()
    cwd: str = ""
    env: dict[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    limits: Limits = field(default_factory=Limits)
    collect: tuple[str, ...] = ()
    home: Home | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended; `exit_code` only when the program ended by itself."""

    reason: Reason
    exit_code: int | None
    message: str
    duration_ms: int
    peak_memory_bytes: int
    truncated: bool
    files: tuple[CollectedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Levels:
    """How firmly each limit holds: "hard", "soft" or "none"."""

    memory: str
    pids: str
    cpu: str
    workspace: str

    def to_json(self) -> dict[str, str]:
        return {
            "memory": self.memory,
            "pids": self.pids,
            "cpu": self.cpu,
            "workspace": self.workspace,
        }

    @property
    def is_hard(self) -> bool:
        return set(self.to_json().values()) == {"hard"}


class Sink(Protocol):
    """Where a job tells what happens; a slow sink slows the program down."""

    async def started(self) -> None: ...

    async def output(self, stream: Stream, data: bytes) -> None: ...


class Executor(Protocol):
    """Runs a job contained, or raises; there is no way to run one uncontained."""

    @property
    def levels(self) -> Levels: ...

    async def run(self, job: Job, sink: Sink, cancel: asyncio.Event) -> Outcome:
        """Run to the end. Setting `cancel` ends the job with reason "cancelled"."""
        ...


@dataclass(frozen=True, slots=True)
class ShellPlan:
    """A shell to start in a home: its folder there, and the size of its terminal."""

    home: Home
    cwd: str
    rows: int
    cols: int


class Shell(Protocol):
    """A shell on a terminal of its own, contained as a job is."""

    @property
    def master(self) -> int:
        """Our side of the terminal, which never blocks; whoever has the shell closes it
        after the end."""
        ...

    @property
    def exit_code(self) -> int | None:
        """What it ended with by itself; None before, and when it was killed."""
        ...

    @property
    def is_out_of_memory(self) -> bool:
        """It was killed because all terminals of the home together had too much."""
        ...

    def is_resting(self) -> bool:
        """Only the shell is alive, and waits for a key."""
        ...

    async def wait(self) -> None:
        """Until it has ended, or has to because of the memory it uses."""
        ...

    async def end(self) -> None:
        """Kill it and everything it has started; nothing is left when this returns."""
        ...


class Sandbox(Executor, Protocol):
    """What the runner works with: it also gets ready for runs that will come."""

    async def open_shell(self, plan: ShellPlan) -> Shell:
        """Start a shell; RunnerError where that does not work."""
        ...

    async def prepare(self, home: Home) -> None:
        """Runs in this home will follow: get ready, where that makes them faster.

        A run in a home prepares it too. It is released before it goes away.
        """
        ...

    async def release(self, home: Home) -> None:
        """Nothing that waits for a job is left in the home when this returns."""
        ...

    async def close(self) -> None:
        """Wait until nothing of any job is left."""
        ...


class DisabledSandbox:
    """Stands in whenever the doctor found a fault: refuses every job."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def levels(self) -> Levels:
        return Levels(memory="none", pids="none", cpu="none", workspace="none")

    async def run(self, job: Job, sink: Sink, cancel: asyncio.Event) -> Outcome:
        raise SandboxUnavailableError(self._reason)

    async def open_shell(self, plan: ShellPlan) -> Shell:
        raise TerminalsOffError(self._reason)

    async def prepare(self, home: Home) -> None:
        return None

    async def release(self, home: Home) -> None:
        return None

    async def close(self) -> None:
        return None
