"""A runner with a workspace, and people who sit at its terminals."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from interviews.runner_client import RunnerClient, TerminalSession, WorkspaceRef
from interviews.runner_client.terminals import (
    Block,
    Driving,
    Ended,
    Output,
    Resized,
    TerminalFrame,
)
from runner.protocol import WorkspaceChanged
from runner.server import Server
from runner.terminals.terminal import Terminal
from tests.runner.conftest import open_server

# Long enough for a machine that is busy with other tests.
PATIENCE_SECONDS = 60.0
PROMPT = b"$ "
# Readline brackets what is pasted while it waits for a line.
_PASTING_OFF = "\x1b[?2004l\r"


@dataclass
class Seat:
    """Somebody at a terminal, with all that was seen."""

    session: TerminalSession
    acknowledges: bool = True
    seen: bytearray = field(default_factory=bytearray)
    frames: list[TerminalFrame] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    end: int = -1

    def __post_init__(self) -> None:
        self.end = self.session.offset

    @property
    def blocks(self) -> list[Block]:
        return [each for each in self.frames if isinstance(each, Block)]

    async def take(self) -> TerminalFrame:
        frame = await self.session.read()
        if isinstance(frame, Output):
            if frame.offset != self.end:
                self.gaps.append((self.end, frame.offset))
            self.seen += frame.data
            self.end = frame.offset + len(frame.data)
            if self.acknowledges and self.session.role == "driver":
                await self.session.ack(self.end)
        else:
            self.frames.append(frame)
        return frame

    async def until(self, is_enough: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_enough():
                await self.take()

    async def see(self, *words: bytes) -> bytes:
        """Read on until all words came, in this order, after what was seen before."""
        await self.until(lambda: self._ends_of(words) >= 0)
        end = self._ends_of(words)
        found = bytes(self.seen[:end])
        del self.seen[:end]
        return found

    def _ends_of(self, words: tuple[bytes, ...]) -> int:
        at = 0
        for word in words:
            found = self.seen.find(word, at)
            if found < 0:
                return -1
            at = found + len(word)
        return at

    async def keys(self, text: str | bytes) -> int:
        data = text.encode() if isinstance(text, str) else text
        return await self.session.write(data)

    async def run(self, command: str) -> str:
        """What a command prints, up to the next prompt."""
        mark = uuid4().hex
        await self.keys(f"{command}; echo {mark[:9]}''{mark[9:]}\r")
        found = await self.see(mark.encode(), PROMPT)
        echo = f"{mark[:9]}''{mark[9:]}\r\n"
        _echo, _, rest = found.decode(errors="replace").partition(echo)
        said = rest.partition(mark)[0].replace("\r\n", "\n")
        return said.removeprefix(_PASTING_OFF)

    async def ended(self) -> Ended:
        await self.until(lambda: self.frames and isinstance(self.frames[-1], Ended))
        last = self.frames[-1]
        assert isinstance(last, Ended)
        return last

    async def until_frame(self, kind: type[Any]) -> Any:
        await self.until(lambda: any(isinstance(each, kind) for each in self.frames))
        found = next(each for each in self.frames if isinstance(each, kind))
        self.frames.remove(found)
        return found


@dataclass
class Desk:
    """One workspace on a server of its own."""

    client: RunnerClient
    ref: WorkspaceRef

    @asynccontextmanager
    async def sit(
        self, name: str = "1", role: str = "driver", **more: Any
    ) -> AsyncIterator[Seat]:
        size = {"rows": 24, "cols": 80} | more
        acknowledges = size.pop("acknowledges", True)
        async with self.client.attach_terminal(
            self.ref,
            name,
            role=role,  # type: ignore[arg-type]
            **size,
        ) as session:
            yield Seat(session, acknowledges)

    @asynccontextmanager
    async def open(self, name: str = "1", **more: Any) -> AsyncIterator[Seat]:
        """Drive a shell that shows its prompt."""
        async with self.sit(name, **more) as seat:
            await seat.see(PROMPT)
            yield seat

    async def close_workspace(self) -> None:
        async with self.client.workspace(self.ref, roots=["task"]) as session:
            await session.close_workspace()


def count_descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count


async def until(is_true: Callable[[], object]) -> None:
    """Wait for a state; the deadline is for a test that fails."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_true():  # noqa: ASYNC110 - states have no event
            await asyncio.sleep(0.01)


@dataclass
class InnerDesk(Desk):
    """The same with the runner in this process, to look into."""

    server: Server
    path: Path

    def terminal(self, name: str = "1") -> Terminal:
        return next(each for each in self.server.terminals.live if each.name == name)


async def open_workspace(path: Path) -> WorkspaceRef:
    ref = WorkspaceRef(uuid4(), 1)
    async with RunnerClient(path).workspace(ref, roots=["task"]):
        return ref


@asynccontextmanager
async def open_inner_desk(directory: Path, **more: Any) -> AsyncIterator[InnerDesk]:
    async with open_server(directory, **more) as (path, server):
        yield InnerDesk(RunnerClient(path), await open_workspace(path), server, path)


__all__ = [
    "Block",
    "Desk",
    "Driving",
    "Ended",
    "InnerDesk",
    "Resized",
    "Seat",
    "WorkspaceChanged",
    "count_descriptors",
    "open_inner_desk",
    "open_workspace",
    "until",
]
