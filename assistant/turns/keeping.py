"""Keeping turns alive and what arrived of them, each second, many in one go."""

import asyncio
import logging
from contextlib import suppress
from itertools import cycle
from uuid import UUID
from weakref import WeakKeyDictionary

from assistant.services.checkpoints import Piece, checkpoint_turns
from assistant.services.turns import checkpoint_turn
from assistant.turns.threads import in_thread
from assistant.turns.words import Words
from base.detached import start_detached
from base.text import utf16_length

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 1.0
# A second's answers are kept in so many goes: each is short, and holds up few.
GOES = 4


class Keeper:
    """Knows what of one answer is kept; one checkpoint of it at a time."""

    def __init__(self, words: Words, owner: str) -> None:
        self.owner = owner
        self._words = words
        self._live = words.live
        self._stored = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def turn_id(self) -> UUID:
        """The turn it keeps."""
        return self._live.id

    @property
    def is_idle(self) -> bool:
        """Whether no checkpoint of it is under way."""
        return self._is_idle.is_set()

    def start(self) -> None:
        """Have a checkpoint written each second."""
        _beat_of(self.owner).join(self)

    async def stop(self) -> None:
        """Have no more written, and wait for one under way.

        It is not cancelled: it would go on in its thread and meet the last one.
        """
        _beat_of(self.owner).leave(self)
        await self._is_idle.wait()

    def read_news(self) -> Piece:
        """Return what arrived since the last checkpoint that succeeded."""
        marks = list(self._words.marks)
        return Piece(
            self._live.id,
            self._stored,
            self._live.text.since(self._stored),
            [[int((at - marks[0][0]) * 1000), offset] for at, offset in marks],
        )

    def begin(self) -> Piece:
        """Return the news for a checkpoint that is written now; `end` comes after it."""
        self._is_idle.clear()
        return self.read_news()

    def note_kept(self, piece: Piece, *, goes_on: bool) -> None:
        """A piece is kept; an answer that is no longer this process's ends here."""
        self._stored += utf16_length(piece.text)
        del self._words.marks[: len(piece.marks)]
        if not goes_on:
            self._live.stop()

    def end(self) -> None:
        """The checkpoint is written, or has failed."""
        self._is_idle.set()

    async def keep_alone(self, piece: Piece) -> None:
        """Write a checkpoint of this answer alone, waiting for whoever is busy with it."""
        goes_on = await in_thread(checkpoint_turn)(
            piece.turn_id,
            owner=self.owner,
            offset=piece.offset,
            text=piece.text,
            marks=piece.marks,
        )
        self.note_kept(piece, goes_on=goes_on)


class _Beat:
    """Writes the checkpoints of an owner's answers in an event loop."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._goes: list[set[Keeper]] = [set() for _go in range(GOES)]
        self._is_idle = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def join(self, keeper: Keeper) -> None:
        """Keep an answer from now on."""
        min(self._goes, key=len).add(keeper)
        self._is_idle.clear()
        if self._task is None or self._task.done():
            self._task = start_detached(self._run(), name="turn-checkpoints")

    def leave(self, keeper: Keeper) -> None:
        """Keep it no longer."""
        for go in self._goes:
            go.discard(keeper)
        if not any(self._goes):
            self._is_idle.set()

    async def _run(self) -> None:
        for go in cycle(self._goes):
            if await _happens(self._is_idle, CHECKPOINT_SECONDS / GOES):
                return
            if go:
                await self._keep(go)

    async def _keep(self, go: set[Keeper]) -> None:
        """Keep all of them; whoever is left out waits apart, and holds up no beat."""
        pieces = {keeper: keeper.begin() for keeper in go if keeper.is_idle}
        if not pieces:
            return
        kept = await self._keep_together(list(pieces.values()))
        for keeper, piece in pieces.items():
            if piece.turn_id in kept:
                keeper.note_kept(piece, goes_on=kept[piece.turn_id])
                keeper.end()
            elif keeper in go:
                name = f"turn-checkpoint-{piece.turn_id}"
                start_detached(_keep_alone(keeper, piece), name=name)
            else:
                # It ends just now, and takes the rest along.
                keeper.end()

    async def _keep_together(self, pieces: list[Piece]) -> dict[UUID, bool]:
        """One piece that can not be written must not keep the others from it."""
        try:
            return await in_thread(checkpoint_turns)(self._owner, pieces)
        except Exception:
            logger.exception("%s turns were not kept together", len(pieces))
            return {}


async def _keep_alone(keeper: Keeper, piece: Piece) -> None:
    try:
        await keeper.keep_alone(piece)
    except Exception:
        logger.exception("Turn %s was not kept, trying again", keeper.turn_id)
    finally:
        keeper.end()


_beats: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Beat]] = (
    WeakKeyDictionary()
)


def _beat_of(owner: str) -> _Beat:
    """Return the beat of an owner in this event loop; there is one in a server."""
    beats = _beats.setdefault(asyncio.get_running_loop(), {})
    if owner not in beats:
        beats[owner] = _Beat(owner)
    return beats[owner]


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for it, but not longer; say whether it happened."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
