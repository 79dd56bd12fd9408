"""What following a live answer costs: LiveText beside a bare queue per follower."""

import asyncio

from assistant.turns.live import LiveText
from bench.figures import Figure, compare

PIECES = 2_000
FOLLOWERS = 20


def measure() -> list[Figure]:
    """Push the same pieces to the same number of followers both ways."""
    return [
        compare(
            f"{PIECES} pieces to {FOLLOWERS} followers, numbered and resumable",
            lambda: asyncio.run(_follow()),
            baseline="a bare asyncio.Queue for each follower",
            run_baseline=lambda: asyncio.run(_queue()),
        )
    ]


async def _follow() -> None:
    live = LiveText()

    async def read() -> None:
        async for _delta in live.follow():
            pass

    followers = [asyncio.create_task(read()) for _follower in range(FOLLOWERS)]
    for _piece in range(PIECES):
        live.append("token ")
        await asyncio.sleep(0)
    live.close()
    await asyncio.gather(*followers)


async def _queue() -> None:
    queues: list[asyncio.Queue[str | None]] = [
        asyncio.Queue() for _follower in range(FOLLOWERS)
    ]

    async def read(queue: asyncio.Queue[str | None]) -> None:
        while await queue.get() is not None:
            pass

    followers = [asyncio.create_task(read(queue)) for queue in queues]
    for _piece in range(PIECES):
        for queue in queues:
            queue.put_nowait("token ")
        await asyncio.sleep(0)
    for queue in queues:
        queue.put_nowait(None)
    await asyncio.gather(*followers)
