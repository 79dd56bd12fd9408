"""One connection that follows a terminal: what it has got, and what it gets next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Protocol

from runner.protocol import (
    Reply,
    Role,
    TerminalBlock,
    TerminalDriving,
    TerminalEnded,
    TerminalOutput,
    TerminalResized,
    WorkspaceChanged,
)
from runner.terminals.bounds import (
    FRAME_BYTES,
    GATHER_SECONDS,
    RING_BYTES,
    WINDOW_BYTES,
)
from runner.terminals.ring import Ring

Send = Callable[[Reply], Awaitable[None]]
Note = TerminalResized | TerminalDriving | WorkspaceChanged

# A viewer that does not read is told the last sizes only.
_MAX_NOTES = 8


class Source(Protocol):
    """What an attachment follows."""

    ring: Ring
    ended: TerminalEnded | None

    def attend(self) -> None:
        """An attachment has taken something."""
        ...


class Attachment:
    """A driver or a viewer; `offset` is the number of the next byte it gets."""

    def __init__(self, source: Source, role: Role, send: Send, offset: int) -> None:
        self.role: Role = role
        self.offset = offset
        self.acknowledged = offset
        self._source = source
        self._send = send
        self._news = asyncio.Event()
        self._full = asyncio.Event()
        self._notes: deque[Note] = deque(maxlen=_MAX_NOTES)
        self._sent_at = 0.0

    @property
    def is_behind(self) -> bool:
        """As a driver, it has so much to take or to show that output has to wait."""
        end = self._source.ring.end
        return (
            end - self.acknowledged >= WINDOW_BYTES
            or end - self.offset >= RING_BYTES - FRAME_BYTES
        )

    def wake(self) -> None:
        """There is something new."""
        self._news.set()
        if self._source.ring.end - self.offset >= FRAME_BYTES:
            self._full.set()

    def tell(self, note: Note) -> None:
        """Have a note sent before the next output."""
        self._notes.append(note)
        self.wake()

    def acknowledge(self, upto: int) -> None:
        """All bytes before `upto` are shown; never more than were sent."""
        self.acknowledged = max(self.acknowledged, min(upto, self.offset))
        self._source.attend()

    async def pump(self) -> None:
        """Send until the terminal has ended; ConnectionError once the client is gone."""
        while True:
            self._news.clear()
            ended = self._source.ended
            if await self._send_notes() or await self._send_next():
                continue
            if ended is not None:
                await self._send(ended)
                return
            await self._news.wait()

    async def _send_notes(self) -> bool:
        has_any = bool(self._notes)
        while self._notes:
            await self._send(self._notes.popleft())
        return has_any

    async def _send_next(self) -> bool:
        """Send a frame of output; False where there is none."""
        if self._source.ring.end == self.offset:
            return False
        await self._gather()
        ring = self._source.ring
        if self.offset < ring.start:
            self.offset = ring.find_resync()
        offset, data = self.offset, ring.read(self.offset, FRAME_BYTES)
        self.offset += len(data)
        self._source.attend()
        await self._send(TerminalOutput(offset, data))
        self._sent_at = _now()
        return True

    async def _gather(self) -> None:
        """What comes after a pause goes at once; more of it soon after, together."""
        wait = self._sent_at + GATHER_SECONDS - _now()
        if wait <= 0 or self._source.ring.end - self.offset >= FRAME_BYTES:
            return
        self._full.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._full.wait()


class Recorder(Attachment):
    """Gets blocks instead of output."""

    def __init__(
        self, source: Source, send: Send, blocks: Iterator[TerminalBlock | None]
    ) -> None:
        super().__init__(source, "recorder", send, 0)
        self._blocks = blocks

    @property
    def is_behind(self) -> bool:
        """What it does not take in time is cut; nothing waits for it."""
        return False

    async def _send_next(self) -> bool:
        block = next(self._blocks)
        if block is None:
            return False
        await self._send(block)
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
