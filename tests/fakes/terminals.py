"""Terminals whose shells print what a test says, over the runner's real protocol."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from runner.errors import NoTerminalError
from runner.protocol import (
    ProtocolError,
    Reply,
    TerminalAck,
    TerminalAttach,
    TerminalAttached,
    TerminalBlock,
    TerminalClose,
    TerminalDriving,
    TerminalEnd,
    TerminalEnded,
    TerminalInput,
    TerminalOutput,
    TerminalResize,
    TerminalResized,
    TerminalSignal,
    TerminalTaken,
    parse_request,
    read_frame,
)

STARTED_MS = 1_790_000_000_000
_PIECE = 32 * 1024

Send = Callable[[Reply], Awaitable[None]]


@dataclass
class FakeAttachment:
    """One connection that is attached to a shell."""

    request: TerminalAttach
    send: Send
    is_driver: bool = False


@dataclass
class FakeShell:
    """A shell. `typed` is what was taken, `takes` how much of each input it takes."""

    name: str
    generation: str
    started_ms: int
    rows: int
    cols: int
    cwd: str
    data: bytearray = field(default_factory=bytearray)
    typed: bytearray = field(default_factory=bytearray)
    signals: list[str] = field(default_factory=list)
    takes: int | None = None
    acked: int = 0
    blocks: list[TerminalBlock] = field(default_factory=list)
    stored: int = -1
    ended: TerminalEnded | None = None
    here: list[FakeAttachment] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def print(self, data: bytes, *, at_ms: int = 0, cut: int = 0) -> None:
        """Show bytes to everybody, and one block to who records."""
        offset = len(self.data)
        self.data += data
        chunks = ((0, data),) if data else ()
        block = TerminalBlock(
            next(self._numbers), at_ms, offset, chunks, cut, self.rows, self.cols
        )
        self.blocks.append(block)
        for each in list(self.here):
            if each.request.role == "recorder":
                await each.send(block)
            else:
                await self._show(each, offset)

    async def _show(self, each: FakeAttachment, offset: int) -> None:
        for start in range(offset, len(self.data), _PIECE):
            piece = bytes(self.data[start : start + _PIECE])
            await each.send(TerminalOutput(start, piece))

    async def skip(self, size: int) -> None:
        """Have so many bytes that nobody here gets to see."""
        self.data += b"." * size

    async def end(self, reason: TerminalEnd = "exit", code: int | None = 0) -> None:
        """End, and tell everybody."""
        if self.ended is None:
            self.ended = TerminalEnded(code, reason)
            for each in list(self.here):
                await each.send(self.ended)

    async def resize(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols
        for each in list(self.here):
            await each.send(TerminalResized(rows, cols))

    async def welcome(self, each: FakeAttachment, *, is_new: bool) -> None:
        """Tell an attachment what it missed."""
        request, end = each.request, len(self.data)
        after = request.after if request.after is not None else 0
        offset = after if after <= end else 0
        if each.is_driver:
            for other in self.here:
                if other.is_driver:
                    other.is_driver = False
                    await other.send(TerminalDriving(False))
        self.here.append(each)
        await each.send(
            TerminalAttached(
                is_new,
                self.generation,
                self.started_ms,
                offset,
                self.rows,
                self.cols,
                head=end,
            )
        )
        if request.role == "recorder":
            for block in self.blocks:
                await each.send(block)
        else:
            await self._show(each, offset)
        if self.ended is not None:
            await each.send(self.ended)

    async def take(self, each: FakeAttachment, request: object) -> None:
        """Do what an attachment asks."""
        match request:
            case TerminalInput(id=id_, data=data):
                count = len(data) if self.takes is None else min(self.takes, len(data))
                count = count if each.is_driver else 0
                self.typed += data[:count]
                await each.send(TerminalTaken(id_, count))
            case TerminalResize(rows=rows, cols=cols) if each.is_driver:
                await self.resize(rows, cols)
            case TerminalSignal(signal=signal) if each.is_driver:
                self.signals.append(signal)
            case TerminalClose() if each.is_driver:
                await self.end("killed", None)
            case TerminalAck(upto=upto) if each.request.role == "recorder":
                self.stored = max(self.stored, upto)
                self.blocks = [one for one in self.blocks if one.number > upto]
            case TerminalAck(upto=upto):
                self.acked = max(self.acked, upto)


@dataclass
class FakeTerminals:
    """The shells of a runner, by workspace and name; all that ever were, in order."""

    generation: str = "fake"
    shells: list[FakeShell] = field(default_factory=list)
    attaches: list[TerminalAttach] = field(default_factory=list)
    _live: dict[tuple[str, str], list[FakeShell]] = field(default_factory=dict)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def find(self, name: str = "1") -> FakeShell:
        """The newest shell of this name."""
        return next(each for each in reversed(self.shells) if each.name == name)

    def restart(self, generation: str) -> None:
        """Lose everything, as a runner does that was killed."""
        self.generation = generation
        self._live.clear()
        for writer in list(self._writers):
            writer.close()

    def cut(self) -> None:
        """Lose the connections only."""
        for writer in list(self._writers):
            writer.close()

    async def serve(
        self,
        request: TerminalAttach,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        send: Send,
    ) -> None:
        """Be one connection's terminal until it ends. Raises RunnerError."""
        self.attaches.append(request)
        shell, is_new = self._choose(request)
        each = FakeAttachment(request, send, request.role == "driver")
        self._writers.add(writer)
        try:
            await shell.welcome(each, is_new=is_new)
            while (data := await read_frame(reader)) is not None:
                await shell.take(each, parse_request(data))
        except (ConnectionError, ProtocolError):
            return
        finally:
            self._writers.discard(writer)
            if each in shell.here:
                shell.here.remove(each)

    def _choose(self, request: TerminalAttach) -> tuple[FakeShell, bool]:
        shells = self._live.setdefault((request.workspace.id, request.name), [])
        if request.role == "recorder":
            for shell in shells:
                if shell.blocks or shell.ended is None:
                    return shell, False
        for shell in shells:
            if shell.ended is None:
                return shell, False
        if request.role != "driver":
            raise NoTerminalError("There is no such terminal.")
        made = FakeShell(
            request.name,
            self.generation,
            STARTED_MS + 1000 * len(self.shells),
            request.rows,
            request.cols,
            request.cwd,
        )
        shells.append(made)
        self.shells.append(made)
        return made, True
