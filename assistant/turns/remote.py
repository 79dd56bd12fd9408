"""Answers that another process owns, as this process knows them.

Each has one mirror here, however many pages follow it: fed by the turn log where there
is Redis, and by the store's checkpoints where there is none, where the log says nothing
or has lost something. What a mirror has is never taken back and never doubled.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from assistant.turns.live import LiveTurn
from base.detached import start_detached
from base.text import utf16_length, utf16_slice

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
# While the log speaks, the store is only asked whether the turn has ended.
SILENCE_SECONDS = 2.0
# Entries that wait for the store to fill a gap before them.
HELD_ENTRIES = 2_000


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What the owner wrote at once: text, side frames, how it began, how it ended.

    `parts` are [offset, text] and [offset, frame, number of the side frame].
    """

    start: dict[str, Any] | None = None
    parts: tuple[tuple[Any, ...], ...] = ()
    end: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What the store knows of a turn; `text` is whole once there is an `end`.

    `sides` are the side frames that are stored, wherever in the text they belong; pages
    know them by their own ids. `is_known` is False for a turn that is not there.
    """

    is_known: bool
    text: str = ""
    start: dict[str, Any] | None = None
    end: dict[str, Any] | None = None
    sides: tuple[dict[str, Any], ...] = ()


class Source(Protocol):
    """Where a mirror may hear of its turn before the store knows."""

    async def watch(self, turn_id: UUID, take: Callable[[LogEntry], None]) -> None:
        """Have `take` called with every entry, those written before included."""

    def unwatch(self, turn_id: UUID) -> None:
        """Have it called no more."""


@dataclass(eq=False)
class Mirror:
    """One answer of another process; `live` is what pages follow.

    `live` closes without an end frame where the turn is to be looked for anew.
    """

    live: LiveTurn
    followers: int = 0
    is_known: bool = True
    heard_at: float = -SILENCE_SECONDS
    task: asyncio.Task[None] | None = None
    _sides: int = 0
    _told: set[tuple[str, str]] = field(default_factory=set)
    _held: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=HELD_ENTRIES))

    @property
    def has_gap(self) -> bool:
        """Whether entries wait for what the log has lost."""
        return bool(self._held)

    def take(self, entry: LogEntry) -> None:
        """Take what the owner wrote; what is known already changes nothing."""
        if self.live.ended.is_set():
            return
        self.heard_at = _clock()
        self._held.append(entry)
        self._apply_held()

    def take_progress(self, progress: Progress) -> None:
        """Take what the store knows; it has the last word on how a turn ended."""
        if self.live.ended.is_set():
            return
        self._begin(progress.start)
        length = self.live.text.length
        if utf16_length(progress.text) > length:
            self.live.text.append(utf16_slice(progress.text, length))
        for frame in progress.sides:
            self._tell(frame, self.live.text.length)
        if progress.end is not None:
            self.live.end_frame = progress.end
            self.close()
        else:
            self._apply_held()

    def close(self) -> None:
        """Say that nothing more comes from here."""
        self._held.clear()
        self.live.text.close()
        self.live.started.set()
        self.live.ended.set()

    def _begin(self, frame: dict[str, Any] | None) -> None:
        if frame is not None and self.live.start_frame is None:
            self.live.start_frame = frame
        if frame is not None:
            self.live.started.set()

    def _tell(self, frame: dict[str, Any], offset: int) -> None:
        """Tell a side frame; what the store and the log both have, once."""
        name = frame.get("edit") or frame.get("question")
        if name:
            key = (frame["type"], name)
            if key in self._told:
                return
            self._told.add(key)
        self.live.text.tell(frame, offset)

    def _apply_held(self) -> None:
        while self._held:
            if not self._apply(self._held[0]) or self.live.ended.is_set():
                return
            self._held.popleft()

    def _apply(self, entry: LogEntry) -> bool:
        """Take an entry; False where something before it is missing."""
        text = self.live.text
        self._begin(entry.start)
        for offset, part, *number in entry.parts:
            if offset > text.length:
                return False
            if number and number[0] >= self._sides:
                self._sides = number[0] + 1
                self._tell(part, offset)
            elif not number and offset + utf16_length(part) > text.length:
                text.append(utf16_slice(part, text.length - offset))
        if entry.end is not None:
            if entry.end.get("text_length", 0) > text.length:
                return False
            self.live.end_frame = entry.end
            self.close()
        return True


class RemoteTurns:
    """The mirrors of a process.

    `read` asks the store and begins what may begin; `is_here` says that a turn has come
    to this process meanwhile.
    """

    def __init__(
        self,
        *,
        read: Callable[[UUID, UUID], Awaitable[Progress]],
        is_here: Callable[[UUID], bool],
        source: Source,
    ) -> None:
        self._read = read
        self._is_here = is_here
        self._source = source
        self._mirrors: dict[UUID, Mirror] = {}

    @asynccontextmanager
    async def open(self, interview_id: UUID, turn_id: UUID) -> AsyncIterator[Mirror]:
        """Follow a turn; the mirror goes with its last follower."""
        mirror = self._mirrors.get(turn_id)
        if mirror is None or mirror.live.ended.is_set():
            mirror = self._mirrors[turn_id] = Mirror(LiveTurn.create(turn_id))
            mirror.task = start_detached(
                self._feed(mirror, interview_id), name=f"mirror-{turn_id}"
            )
        mirror.followers += 1
        try:
            yield mirror
        finally:
            mirror.followers -= 1
            if mirror.followers == 0:
                await self._let_go(mirror)

    async def _let_go(self, mirror: Mirror) -> None:
        if self._mirrors.get(mirror.live.id) is mirror:
            del self._mirrors[mirror.live.id]
        if mirror.task is not None:
            mirror.task.cancel()
            await asyncio.wait({mirror.task})

    async def _feed(self, mirror: Mirror, interview_id: UUID) -> None:
        """Ask the store first: what has ended there is true, whatever a log says."""
        turn_id = mirror.live.id
        try:
            await self._poll(mirror, interview_id)
            if not mirror.live.ended.is_set():
                await self._source.watch(turn_id, mirror.take)
            while not mirror.live.ended.is_set():
                await _rest(mirror)
                await self._poll(mirror, interview_id)
        finally:
            if self._mirrors.get(turn_id) in (mirror, None):
                self._source.unwatch(turn_id)
            mirror.close()

    async def _poll(self, mirror: Mirror, interview_id: UUID) -> None:
        try:
            progress = await self._read(interview_id, mirror.live.id)
        except Exception:
            # The store may be back the next time; pages wait until then.
            logger.exception("Turn %s could not be looked up", mirror.live.id)
            return
        mirror.is_known = progress.is_known
        if not progress.is_known or self._is_here(mirror.live.id):
            mirror.close()
        else:
            mirror.take_progress(progress)


async def _rest(mirror: Mirror) -> None:
    """Wait until the store is to be asked again: soon where the log says nothing."""
    while not await _happens(mirror.live.ended, POLL_SECONDS):
        if mirror.has_gap or _clock() - mirror.heard_at > SILENCE_SECONDS:
            return


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for it, but not longer; say whether it happened."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


def _clock() -> float:
    return asyncio.get_running_loop().time()
