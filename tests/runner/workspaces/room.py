"""A connection to a runner with a workspace, and what its runs bring back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from runner.protocol import (
    Failure,
    FileChange,
    LimitRequest,
    Reply,
    Request,
    RunFinished,
    RunOutput,
    RunStart,
    WorkspaceAgree,
    WorkspaceClose,
    WorkspaceClosed,
    WorkspaceContents,
    WorkspaceEntries,
    WorkspaceEntry,
    WorkspaceKey,
    WorkspaceOpen,
    WorkspaceOpened,
    WorkspaceRead,
    WorkspaceScan,
    WorkspaceWrite,
    WorkspaceWritten,
)
from tests.runner.wire import Wire

R = TypeVar("R")


class Room(Wire):
    """A connection with a workspace."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        super().__init__(reader, writer)
        self.key = WorkspaceKey(str(uuid4()), 1)

    async def __aenter__(self) -> "Room":
        return self

    @property
    def head(self) -> tuple[str, str, int]:
        return ("1", self.key.id, self.key.epoch)

    async def ask(self, request: Request, kind: type[R]) -> R:
        self.send(request)
        reply = await self.receive()
        assert isinstance(reply, kind)
        return reply

    async def open(self) -> WorkspaceOpened:
        return await self.ask(WorkspaceOpen(*self.head, ("task",)), WorkspaceOpened)

    async def write(self, **files: bytes) -> None:
        changes = [FileChange(f"task/{name}", data, "") for name, data in files.items()]
        request = WorkspaceWrite(*self.head, tuple(changes))
        assert (await self.ask(request, WorkspaceWritten)).conflicts == ()

    async def scan(self) -> dict[str, WorkspaceEntry]:
        reply = await self.ask(WorkspaceScan(*self.head), WorkspaceEntries)
        return {entry.path: entry for entry in reply.entries}

    async def read(self, *paths: str) -> dict[str, bytes]:
        reply = await self.ask(WorkspaceRead(*self.head, paths), WorkspaceContents)
        return {item.path: item.data for item in reply.files}

    async def agree(self, entries: dict[str, WorkspaceEntry]) -> None:
        bases = {path: entry.hash for path, entry in entries.items()}
        self.send(WorkspaceAgree(*self.head, bases))
        await self.receive()

    async def close(self) -> None:
        await self.ask(WorkspaceClose(*self.head), WorkspaceClosed)

    def command(self, *argv: str, wall: float = 20) -> RunStart:
        limits = LimitRequest(wall_seconds=wall)
        return RunStart(
            str(uuid4()), argv, cwd="task", limits=limits, workspace=self.key
        )

    async def run(self, *argv: str, wall: float = 20) -> "Ran":
        self.send(self.command(*argv, wall=wall))
        return await self.rest()

    async def shell(self, script: str, wall: float = 20) -> "Ran":
        return await self.run("sh", "-c", script, wall=wall)

    async def rest(self) -> "Ran":
        frames: list[Reply] = []
        while not (frames and isinstance(frames[-1], RunFinished | Failure)):
            frames.append(await self.receive())
        return Ran(frames)


class Ran:
    """What came back of a run."""

    def __init__(self, frames: Sequence[Reply]) -> None:
        self.frames = list(frames)

    @property
    def finished(self) -> RunFinished:
        last = self.frames[-1]
        assert isinstance(last, RunFinished), last
        return last

    @property
    def text(self) -> str:
        pieces = [each.data for each in self.frames if isinstance(each, RunOutput)]
        return b"".join(pieces).decode()

    @property
    def kinds(self) -> list[str]:
        return [type(frame).__name__ for frame in self.frames]


async def enter(path: Path) -> Room:
    return Room(*await asyncio.open_unix_connection(path))


@asynccontextmanager
async def open_room(path: Path) -> AsyncIterator[Room]:
    async with await enter(path) as room:
        await room.open()
        yield room
