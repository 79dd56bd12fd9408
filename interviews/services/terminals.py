"""Terminals on record: which process writes it, each shell's start, output and end.

One process at a time has the lease of an interview's terminals. What it stores names
the shell and the number of the block, so that what a killed process had stored, and
not said so to the runner, is not stored again by the next one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from base.clock import now
from base.statements import lock_row, update_row
from interviews.enums import InterviewState, Origin
from interviews.models import (
    Interview,
    Terminal,
    TerminalRecording,
    WorkspaceLease,
)
from interviews.runner_client import WorkspaceRef
from interviews.services.metering import record_terminal_time
from interviews.services.sections import lock_workspace
from interviews.terminals import Chunk, keep_tail, pack_chunks
from interviews.timeline.log import NewEvent, append_events
from interviews.timeline.registry import Payload
from interviews.timeline.terminals import (
    TerminalEnded,
    TerminalOutput,
    TerminalRecordingFull,
    TerminalResized,
    TerminalStarted,
)

LEASE = timedelta(seconds=10)
# A block is of a second at most; what it uses counts as one.
BLOCK_MS = 1000
# What compresses well still has to be played: it counts at least this part of itself.
_LEAST_PART = 4
_RECORDING = ("id", "interview", "owner", "recorded_bytes", "is_full")
_SHELL = ("shell", "recorded_shell", "ended_shell")
_USE = ("next_block", "used_ms", "used_until_ms", "rows", "cols")
_TERMINAL = ("id", "interview", "name", *_SHELL, *_USE)


class RecordingLostError(Exception):
    """Another process keeps these terminals on record; whoever gets this stops."""


@dataclass(frozen=True)
class Shell:
    """One shell of a terminal: the runner's process `generation`, and its start."""

    name: str
    generation: str
    started_at: datetime
    rows: int
    cols: int

    @property
    def id(self) -> str:
        """What no other shell of this terminal is called."""
        return f"{self.generation}.{int(self.started_at.timestamp() * 1000)}"

    def is_of(self, shell_id: str) -> bool:
        """Say whether a shell with this id ran in the same process of the runner."""
        return shell_id.rpartition(".")[0] == self.generation


@dataclass(frozen=True)
class Recorded:
    """Up to a second of output, as the runner numbered it; see TerminalOutput."""

    number: int
    started_ms: int
    offset: int
    chunks: Sequence[Chunk]
    rows: int
    cols: int
    cut: int = 0


@dataclass(frozen=True)
class Kept:
    """What the process with the lease has to know: open shells {name: id}."""

    is_active: bool
    shells: dict[str, str]


def find_workspace(interview_id: UUID) -> tuple[str, WorkspaceRef] | None:
    """Return the runner that has the workspace open, and how to name it there."""
    lease = WorkspaceLease.objects.filter(interview_id=interview_id).first()
    if lease is None or not lease.generation:
        return None
    return lease.runner, WorkspaceRef(interview_id, lease.epoch)


@transaction.atomic
def require_open(interview_id: UUID) -> None:
    """Raise InterviewEndedError or WrongStateError unless a shell may be started."""
    lock_workspace(interview_id)


@transaction.atomic
def note_shell(interview_id: UUID, shell: Shell) -> None:
    """Write down that a terminal has this shell, so that it gets on record."""
    terminal, _is_new = Terminal.objects.select_for_update().get_or_create(
        interview_id=interview_id, name=shell.name
    )
    if terminal.shell != shell.id:
        terminal.shell, terminal.updated_at = shell.id, now()
        terminal.save(update_fields=["shell", "updated_at"])


def claim_recording(interview_id: UUID, *, owner: str) -> bool:
    """Take the lease if nobody has it; say whether it is the owner's now."""
    TerminalRecording.objects.get_or_create(interview_id=interview_id)
    is_free = Q(lease_until=None) | Q(lease_until__lt=now()) | Q(owner=owner)
    return _take(is_free, interview_id, owner)


def take_recording(interview_id: UUID, *, owner: str) -> None:
    """Take the lease from whoever has it; they notice before they store anything."""
    TerminalRecording.objects.get_or_create(interview_id=interview_id)
    _take(Q(), interview_id, owner)


def _take(condition: Q, interview_id: UUID, owner: str) -> bool:
    rows = TerminalRecording.objects.filter(condition, interview_id=interview_id)
    return bool(rows.update(owner=owner, lease_until=now() + LEASE))


def release_recording(interview_id: UUID, *, owner: str) -> None:
    """Give the lease back."""
    TerminalRecording.objects.filter(interview_id=interview_id, owner=owner).update(
        owner="", lease_until=None
    )


def keep_recording(interview_id: UUID, *, owner: str) -> Kept:
    """Prolong the lease and look what is open. Raises RecordingLostError."""
    if not _take(Q(owner=owner), interview_id, owner):
        raise RecordingLostError(interview_id)
    return read_kept(interview_id)


def read_kept(interview_id: UUID) -> Kept:
    """Return the open shells of an interview, and whether it goes on."""
    rows = Interview.objects.filter(pk=interview_id).values_list(
        "state", "terminals__name", "terminals__shell", "terminals__ended_shell"
    )
    found = list(rows)
    shells = {name: shell for _state, name, shell, ended in found if shell != ended}
    is_active = any(state == InterviewState.ACTIVE for state, *_shell in found)
    return Kept(is_active, shells)


@transaction.atomic
def store_started(interview_id: UUID, shell: Shell, *, owner: str) -> None:
    """Put a shell's start on record, once; one before it is over with that."""
    recording, terminal = _hold(interview_id, shell.name, owner)
    if terminal.recorded_shell == shell.id:
        return
    if terminal.recorded_shell != terminal.ended_shell:
        _end(recording, terminal, code=None, reason="restart")
    terminal.shell = terminal.recorded_shell = shell.id
    terminal.next_block, terminal.used_until_ms = 0, 0
    terminal.rows, terminal.cols = shell.rows, shell.cols
    changed = ("shell", "recorded_shell", "next_block", "used_until_ms")
    _save(terminal, *changed, "rows", "cols")
    started = TerminalStarted(
        name=shell.name, rows=shell.rows, cols=shell.cols, generation=shell.generation
    )
    _append(recording, started, shell.started_at)


@transaction.atomic
def store_blocks(
    interview_id: UUID, shell: Shell, blocks: Sequence[Recorded], *, owner: str
) -> None:
    """Put blocks on record, each once, within the limit of the interview.

    Raises RecordingLostError.
    """
    recording, terminal = _hold(interview_id, shell.name, owner)
    if terminal.recorded_shell != shell.id:
        return
    found: list[NewEvent] = []
    for block in blocks:
        if block.number < terminal.next_block:
            continue
        terminal.next_block = block.number + 1
        _count_use(terminal, block.started_ms)
        at = shell.started_at + timedelta(milliseconds=block.started_ms)
        payloads = _describe(recording, terminal, block)
        found += [_at(recording, payload, at) for payload in payloads]
    _save(terminal, *_USE)
    update_row(recording, ("recorded_bytes", "is_full"))
    if found:
        append_events(recording.interview, found)


def _describe(
    recording: TerminalRecording, terminal: Terminal, block: Recorded
) -> Iterator[Payload]:
    """What a block adds to the record; counts it."""
    if (block.rows, block.cols) != (terminal.rows, terminal.cols):
        yield _resize(terminal, block.rows, block.cols)
    if block.chunks and not recording.is_full:
        yield _count_output(recording, _pack(terminal.name, block))


def _count_use(terminal: Terminal, started_ms: int) -> None:
    """Count a block's second, but none of it twice: a flood has several blocks in one."""
    until = started_ms + BLOCK_MS
    terminal.used_ms += max(0, until - max(started_ms, terminal.used_until_ms))
    terminal.used_until_ms = max(until, terminal.used_until_ms)


def _pack(name: str, block: Recorded) -> TerminalOutput:
    whole = sum(len(data) for _at, data in block.chunks)
    kept = keep_tail(block.chunks)
    size = sum(len(data) for _at, data in kept)
    return TerminalOutput(
        name=name,
        offset=block.offset + whole - size,
        started_ms=block.started_ms,
        data=pack_chunks(kept),
        size=size,
        cut=block.cut + whole - size,
    )


def _count_output(
    recording: TerminalRecording, output: TerminalOutput
) -> TerminalOutput | TerminalRecordingFull:
    """The output, or the mark of the end where it is too much."""
    cost = max(len(output.data), output.size // _LEAST_PART)
    kept = recording.recorded_bytes
    recording.is_full = kept + cost > settings.LIMITS["terminal_recorded_bytes"]
    if recording.is_full:
        return TerminalRecordingFull(kept_bytes=kept)
    recording.recorded_bytes += cost
    return output


@transaction.atomic
def store_resized(
    interview_id: UUID, shell: Shell, rows: int, cols: int, *, owner: str
) -> None:
    """Put a new size on record. Raises RecordingLostError."""
    recording, terminal = _hold(interview_id, shell.name, owner)
    is_same = (rows, cols) == (terminal.rows, terminal.cols)
    if terminal.recorded_shell == shell.id and not is_same:
        resized = _resize(terminal, rows, cols)
        _save(terminal, "rows", "cols")
        _append(recording, resized, now())


def _resize(terminal: Terminal, rows: int, cols: int) -> TerminalResized:
    terminal.rows, terminal.cols = rows, cols
    return TerminalResized(name=terminal.name, rows=rows, cols=cols)


@transaction.atomic
def store_ended(
    interview_id: UUID,
    name: str,
    shell_id: str,
    *,
    code: int | None,
    reason: str,
    owner: str,
) -> None:
    """Put a shell's end on record, once, and what it used of the sandbox.

    Raises RecordingLostError.
    """
    recording, terminal = _hold(interview_id, name, owner)
    if terminal.recorded_shell == shell_id and terminal.ended_shell != shell_id:
        _end(recording, terminal, code=code, reason=reason)
    elif terminal.shell == shell_id:
        # It was gone before anything of it was seen.
        terminal.ended_shell = shell_id
        _save(terminal, "ended_shell")


def _end(
    recording: TerminalRecording, terminal: Terminal, *, code: int | None, reason: str
) -> None:
    """The payer's account is locked last of all: see record_sandbox_time."""
    used, terminal.used_ms = terminal.used_ms, 0
    terminal.ended_shell = terminal.recorded_shell
    _save(terminal, "ended_shell", "used_ms")
    ended = TerminalEnded(name=terminal.name, code=code, reason=reason)
    _append(recording, ended, now())
    record_terminal_time(recording.interview, terminal, used)


def _hold(
    interview_id: UUID, name: str, owner: str
) -> tuple[TerminalRecording, Terminal]:
    """The lock on the first holds for all the interview's terminals."""
    recording = lock_row(TerminalRecording, _RECORDING, interview=interview_id)
    if recording is None or recording.owner != owner:
        raise RecordingLostError(interview_id)
    terminal = lock_row(Terminal, _TERMINAL, interview=interview_id, name=name)
    if terminal is None:
        terminal, _is_new = Terminal.objects.get_or_create(
            interview_id=interview_id, name=name
        )
    return recording, terminal


def _save(terminal: Terminal, *fields: str) -> None:
    terminal.updated_at = now()
    update_row(terminal, (*fields, "updated_at"))


def _append(recording: TerminalRecording, payload: Payload, at: datetime) -> None:
    append_events(recording.interview, [_at(recording, payload, at)])


def _at(recording: TerminalRecording, payload: Payload, at: datetime) -> NewEvent:
    """An event at the runner's time, but never before the start or in the future."""
    earliest = recording.interview.started_at or at
    return NewEvent(Origin.SYSTEM, payload, at=min(max(at, earliest), now()))
