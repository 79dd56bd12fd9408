"""What is asked of the runner and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID, uuid4

from runner.protocol import (
    InputFile,
    LimitRequest,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStarted,
    WorkspaceChanged,
)

RunFrame = RunQueued | RunStarted | RunOutput | WorkspaceChanged | RunFinished
Reason = Literal["exited", "timeout", "cancelled", "memory", "output", "failed"]


@dataclass(frozen=True, slots=True)
class WorkspaceRef:
    """A workspace on a runner's disk. The runner refuses an epoch lower than the
    highest it has seen for it."""

    workspace: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class FileWrite:
    """New bytes for a path (None deletes it), if the SHA-256 of what is on the disk is
    `expected`; "" expects nothing there."""

    path: str
    data: bytes | None
    expected: str


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One command; paths are relative to the workspace root.

    Without `workspace` it runs in a fresh one that holds `files`; with it, in the open
    workspace, and there are no `files`.
    """

    argv: tuple[str, ...]
    files: tuple[InputFile, ...] = ()
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    limits: LimitRequest = field(default_factory=LimitRequest)
    collect: tuple[str, ...] = ()
    run: UUID = field(default_factory=uuid4)
    workspace: WorkspaceRef | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """A whole run; `stdout` and `stderr` hold what was kept of the output."""

    reason: Reason
    exit_code: int | None
    message: str
    stdout: bytes
    stderr: bytes
    duration_ms: int
    peak_memory_bytes: int
    truncated: bool
    files: Mapping[str, bytes]

    @property
    def is_success(self) -> bool:
        return self.reason == "exited" and self.exit_code == 0


def source_file(path: str, text: str) -> InputFile:
    """A text file for `RunSpec.files`."""
    return InputFile(path, text.encode())
