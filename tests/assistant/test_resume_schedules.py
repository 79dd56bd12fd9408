"""Whatever comes between an answer and its pages, no character is lost or doubled."""

import asyncio
from functools import partial
from random import Random

import pytest

from tests.assistant.relay_machine import World, settle
from tests.fakes.loop import run_without_waiting
from tests.fakes.redis import FakeRedis, FakeRedisServer

SCHEDULES, MANY = 60, 1_000
# Of these, every other one has a Redis that goes away or forgets.
KINDS = ["no redis", "redis", "unsteady redis"]


async def play(seed: int, kind: str) -> None:
    """One schedule; `no redis` is followed through the store alone."""
    server = FakeRedisServer()
    is_steady = kind != "unsteady redis"
    connect = (lambda: None) if kind == "no redis" else partial(FakeRedis, server)
    world = World(seed, connect)
    trouble = None if is_steady else partial(make_trouble, server, Random(seed))
    try:
        await world.run(trouble, has_log=kind != "no redis")
    finally:
        await settle(world)


async def make_trouble(server: FakeRedisServer, random: Random) -> None:
    """Redis is away, loses a stream or everything, again and again."""
    while True:
        await asyncio.sleep(random.random() * 4)
        what = random.choice(["away", "forget", "trim"])
        if what == "away":
            server.is_away = True
            await asyncio.sleep(random.random() * 5)
            server.is_away = False
        elif what == "forget":
            server.forget()
        else:
            for entries in server.streams.values():
                del entries[: random.randint(0, len(entries))]


@pytest.mark.parametrize("kind", KINDS)
def test_no_schedule_loses_or_doubles_a_character(kind: str) -> None:
    for seed in range(SCHEDULES // len(KINDS)):
        run_without_waiting(play(seed, kind))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_no_schedule_of_a_thousand_loses_or_doubles_a_character(kind: str) -> None:
    for seed in range(MANY):
        run_without_waiting(play(seed, kind))
