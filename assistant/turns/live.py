"""One live answer: its text as it grows, and whoever follows it."""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

from base.text import utf16_length, utf16_slice

COALESCE_SECONDS = 0.05


@dataclass(frozen=True)
class Delta:
    """Visible text; `offset` counts the UTF-16 code units before it."""

    offset: int
    text: str


class LiveText:
    """Text that grows, read by any number of followers, each at its own pace.

    A follower that is slow gets fewer, larger deltas; nothing is queued for it, so
    memory is bounded by the answer itself.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._ends: list[int] = []
        self._changed = asyncio.Event()
        self.is_closed = False

    @property
    def length(self) -> int:
        """Code units so far."""
        return self._ends[-1] if self._ends else 0

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join(self._pieces)

    def append(self, piece: str) -> None:
        """Add a piece and wake the followers."""
        self._pieces.append(piece)
        self._ends.append(self.length + utf16_length(piece))
        self._wake()

    def close(self) -> None:
        """Say that nothing more comes."""
        self.is_closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def since(self, offset: int) -> str:
        """Return the text from an offset in code units on."""
        first = bisect_right(self._ends, offset)
        before = self._ends[first - 1] if first else 0
        return utf16_slice("".join(self._pieces[first:]), max(offset - before, 0))

    async def follow(self, offset: int = 0) -> AsyncIterator[Delta]:
        """Yield what is there from `offset` on, then what comes, until the close.

        The first delta goes out at once, later ones at most every 50 ms.
        """
        sent_at = 0.0
        while True:
            changed = self._changed
            if self.length > offset:
                pause = sent_at + COALESCE_SECONDS - monotonic()
                if pause > 0 and not self.is_closed:
                    await asyncio.sleep(pause)
                text = self.since(offset)
                yield Delta(offset, text)
                offset += utf16_length(text)
                sent_at = monotonic()
            elif self.is_closed:
                return
            else:
                await changed.wait()


@dataclass
class LiveTurn:
    """A turn that this process owns; `end_frame` is the closing frame once known.

    `is_ending` is set when it is decided how the answer ends; storing that is not
    to be disturbed. `is_shut_down` leaves the question behind it to another process.
    """

    id: UUID
    text: LiveText
    started: asyncio.Event
    ended: asyncio.Event
    task: asyncio.Task[None] | None = None
    start_frame: dict[str, Any] | None = None
    end_frame: dict[str, Any] | None = None
    is_ending: bool = False
    is_shut_down: bool = False

    @classmethod
    def create(cls, turn_id: UUID) -> "LiveTurn":
        """Return a turn that has not started."""
        return cls(turn_id, LiveText(), asyncio.Event(), asyncio.Event())

    def stop(self) -> None:
        """Cancel the answer, once and before its end; what arrived is kept."""
        if self.task is not None and not self.is_ending:
            self.is_ending = True
            self.task.cancel()
