"""The turn log on a real Redis: two processes, and one that is killed or cut off."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from redis.asyncio import Redis

from assistant.protocol import finished_frame, started_frame
from assistant.turns.live import LiveTurn
from assistant.turns.log import LogWriter, connect_to, stream_of
from assistant.turns.remote import LogEntry
from assistant.turns.tail import LogTail
from interviewlm.cluster import servers
from tests.assistant.relay_machine import World, settle
from tests.fakes.redis import Cuttable

pytestmark = pytest.mark.servers

SCHEDULES, MANY = 12, 300
AT_ONCE = 12
# A second of a schedule; what the product waits for stays as long as it is.
PACE = 0.05


@pytest.fixture
def address() -> Iterator[str]:
    """A Redis of this test alone."""
    if settings.REDIS_URL:
        yield settings.REDIS_URL
        return
    with servers.redis_server() as url:
        yield url


async def play(address: str, seeds: range) -> None:
    connect = partial(Cuttable, connect_to, address)
    for first in range(seeds.start, seeds.stop, AT_ONCE):
        worlds = [
            World(seed, connect, pace=PACE)
            for seed in range(first, min(first + AT_ONCE, seeds.stop))
        ]
        try:
            await asyncio.gather(*(world.run(has_log=False) for world in worlds))
        finally:
            await settle(*worlds)


async def test_no_schedule_loses_or_doubles_a_character(address: str) -> None:
    await play(address, range(SCHEDULES))


@pytest.mark.long
async def test_no_schedule_of_many_loses_or_doubles_a_character(address: str) -> None:
    await play(address, range(MANY))


async def until(is_so: Callable[[], Any]) -> None:
    async with asyncio.timeout(15):
        while not is_so():  # noqa: ASYNC110 -- another task hears it
            await asyncio.sleep(0.01)


async def test_log_holds_an_answer_in_few_entries_and_goes_by_itself(
    address: str,
) -> None:
    writer = LogWriter(partial(connect_to, address))
    live = LiveTurn.create(uuid4())
    writer.add(live)
    live.start_frame = started_frame(live.id, "m", is_simulated=True, is_brief=False)
    for number in range(300):
        live.text.append(f"{number} ")
        if number == 100:
            live.tell({"type": "turn.tool", "call": "c1"})
    live.end_frame = finished_frame(
        live.id, stop_reason="end_turn", text_length=live.text.length, message_id=None
    )
    live.text.close()
    live.ended.set()
    heard: list[LogEntry] = []
    tail = LogTail(lambda _order: None, partial(connect_to, address))
    await tail.watch(live.id, heard.append)
    await until(lambda: heard and heard[-1].end)
    tail.unwatch(live.id)

    texts = [part[1] for entry in heard for part in entry.parts if len(part) == 2]
    assert "".join(texts) == live.text.text
    assert len(heard) < 10
    assert heard[0].start == live.start_frame
    assert heard[-1].end == live.end_frame
    async with Redis.from_url(address) as client:
        assert await client.ttl(stream_of(live.id)) > 0
