"""A session with one workspace on a runner's disk."""

import asyncio
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from interviews.runner_client.errors import runner_lost
from interviews.runner_client.specs import FileWrite, WorkspaceRef
from interviews.runner_client.transport import Link, refusal
from runner.protocol import (
    Failure,
    FileChange,
    WorkspaceAgree,
    WorkspaceAgreed,
    WorkspaceClose,
    WorkspaceClosed,
    WorkspaceContents,
    WorkspaceEntries,
    WorkspaceEntry,
    WorkspaceOpen,
    WorkspaceOpened,
    WorkspaceRead,
    WorkspaceRequest,
    WorkspaceScan,
    WorkspaceWrite,
    WorkspaceWritten,
)

_REPLY_SECONDS = 60.0
# Below what a frame may hold, and in pieces that do not keep the runner busy for long.
_PATHS_AT_ONCE = 1_000
_CHANGES_AT_ONCE = 500
_BYTES_AT_ONCE = 16 * 1024 * 1024

R = TypeVar("R")
T = TypeVar("T")


class WorkspaceSession:
    """One connection to an open workspace; calls of several tasks take turns.

    RunnerUnavailable is raised by every call: its codes `stale_epoch` and
    `workspace_closed` mean that this session is over. Leaving the session leaves the
    workspace as it is.
    """

    def __init__(self, link: Link, ref: WorkspaceRef) -> None:
        self._link = link
        self._key = (str(ref.workspace), ref.epoch)
        self._numbers = itertools.count(1)
        self._lock = asyncio.Lock()
        self.is_new = False
        self.generation = ""
        self.is_truncated = False
        self.skipped = 0

    async def open(self, roots: Sequence[str]) -> None:
        """Make or join the workspace; called once, before anything else."""
        request = WorkspaceOpen(self._new_id(), *self._key, tuple(roots))
        reply = await self._ask(request, WorkspaceOpened)
        self.is_new, self.generation = reply.is_new, reply.generation

    async def scan(self) -> tuple[WorkspaceEntry, ...]:
        """What is on the disk now. A path that is not listed is not known to be gone:
        only `gone` says so.

        Sets `is_truncated` when there is more than is listed, and `skipped` to the
        number of names that no text can hold.
        """
        request = WorkspaceScan(self._new_id(), *self._key)
        reply = await self._ask(request, WorkspaceEntries)
        self.is_truncated, self.skipped = reply.is_truncated, reply.skipped
        return reply.entries

    async def read(self, paths: Sequence[str]) -> dict[str, bytes]:
        """The bytes of each file; those that are none, or too large, are left out."""
        found: dict[str, bytes] = {}
        for piece in _pieces(paths, _PATHS_AT_ONCE):
            wanted = tuple(piece)
            while wanted:
                request = WorkspaceRead(self._new_id(), *self._key, wanted)
                reply = await self._ask(request, WorkspaceContents)
                found |= {item.path: item.data for item in reply.files}
                # What did not fit is asked for again, until nothing more comes.
                wanted = reply.skipped if reply.files else ()
        return found

    async def write(self, changes: Sequence[FileWrite]) -> frozenset[str]:
        """Make each change whose `expected` is what is on the disk; the others'
        paths are returned. `workspace_full`: some may have been made."""
        conflicts: set[str] = set()
        for piece in _sized_pieces(changes):
            request = WorkspaceWrite(self._new_id(), *self._key, piece)
            reply = await self._ask(request, WorkspaceWritten)
            conflicts.update(reply.conflicts)
        return frozenset(conflicts)

    async def agree(self, bases: Mapping[str, str]) -> None:
        """Note the hashes that disk and database agree on; "" forgets a path."""
        for piece in _pieces(list(bases.items()), _PATHS_AT_ONCE):
            request = WorkspaceAgree(self._new_id(), *self._key, dict(piece))
            await self._ask(request, WorkspaceAgreed)

    async def close_workspace(self) -> None:
        """Kill what runs in the workspace and remove it."""
        await self._ask(WorkspaceClose(self._new_id(), *self._key), WorkspaceClosed)

    def _new_id(self) -> str:
        return str(next(self._numbers))

    async def _ask(self, request: WorkspaceRequest, kind: type[R]) -> R:
        async with self._lock:
            await self._link.send(request)
            while True:
                reply = await self._link.receive(_REPLY_SECONDS)
                # A call that was cancelled leaves its reply behind for the next one.
                if getattr(reply, "id", request.id) != request.id:
                    continue
                if isinstance(reply, Failure):
                    raise refusal(reply)
                if isinstance(reply, kind):
                    return reply
                raise runner_lost()


def _pieces(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _sized_pieces(changes: Sequence[FileWrite]) -> Iterator[tuple[FileChange, ...]]:
    piece: list[FileChange] = []
    size = 0
    for change in changes:
        added = len(change.data or b"")
        if piece and (len(piece) >= _CHANGES_AT_ONCE or size + added > _BYTES_AT_ONCE):
            yield tuple(piece)
            piece, size = [], 0
        piece.append(FileChange(change.path, change.data, change.expected))
        size += added
    if piece:
        yield tuple(piece)
