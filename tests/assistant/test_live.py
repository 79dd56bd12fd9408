"""A live answer in this process: who may end it, and what its followers are told."""

import asyncio
from uuid import uuid4

import pytest

from assistant.turns.live import (
    COALESCE_SECONDS,
    LARGEST_DELTA,
    SIDES_KEPT,
    Delta,
    LiveText,
    LiveTurn,
    Side,
)
from tests.fakes.loop import run_without_waiting


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


def drain(text: LiveText, offset: int = 0) -> list[Delta | Side]:
    """What a follower gets who comes when everything is said."""

    async def follow() -> list[Delta | Side]:
        return [part async for part in text.follow(offset)]

    text.close()
    return run_without_waiting(follow())


def test_side_frame_comes_between_the_text_before_and_after_it() -> None:
    text = LiveText()
    text.append("I look 😀")
    text.tell({"type": "turn.tool", "call": "c1"})
    text.append(" and see.")

    assert drain(text) == [
        Delta(0, "I look 😀"),
        Side(9, {"type": "turn.tool", "call": "c1"}),
        Delta(9, " and see."),
    ]


@pytest.mark.parametrize(
    ("offset", "calls"),
    [(0, ["c1", "c2"]), (4, ["c1", "c2"]), (5, ["c2"]), (8, ["c2"]), (9, [])],
    ids=["start", "at the first", "behind the first", "at the second", "behind all"],
)
def test_side_frames_at_or_after_the_offset_come_again(
    offset: int, calls: list[str]
) -> None:
    text = LiveText()
    text.append("One.")
    text.tell({"call": "c1"})
    text.append("Two.")
    text.tell({"call": "c2"})
    text.append("Three.")

    parts = drain(text, offset)

    assert [part.frame["call"] for part in parts if isinstance(part, Side)] == calls
    said = "".join(part.text for part in parts if isinstance(part, Delta))
    assert said == "One.Two.Three."[offset:]


def test_side_frames_kept_are_bounded_and_the_newest_stay() -> None:
    text = LiveText()
    for number in range(SIDES_KEPT + 5):
        text.tell({"call": number})

    sides = [part for part in drain(text) if isinstance(part, Side)]

    assert [sides[0].frame["call"], len(sides)] == [5, SIDES_KEPT]
    assert text.side_count == SIDES_KEPT + 5


def test_first_text_goes_out_at_once_and_later_text_within_50_ms() -> None:
    async def write(text: LiveText, written: list[float]) -> None:
        for _number in range(200):
            written.append(asyncio.get_running_loop().time())
            text.append("a")
            await asyncio.sleep(0.005)
        text.close()

    async def follow() -> tuple[list[float], list[float], int]:
        text, deltas = LiveText(), 0
        written: list[float] = []
        seen: list[float] = []
        writing = asyncio.create_task(write(text, written))
        async for part in text.follow():
            assert isinstance(part, Delta)
            deltas += 1
            seen += [asyncio.get_running_loop().time()] * len(part.text)
        await writing
        return written, seen, deltas

    written, seen, deltas = run_without_waiting(follow())

    lags = [told - came for came, told in zip(written, seen, strict=True)]
    assert lags[0] == 0
    assert max(lags) <= 0.05
    # A second of it is some twenty frames, not two hundred.
    assert deltas <= 1 / COALESCE_SECONDS + 2


def test_follower_that_stalled_gets_one_larger_delta() -> None:
    async def stall() -> list[Delta | Side]:
        text, got = LiveText(), []
        text.append("a")
        async for part in text.follow():
            got.append(part)
            if len(got) == 1:
                for _ in range(500):
                    text.append("b")
                text.close()
        return got

    assert run_without_waiting(stall()) == [Delta(0, "a"), Delta(1, "b" * 500)]


def test_no_delta_is_larger_than_a_frame_may_be() -> None:
    text = LiveText()
    text.append("😀" * (LARGEST_DELTA + 1))

    first, second = drain(text)

    assert isinstance(first, Delta)
    assert len(first.text) == LARGEST_DELTA
    assert second == Delta(2 * LARGEST_DELTA, "😀")
