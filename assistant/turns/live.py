"""One live answer: its text as it grows, what happens beside it, whoever follows it."""

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from base.text import utf16_length, utf16_slice

COALESCE_SECONDS = 0.04
# A wait that is shorter is not worth its timer.
_LEAST_WAIT_SECONDS = 0.01
# What is sent in one piece, in code units: a frame stays far below 1 MiB.
LARGEST_DELTA = 32_768
# Side frames that are kept for those who come back; an answer has a few dozen.
SIDES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Delta:
    """Visible text; `offset` counts the UTF-16 code units before it."""

    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Side:
    """A frame that is not text (a tool, a proposal); `offset` is the text before it."""

    offset: int
    frame: Mapping[str, Any]


class LiveText:
    """Text that grows, read by any number of followers, each at its own pace.

    A follower that is slow gets fewer, larger deltas; nothing is queued for it, so
    memory is bounded by the answer itself and the side frames that are kept.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._ends: list[int] = []
        self._sides: list[Side] = []
        self._sides_gone = 0
        self._changed = asyncio.Event()
        self.on_change: Callable[[], None] | None = None
        self.is_closed = False

    @property
    def length(self) -> int:
        """Code units so far."""
        return self._ends[-1] if self._ends else 0

    @property
    def text(self) -> str:
        """Everything so far."""
        return "".join(self._pieces)

    @property
    def side_count(self) -> int:
        """Side frames so far, those that are no longer kept included."""
        return self._sides_gone + len(self._sides)

    def append(self, piece: str) -> None:
        """Add a piece and wake the followers."""
        self._pieces.append(piece)
        self._ends.append(self.length + utf16_length(piece))
        self._wake()

    def tell(self, frame: Mapping[str, Any], offset: int | None = None) -> None:
        """Have the followers told a side frame, after the text so far or `offset`."""
        at = self.length if offset is None else offset
        last = self._sides[-1].offset if self._sides else 0
        self._sides.append(Side(max(at, last), frame))
        if len(self._sides) > SIDES_KEPT:
            del self._sides[0]
            self._sides_gone += 1
        self._wake()

    def close(self) -> None:
        """Say that nothing more comes."""
        self.is_closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        if self.on_change is not None:
            self.on_change()

    def since(self, offset: int) -> str:
        """Return the text from an offset in code units on."""
        first = bisect_right(self._ends, offset)
        before = self._ends[first - 1] if first else 0
        text = "".join(self._pieces[first:])
        return utf16_slice(text, offset - before) if offset > before else text

    def take(self, offset: int, side: int) -> Delta | Side | None:
        """Return what comes next for one who has `offset` units and `side` frames."""
        ahead = side - self._sides_gone
        waiting = self._sides[max(ahead, 0)] if ahead < len(self._sides) else None
        if waiting is not None and waiting.offset <= offset:
            return waiting
        if self.length <= offset:
            return None
        text = self.since(offset)
        if waiting is not None:
            text = utf16_slice(text, 0, waiting.offset - offset)
        return Delta(offset, text[:LARGEST_DELTA])

    def first_side(self, offset: int) -> int:
        """Return the number of the first side frame that one at `offset` needs."""
        return self._sides_gone + bisect_left(
            self._sides, offset, key=lambda side: side.offset
        )

    async def follow(self, offset: int = 0) -> AsyncGenerator[Delta | Side, None]:
        """Yield what is there from `offset` on, then what comes, until the close.

        The first delta goes out at once, later ones at most every 40 ms; a side frame
        at once, after the text before it. One at the very offset is told again.
        """
        clock = asyncio.get_running_loop().time
        sent_at = -COALESCE_SECONDS
        side = self.first_side(offset)
        while True:
            changed = self._changed
            part = self.take(offset, side)
            if isinstance(part, Delta):
                pause = sent_at + COALESCE_SECONDS - clock()
                if pause > _LEAST_WAIT_SECONDS and not (
                    self.is_closed or self._has_side(side)
                ):
                    await asyncio.sleep(pause)
                    part = self.take(offset, side) or part
            if isinstance(part, Delta):
                yield part
                offset += utf16_length(part.text)
                sent_at = clock()
            elif part is not None:
                side = max(side, self._sides_gone) + 1
                yield part
            elif self.is_closed:
                return
            else:
                await changed.wait()

    def _has_side(self, side: int) -> bool:
        return side < self.side_count


@dataclass
class LiveTurn:
    """A turn that goes on; `end_frame` is the closing frame once known.

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

    @property
    def is_followable(self) -> bool:
        """Whether following it leads to its end: one lost to another truth does not."""
        return self.end_frame is not None or not self.ended.is_set()

    def tell(self, frame: Mapping[str, Any]) -> None:
        """Tell the followers something beside the text, where the text stands now.

        `frame` is JSON with its `type`; who comes back at that offset is told again,
        so it needs an id of its own by which a page knows it.
        """
        self.text.tell(frame)

    def stop(self) -> None:
        """Cancel the answer, once and before its end; what arrived is kept."""
        if self.task is not None and not self.is_ending:
            self.is_ending = True
            self.task.cancel()
