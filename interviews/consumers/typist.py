"""What is typed in a window, on its way to a terminal: in order, and bounded."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

from interviews.runner_client import RunnerUnavailable, TerminalSession

# What waits for a program that does not read; the rest is refused.
MOST_WAITING_BYTES = 256 * 1024
_SIGNALS: dict[bytes, Any] = {b"\x03": "INT", b"\x1c": "QUIT", b"\x1a": "TSTP"}


class Desk(Protocol):
    """The window as the typist needs it."""

    async def find_session(self) -> TerminalSession | None:
        """Return the terminal, or None where it is gone."""

    async def may_type(self) -> bool:
        """Say whether what is typed here counts now."""

    async def freshen(self) -> None:
        """Have the files on the disk before a command may use them."""

    async def send_frame(self, frame: Mapping[str, Any]) -> None:
        """Send one JSON frame."""


class Typist:
    """Types into a terminal what a window sends.

    The socket never waits for it: what the page says it has shown must be heard while
    a program does not read.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._news = asyncio.Event()

    def type(self, data: bytes) -> int:
        """Take what fits; return how many bytes were refused."""
        room = max(0, MOST_WAITING_BYTES - self._size)
        taken = data[:room]
        if taken:
            self._waiting.append(taken)
            self._size += len(taken)
            self._news.set()
        return len(data) - len(taken)

    async def work(self) -> None:
        """Type until cancelled."""
        while True:
            await self._news.wait()
            self._news.clear()
            data = b"".join(self._waiting)
            self._waiting.clear()
            try:
                await self._type(data)
            except RunnerUnavailable:
                # The reading side tells the window what is lost.
                pass
            finally:
                self._size -= len(data)

    async def _type(self, data: bytes) -> None:
        may_type = await self._desk.may_type()
        session = await self._desk.find_session()
        if session is None or not may_type:
            return
        if b"\r" in data or b"\n" in data:
            await self._desk.freshen()
        refused = len(data) - await session.write(data)
        if refused and data in _SIGNALS:
            await session.signal(_SIGNALS[data])
        elif refused:
            await self._desk.send_frame({"type": "refused", "bytes": refused})
