"""The turn log: with Redis, what an owner says reaches pages on other processes at once.

The owner of a turn appends what is new to a stream of that turn, one entry per flush;
each process reads the streams of the turns its pages follow (`assistant.turns.tail`).
An answer never waits for the log, which holds nothing that is not stored within a
second anyway: where it is away or has lost something, pages follow the checkpoints.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from assistant.turns.live import COALESCE_SECONDS, Delta, LiveTurn
from assistant.turns.remote import LogEntry
from base.detached import start_detached
from base.text import utf16_length

logger = logging.getLogger(__name__)

# Where an owner falls silent for good, its stream goes by itself.
KEPT_SECONDS = 600
RENEWED_SECONDS = 120.0
KEPT_AFTER_END_SECONDS = 120
# At twenty entries a second this is more than three minutes.
ENTRIES_KEPT = 4_000
ENTRY_UNITS = 65_536
# A beginning without text, and a renewal, are noticed within this time.
IDLE_SECONDS = 0.25
ANSWERS_WITHIN = 5.0
# What is waited between tries while Redis is away.
AWAY_SECONDS = 1.0
TROUBLE = (RedisError, OSError, TimeoutError)

# `redis.asyncio.Redis`; what it says of streams in its types can not be relied on.
Client: TypeAlias = Any
Connect = Callable[[], Client | None]


def connect() -> Client | None:
    """Return a client of REDIS_URL, None without one; whoever gets it closes it."""
    return connect_to(settings.REDIS_URL) if settings.REDIS_URL else None


def connect_to(address: str) -> Client:
    """Return a client that tries once and soon gives up: its user tries again."""
    return Redis.from_url(
        address,
        decode_responses=True,
        protocol=2,
        socket_timeout=ANSWERS_WITHIN,
        socket_connect_timeout=2,
        retry=Retry(NoBackoff(), 0),
    )


async def disconnect(client: Client) -> None:
    """Close a client, whatever state its connections are in."""
    with suppress(*TROUBLE):
        await client.aclose()


def stream_of(turn_id: UUID) -> str:
    """Return the name of a turn's stream."""
    return f"assistant:turn:{turn_id}"


def encode(entry: LogEntry) -> dict[str, str]:
    """Return an entry as a stream holds it."""
    whole = {"start": entry.start, "parts": entry.parts or None, "end": entry.end}
    return {name: json.dumps(value) for name, value in whole.items() if value}


def decode(fields: Mapping[str, str]) -> LogEntry:
    """Return an entry from a stream; raises ValueError for what is none."""
    told = {name: json.loads(value) for name, value in fields.items()}
    parts = tuple(tuple(part) for part in told.get("parts", ()))
    return LogEntry(start=told.get("start"), parts=parts, end=told.get("end"))


@dataclass(slots=True)
class _Cursor:
    """How much of a turn is in its stream."""

    live: LiveTurn
    offset: int = 0
    side: int = 0
    has_start: bool = False
    has_end: bool = False
    renewed_at: float = -RENEWED_SECONDS


@dataclass(frozen=True, slots=True)
class _Writing:
    """An entry on its way, and where its cursor stands once it has arrived."""

    cursor: _Cursor
    entry: LogEntry
    offset: int
    side: int


def _next_entry(cursor: _Cursor) -> _Writing | None:
    """Return what a stream lacks, as much as one entry takes; None for nothing."""
    live, offset, side = cursor.live, cursor.offset, cursor.side
    parts: list[tuple[Any, ...]] = []
    while offset - cursor.offset < ENTRY_UNITS:
        part = live.text.take(offset, side)
        if part is None:
            break
        if isinstance(part, Delta):
            parts.append((part.offset, part.text))
            offset += utf16_length(part.text)
        else:
            parts.append((part.offset, dict(part.frame), side))
            side += 1
    start = None if cursor.has_start else live.start_frame
    is_whole = offset >= live.text.length and side >= live.text.side_count
    is_over = live.ended.is_set() and is_whole and not cursor.has_end
    end = live.end_frame and {"text_length": live.text.length, **live.end_frame}
    end = end if is_over else None
    if not (parts or start or end):
        return None
    return _Writing(cursor, LogEntry(start, tuple(parts), end), offset, side)


class LogWriter:
    """Writes what this process's turns say: one task, only while there are any.

    Nothing is queued: what is not written yet is read from the turns themselves. While
    Redis is away the cursors stand still; then a few larger entries catch up.
    """

    def __init__(self, connect: Connect = connect) -> None:
        self._connect = connect
        self._cursors: dict[UUID, _Cursor] = {}
        self._dirty = asyncio.Event()
        self._is_away = False

    def add(self, live: LiveTurn) -> None:
        """Write this turn from now on, to its end."""
        client = None if self._cursors else self._connect()
        if client is not None:
            self._dirty = asyncio.Event()
            start_detached(self._run(client), name="turn-log-writer")
        elif not self._cursors:
            return
        self._cursors[live.id] = _Cursor(live)
        live.text.on_change = self._dirty.set

    async def _run(self, client: Client) -> None:
        try:
            while self._cursors:
                self._dirty.clear()
                await self._try_flush(client)
                self._forget_ended()
                if not self._cursors:
                    # A turn that begins now has a writer of its own.
                    return
                await asyncio.sleep(AWAY_SECONDS if self._is_away else COALESCE_SECONDS)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._dirty.wait(), IDLE_SECONDS)
        except asyncio.CancelledError:
            # The process ends: the last words are stored, and said if Redis is quick.
            with suppress(*TROUBLE):
                await asyncio.wait_for(self._flush(client), 1.0)
            raise
        finally:
            self._cursors.clear()
            await disconnect(client)

    async def _try_flush(self, client: Client) -> None:
        try:
            await asyncio.wait_for(self._flush(client), ANSWERS_WITHIN)
        except TROUBLE as error:
            if not self._is_away:
                logger.warning("The turn log is away (%s)", type(error).__name__)
            self._is_away = True
        else:
            self._is_away = False

    async def _flush(self, client: Client) -> None:
        """Write an entry for each turn that has something new, in one round trip."""
        writings = list(self._collect())
        if not writings:
            return
        at = asyncio.get_running_loop().time()
        async with client.pipeline(transaction=False) as pipeline:
            for writing in writings:
                _write(pipeline, writing, at)
            await pipeline.execute()
        for writing in writings:
            cursor = writing.cursor
            cursor.offset, cursor.side = writing.offset, writing.side
            cursor.has_start |= writing.entry.start is not None
            cursor.has_end |= writing.entry.end is not None
            if at - cursor.renewed_at >= RENEWED_SECONDS:
                cursor.renewed_at = at

    def _collect(self) -> Iterator[_Writing]:
        for cursor in self._cursors.values():
            writing = _next_entry(cursor)
            if writing is not None:
                yield writing

    def _forget_ended(self) -> None:
        """Let go of turns that are written, or whose end the store must tell."""
        for turn_id, cursor in list(self._cursors.items()):
            if not cursor.live.ended.is_set():
                continue
            if self._is_away or _next_entry(cursor) is None:
                cursor.live.text.on_change = None
                del self._cursors[turn_id]


def _write(pipeline: Client, writing: _Writing, at: float) -> None:
    stream = stream_of(writing.cursor.live.id)
    pipeline.xadd(stream, encode(writing.entry), maxlen=ENTRIES_KEPT, approximate=True)
    if writing.entry.end is not None:
        pipeline.expire(stream, KEPT_AFTER_END_SECONDS)
    elif at - writing.cursor.renewed_at >= RENEWED_SECONDS:
        pipeline.expire(stream, KEPT_SECONDS)
