"""What a hostile program is in these tests: its source and how it has to end."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from interviews.runner_client import LimitRequest, RunResult, RunSpec, source_file

MIB = 1024 * 1024

# The program ended by itself, or a limit ended it.
ITSELF = frozenset({"exited"})
BY_CLOCK = frozenset({"timeout"})
BY_MEMORY = frozenset({"memory"})
BY_OUTPUT = frozenset({"output"})
ANYHOW = frozenset({"exited", "timeout", "memory", "output"})

# Prepended to every list of attempts: `refused` says what an attempt could do.
_ATTEMPTS = """\
import ctypes, fcntl, os, resource, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(*args):
    if libc.syscall(*args) < 0:
        raise OSError(ctypes.get_errno(), 'x')
    return 'allowed'
def add_address():
    # RTM_NEWADDR: 10.9.8.7 for the loopback.
    s = socket.socket(16, 3, 0)
    s.send(struct.pack('=IHHIIBBBBI', 32, 20, 0x505, 1, 0, 2, 24, 0, 0, 1)
           + struct.pack('=HH4B', 8, 2, 10, 9, 8, 7))
    code = struct.unpack('=i', s.recv(99)[16:20])[0]
    if code:
        raise OSError(-code, 'x')
    return 'allowed'
def refused(action):
    try:
        return repr(action())
    except (OSError, ValueError):
        return 'refused'
"""


@dataclass(frozen=True, slots=True)
class Program:
    """One program of a group of the threat model.

    `says` is all it may print (stdout), unless None. `@NAME@` in the source stands for
    a fact of the stage. The run has to be over `within` seconds of its wall time.
    """

    group: int
    name: str
    argv: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    ends: frozenset[str] = ITSELF
    says: str | None = None
    limits: LimitRequest = field(default_factory=lambda: LimitRequest(wall_seconds=8))
    collect: tuple[str, ...] = ()
    needs: str = ""
    within: float = 8.0
    is_short: bool = False

    @property
    def id(self) -> str:
        return f"{self.group:02} {self.name}"

    def spec(self, facts: Mapping[str, str]) -> RunSpec:
        """What is asked of the runner."""
        return RunSpec(
            argv=tuple(_fill(word, facts) for word in self.argv),
            files=tuple(
                source_file(path, _fill(text, facts))
                for path, text in self.files.items()
            ),
            env={facts["MARK"]: facts["MARK"]},
            limits=self.limits,
            collect=self.collect,
        )

    def find_fault(self, result: RunResult, secrets: tuple[str, ...]) -> str:
        """What is wrong with how it ended; empty when it was contained."""
        out = result.stdout.decode(errors="replace")
        everything = out + result.stderr.decode(errors="replace")
        everything += "".join(repr(data) for data in result.files.values())
        if result.reason not in self.ends:
            return f"ended by {result.reason}: {result.message} {everything[:300]}"
        if self.says is not None and out.strip() != self.says:
            return f"said {everything[:300]!r}"
        if any(secret in everything for secret in secrets):
            return "saw a secret"
        if self.is_forged(result):
            return "a killed run has an exit code"
        limit = (self.limits.wall_seconds or 0) + self.within
        if result.duration_ms > limit * 1000:
            return f"took {result.duration_ms} ms"
        return ""

    @staticmethod
    def is_forged(result: RunResult) -> bool:
        return (result.exit_code is not None) is not (result.reason == "exited")


def _fill(text: str, facts: Mapping[str, str]) -> str:
    for name, value in facts.items():
        text = text.replace(f"@{name}@", value)
    return text


def limit(
    seconds: float, memory: int | None = None, processes: int | None = None
) -> LimitRequest:
    return LimitRequest(
        wall_seconds=seconds,
        memory_bytes=None if memory is None else memory * MIB,
        processes=processes,
    )


def python(source: str) -> tuple[str, ...]:
    return ("/usr/bin/python3", "-c", source)


def bash(script: str) -> tuple[str, ...]:
    return ("bash", "-c", script)


def attempts(
    group: int, name: str, *expressions: str, is_short: bool = False
) -> Program:
    """A program whose every attempt the kernel has to refuse."""
    lines = "".join(f"print(refused(lambda: {each}))\n" for each in expressions)
    return Program(
        group,
        name,
        python(_ATTEMPTS + lines),
        says="\n".join(["refused"] * len(expressions)),
        is_short=is_short,
    )
