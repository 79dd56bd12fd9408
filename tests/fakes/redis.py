"""Redis streams in memory, as far as the turn log uses them; it can be away or forget."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Self

from redis.exceptions import ConnectionError as RedisConnectionError

Entry = tuple[str, dict[str, str]]


class FakeRedisServer:
    """What every client of one server shares."""

    def __init__(self) -> None:
        self.streams: dict[str, list[Entry]] = {}
        self.kept: dict[str, int] = {}
        self.is_away = False
        self._last = 0
        self._changed = asyncio.Event()

    def add(self, name: str, fields: Mapping[str, str], maxlen: int) -> None:
        """Append an entry; the ids never begin anew, like those made of a clock."""
        self._last += 1
        entries = self.streams.setdefault(name, [])
        entries.append((f"{self._last}-0", dict(fields)))
        del entries[:-maxlen]
        self.wake()

    def forget(self, name: str | None = None) -> None:
        """Lose a stream, or all, as a restart without a disk does."""
        if name is None:
            self.streams.clear()
        else:
            self.streams.pop(name, None)

    def wake(self) -> None:
        """Have blocked reads look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, seconds: float) -> None:
        """Wait for the next entry, but not longer."""
        event = self._changed
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return


class FakeRedis:
    """One client; `cut` is its process killed: nothing of it arrives any more."""

    def __init__(self, server: FakeRedisServer) -> None:
        self._server = server
        self.is_cut = False

    async def _reach(self) -> None:
        await asyncio.sleep(0)
        if self._server.is_away or self.is_cut:
            raise RedisConnectionError

    async def xadd(
        self,
        name: str,
        fields: Mapping[str, str],
        maxlen: int = 1_000_000,
        *,
        approximate: bool = True,
    ) -> None:
        await self._reach()
        self._server.add(name, fields, maxlen)

    async def expire(self, name: str, seconds: int) -> None:
        await self._reach()
        self._server.kept[name] = seconds

    async def xrevrange(self, name: str, *, count: int) -> list[Entry]:
        await self._reach()
        return self._server.streams.get(name, [])[::-1][:count]

    async def xread(
        self, streams: Mapping[str, str], *, count: int, block: int
    ) -> list[tuple[str, list[Entry]]]:
        await self._reach()
        found = self._find(streams, count)
        if not found:
            await self._server.changed(block / 1000)
            await self._reach()
            found = self._find(streams, count)
        return found

    def _find(
        self, streams: Mapping[str, str], count: int
    ) -> list[tuple[str, list[Entry]]]:
        news = {
            name: [
                entry
                for entry in self._server.streams.get(name, [])
                if _number(entry[0]) > _number(last)
            ]
            for name, last in streams.items()
        }
        return [(name, entries[:count]) for name, entries in news.items() if entries]

    def pipeline(self, *, transaction: bool) -> "FakePipeline":
        assert not transaction
        return FakePipeline(self)

    async def aclose(self) -> None:
        """Nothing is open."""


class FakePipeline:
    """Commands that arrive together, or not at all."""

    def __init__(self, client: FakeRedis) -> None:
        self._client = client
        self._commands: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._commands.clear()

    def xadd(self, *given: Any, **named: Any) -> None:
        self._commands.append(("xadd", given, named))

    def expire(self, *given: Any) -> None:
        self._commands.append(("expire", given, {}))

    async def execute(self) -> None:
        for name, given, named in self._commands:
            await getattr(self._client, name)(*given, **named)


def _number(entry_id: str) -> int:
    return int(entry_id.partition("-")[0])


class Cuttable:
    """A client of a real Redis whose process can be killed: nothing arrives then."""

    def __init__(self, connect: Callable[[str], Any], address: str) -> None:
        self._client = connect(address)
        self.is_cut = False

    def __getattr__(self, name: str) -> Any:
        if self.is_cut and name != "aclose":
            raise RedisConnectionError
        return getattr(self._client, name)
