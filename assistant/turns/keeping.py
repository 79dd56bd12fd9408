"""Keeping a turn alive and what arrived of it, each second."""

import asyncio
import logging
from contextlib import suppress

from django.db import DatabaseError, InterfaceError

from assistant.services.turns import checkpoint_turn
from assistant.turns.threads import in_thread
from assistant.turns.words import Words
from base.text import utf16_length

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 1.0


class Keeper:
    """Writes checkpoints of one answer; one at a time."""

    def __init__(self, words: Words, owner: str) -> None:
        self._words = words
        self._live = words.live
        self._owner = owner
        self._stored = 0
        self._is_over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write one each second."""
        self._task = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Write no more, and wait for one under way.

        Told, not cancelled: a write under way would go on in its thread and meet the
        last one.
        """
        self._is_over.set()
        if self._task is not None:
            await self._task

    async def _keep(self) -> None:
        while not await _happens(self._is_over, CHECKPOINT_SECONDS):
            try:
                is_ours = await self.checkpoint()
            except (DatabaseError, InterfaceError):
                logger.exception("Turn %s was not kept, trying again", self._live.id)
                continue
            if not is_ours:
                self._live.stop()
                return

    async def checkpoint(self) -> bool:
        """Keep what arrived since the last one that succeeded; False for a lost turn."""
        text, marks = self._live.text.since(self._stored), list(self._words.marks)
        is_ours = await in_thread(checkpoint_turn)(
            self._live.id,
            owner=self._owner,
            offset=self._stored,
            text=text,
            marks=[[int((at - marks[0][0]) * 1000), offset] for at, offset in marks],
        )
        self._stored += utf16_length(text)
        del self._words.marks[: len(marks)]
        return is_ours


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for it, but not longer; say whether it happened."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
