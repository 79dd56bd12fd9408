"""A live answer in this process: who may end it, and how often."""

import asyncio
from uuid import uuid4

from assistant.turns.live import LiveTurn


async def test_second_stop_does_not_disturb_what_the_first_set_off() -> None:
    live = LiveTurn.create(uuid4())
    has_begun, may_store = asyncio.Event(), asyncio.Event()
    stored: list[str] = []

    async def answer() -> None:
        try:
            has_begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await may_store.wait()
            stored.append("what arrived")
            raise

    live.task = asyncio.create_task(answer())
    await has_begun.wait()

    live.stop()
    await asyncio.wait({live.task}, timeout=0)
    live.stop()
    may_store.set()
    await asyncio.wait({live.task}, timeout=5)

    assert stored == ["what arrived"]
    assert live.task.cancelled()
