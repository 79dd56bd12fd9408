"""The reading end of the turn log: one connection for all that a process follows."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from assistant.turns.log import (
    AWAY_SECONDS,
    TROUBLE,
    Client,
    Connect,
    connect,
    decode,
    disconnect,
    stream_of,
)
from assistant.turns.remote import LogEntry
from base.detached import start_detached
from base.ids import new_token

logger = logging.getLogger(__name__)

# What one process tells all others: `assistant.turns.control`.
CONTROL = "assistant:control"
BLOCK_MS = 2_000
READ_COUNT = 200
WAKE_KEPT_SECONDS = 60

Take = Callable[[LogEntry], None]
Hear = Callable[[Mapping[str, str]], None]


@dataclass(slots=True)
class _Watch:
    """A stream that is read, from its beginning on."""

    take: Take
    last_id: str = "0-0"


class LogTail:
    """Reads the streams of the turns that are followed here, and what others order.

    One task with one blocking read; it runs while a turn is watched or somebody
    listens. A read that blocks already is woken by an entry in a stream of our own,
    so that a new page does not wait for it.
    """

    def __init__(self, hear: Hear, connect: Connect = connect) -> None:
        self._hear = hear
        self._connect = connect
        self._watches: dict[UUID, _Watch] = {}
        self._listeners = 0
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake_stream = f"assistant:wake:{new_token()[:16]}"

    async def watch(self, turn_id: UUID, take: Take) -> None:
        """Have `take` called with every entry of a turn that the log still has."""
        self._watches[turn_id] = _Watch(take)
        await self._attend()

    def unwatch(self, turn_id: UUID) -> None:
        """Call it no more."""
        self._watches.pop(turn_id, None)
        self._end_if_idle()

    def listen(self) -> None:
        """Hear what other processes order, until `unlisten`, which is counted."""
        self._listeners += 1
        self._begin()

    def unlisten(self) -> None:
        """Stop hearing once nobody here listens any more."""
        self._listeners -= 1
        self._end_if_idle()

    async def _attend(self) -> None:
        client = self._client
        if client is None or not self._is_reading:
            self._begin()
            return
        with suppress(*TROUBLE):
            await client.xadd(self._wake_stream, {"read": "anew"}, maxlen=1)
            await client.expire(self._wake_stream, WAKE_KEPT_SECONDS)

    @property
    def _is_reading(self) -> bool:
        return self._task is not None and not self._task.done()

    def _begin(self) -> None:
        if self._is_reading:
            return
        client = self._client = self._connect()
        if client is not None:
            self._task = start_detached(self._run(client), name="turn-log-tail")

    def _end_if_idle(self) -> None:
        if self._task is None or self._watches or self._listeners > 0:
            return
        self._task.cancel()
        self._task = self._client = None

    async def _run(self, client: Client) -> None:
        read: dict[str, str] = {}
        is_away = False
        try:
            while True:
                try:
                    if CONTROL not in read:
                        read[CONTROL] = await _last_id(client)
                    await self._read(client, read)
                    is_away = False
                except TROUBLE as error:
                    if not is_away:
                        logger.warning(
                            "The turn log can not be read (%s)", type(error).__name__
                        )
                    is_away = True
                    await asyncio.sleep(AWAY_SECONDS)
        finally:
            if self._client is client:
                self._client = None
            await disconnect(client)

    async def _read(self, client: Client, read: dict[str, str]) -> None:
        """Read once; `read` is how far the streams that are no turn's were read."""
        wake = self._wake_stream
        places = {CONTROL: read[CONTROL], wake: read.get(wake, "0-0")}
        names = {stream_of(turn_id): turn_id for turn_id in self._watches}
        places |= {
            name: self._watches[turn_id].last_id for name, turn_id in names.items()
        }
        found = await client.xread(places, count=READ_COUNT, block=BLOCK_MS)
        for name, entries in found or ():
            for entry_id, fields in entries:
                if name in names:
                    self._give(names[name], entry_id, fields)
                    continue
                read[name] = entry_id
                if name == CONTROL:
                    self._hear(fields)

    def _give(self, turn_id: UUID, entry_id: str, fields: Mapping[str, str]) -> None:
        watch = self._watches.get(turn_id)
        if watch is None:
            return
        watch.last_id = entry_id
        try:
            entry = decode(fields)
        except ValueError:
            logger.warning("An entry of turn %s can not be read", turn_id)
            return
        watch.take(entry)


async def _last_id(client: Client) -> str:
    """Return where the control stream ends now: what was ordered before is over."""
    found = await client.xrevrange(CONTROL, count=1)
    return str(found[0][0]) if found else "0-0"
