"""How far a socket may run ahead of its page: what is not known to be read is bounded.

A server buffers without bound for a page that stalls (daphne), or makes the sender wait
(uvicorn). Here the page says itself how far it has read: it answers `ping`, in order.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

# In code units of text and side frames.
PING_EVERY = 16_384
UNREAD_MOST = 65_536
# A page that answers nothing for so long is given up: it comes back and resumes.
ANSWERS_WITHIN = 60.0


class PageStalledError(OSError):
    """The page has read nothing for a minute."""


class SendWindow:
    """Counts what a socket sends and what its page has read."""

    def __init__(self, send: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
        self._send = send
        self._sent = 0
        self._asked = 0
        self._read = 0
        self._moved = asyncio.Event()

    @property
    def unread(self) -> int:
        """How much is on its way to the page, as far as we know."""
        return self._sent - self._read

    async def note_sent(self, units: int) -> None:
        """Count what was sent; wait while the page has too much before it.

        Raises PageStalledError where it reads nothing more.
        """
        self._sent += units
        if self._sent - self._asked >= PING_EVERY:
            self._asked = self._sent
            await self._send({"type": "ping", "t": self._sent})
        while self.unread > UNREAD_MOST:
            self._moved.clear()
            try:
                await asyncio.wait_for(self._moved.wait(), ANSWERS_WITHIN)
            except TimeoutError:
                raise PageStalledError from None

    def note_read(self, sent: float | None) -> None:
        """Take a page's answer to a ping; one that claims too much is ignored."""
        if sent is not None and self._read < sent <= self._asked:
            self._read = int(sent)
            self._moved.set()
