"""A session with one terminal on a runner."""

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from interviews.runner_client.errors import RunnerUnavailable, runner_lost
from interviews.runner_client.specs import WorkspaceRef
from interviews.runner_client.transport import Link, refusal
from runner.protocol import (
    Failure,
    Reply,
    Role,
    Signal,
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
    WorkspaceChanged,
    WorkspaceKey,
)

ATTACH_SECONDS = 30.0
_REPLY_SECONDS = 30.0
# What a session holds that was not read yet; a driver's is bounded by its window.
_HELD_BYTES = 256 * 1024
_INPUT_BYTES = 64 * 1024
# Beside its bytes a frame counts this much, so that many small ones are bounded too.
_FRAME_BYTES = 64


@dataclass(frozen=True, slots=True)
class Output:
    """Bytes of the terminal; the first has the number `offset`. Where that is not the
    end of what came before, a slow viewer has missed what lies between."""

    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resized:
    """The terminal has this size from now on."""

    rows: int
    cols: int


@dataclass(frozen=True, slots=True)
class Driving:
    """Somebody else has attached as the driver: `write` takes nothing any more."""

    is_driver: bool


@dataclass(frozen=True, slots=True)
class Ended:
    """The last frame: nothing of the terminal is alive. `code` is the shell's exit code,
    None where it was ended."""

    code: int | None
    reason: TerminalEnd


@dataclass(frozen=True, slots=True)
class Block:
    """At most a second of output, for a recorder; at most 256 KiB.

    `chunks` are (milliseconds since the block began, bytes); the first byte has the
    number `offset`. `cut` bytes before `offset` are in no block: the output came faster
    than is recorded, or nobody took blocks for too long. `rows` and `cols` hold for the
    whole block.
    """

    number: int
    at_ms_since_start: int
    offset: int
    chunks: Sequence[tuple[int, bytes]]
    cut: int
    rows: int
    cols: int


TerminalFrame = Output | Resized | Driving | Block | Ended | WorkspaceChanged


class TerminalSession:
    """One attachment to one terminal; leaving it leaves the terminal running.

    `read` and the others may be called by different tasks, `read` by one at a time.
    Every call raises RunnerUnavailable once the connection is lost.

    A recorder gets `Block`, `Resized`, `Ended`, and `WorkspaceChanged`: something on the
    disk differs from what was agreed, as during a run. It is for one shell: after `Ended`
    attach again for the next. Attached to a name it gets the oldest shell of it with
    blocks nobody has acknowledged, else the live one; `no_terminal` where neither is.
    """

    def __init__(self, link: Link, role: Role) -> None:
        self._link = link
        self._numbers = itertools.count(1)
        self._frames: deque[TerminalFrame] = deque()
        self._held = 0
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._taken: dict[str, asyncio.Future[int]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._error: RunnerUnavailable | None = None
        self.role: Role = role
        self.is_new = False
        self.generation = ""
        self.started_at = datetime.fromtimestamp(0, UTC)
        self.offset = 0
        # Output before this byte is older than the attachment.
        self.head = 0
        self.rows = 0
        self.cols = 0

    async def attach(self, request: TerminalAttach) -> None:
        """Called once, before anything else. RunnerUnavailable where it is refused."""
        await self._link.send(request)
        reply = await self._link.receive(ATTACH_SECONDS)
        if isinstance(reply, Failure):
            raise refusal(reply)
        if not isinstance(reply, TerminalAttached):
            raise runner_lost()
        self.is_new, self.generation = reply.is_new, reply.generation
        self.started_at = datetime.fromtimestamp(reply.started_ms / 1000, UTC)
        self.offset, self.rows, self.cols = reply.offset, reply.rows, reply.cols
        self.head = reply.head
        self._reader = asyncio.create_task(self._keep_reading())

    async def read(self) -> TerminalFrame:
        """The next frame, in order; after `Ended` comes nothing more."""
        while not self._frames:
            if self._error is not None:
                raise self._error
            self._news.clear()
            await self._news.wait()
        frame = self._frames.popleft()
        self._held -= _weigh(frame)
        self._room.set()
        return frame

    async def write(self, data: bytes) -> int:
        """Type; how many bytes were taken. The rest is refused: the program does not
        read, or somebody else drives."""
        taken = 0
        for start in range(0, len(data), _INPUT_BYTES):
            piece = data[start : start + _INPUT_BYTES]
            count = await self._type(piece)
            taken += count
            if count < len(piece):
                break
        return taken

    async def resize(self, rows: int, cols: int) -> None:
        """Wish for another size (a driver); it is clamped to 1..500."""
        await self._send(TerminalResize(rows, cols))

    async def signal(self, name: Signal) -> None:
        """Send what Ctrl-C, Ctrl-\\ and Ctrl-Z send, also where input is not read."""
        await self._send(TerminalSignal(name))

    async def ack(self, upto: int) -> None:
        """As a driver: all bytes before this number are shown. As a recorder: all blocks
        up to this number are stored."""
        await self._send(TerminalAck(upto))

    async def close_terminal(self) -> None:
        """Kill the shell with everything it has started; `Ended` follows (a driver)."""
        await self._send(TerminalClose())

    async def detach(self) -> None:
        """Stop reading; called once, at the end."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader

    async def _type(self, data: bytes) -> int:
        number = str(next(self._numbers))
        future = asyncio.get_running_loop().create_future()
        self._taken[number] = future
        try:
            await self._send(TerminalInput(number, data))
            async with asyncio.timeout(_REPLY_SECONDS):
                return int(await future)
        except TimeoutError as error:
            raise runner_lost() from error
        finally:
            del self._taken[number]

    async def _send(
        self,
        frame: TerminalInput
        | TerminalResize
        | TerminalSignal
        | TerminalAck
        | TerminalClose,
    ) -> None:
        if self._error is not None:
            raise self._error
        try:
            await self._link.send(frame)
        except ConnectionError as error:
            raise runner_lost() from error

    async def _keep_reading(self) -> None:
        """Until the connection ends. A driver's frames are taken as they come, so that
        an answer never waits behind output: its window bounds them."""
        try:
            while True:
                await self._until_room()
                self._take(await self._link.receive(None))
        except RunnerUnavailable as error:
            self._fail(error)
        except ConnectionError:
            self._fail(runner_lost())

    async def _until_room(self) -> None:
        while self.role != "driver" and self._held >= _HELD_BYTES:
            self._room.clear()
            await self._room.wait()

    def _take(self, reply: Reply) -> None:
        if isinstance(reply, Failure):
            raise refusal(reply)
        if isinstance(reply, TerminalTaken):
            future = self._taken.get(reply.id)
            if future is not None and not future.done():
                future.set_result(reply.count)
            return
        frame = _read_frame(reply)
        if frame is None:
            raise runner_lost()
        self._held += _weigh(frame)
        self._frames.append(frame)
        self._news.set()

    def _fail(self, error: RunnerUnavailable) -> None:
        self._error = error
        self._news.set()
        for future in self._taken.values():
            if not future.done():
                future.set_exception(error)


def make_request(
    ref: WorkspaceRef,
    name: str,
    *,
    role: Role,
    size: tuple[int, int],
    after: int | None,
    cwd: str,
) -> TerminalAttach:
    """The frame that attaches."""
    key = WorkspaceKey(str(ref.workspace), ref.epoch)
    return TerminalAttach(key, name, role, *size, after=after, cwd=cwd)


def _read_frame(reply: Reply) -> TerminalFrame | None:
    """The frame as it is read here; None for what does not belong to a terminal."""
    match reply:
        case TerminalOutput(offset, data):
            return Output(offset, data)
        case TerminalResized(rows, cols):
            return Resized(rows, cols)
        case TerminalDriving(is_driver):
            return Driving(is_driver)
        case TerminalEnded(code, reason):
            return Ended(code, reason)
        case TerminalBlock(number, at, offset, chunks, cut, rows, cols):
            return Block(number, at, offset, chunks, cut, rows, cols)
        case WorkspaceChanged():
            return reply
    return None


def _weigh(frame: TerminalFrame) -> int:
    match frame:
        case Output(data=data):
            return _FRAME_BYTES + len(data)
        case Block(chunks=chunks):
            return _FRAME_BYTES + sum(len(data) for _ms, data in chunks)
    return _FRAME_BYTES
