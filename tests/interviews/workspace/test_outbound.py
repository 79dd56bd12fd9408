"""A socket's queue: in order, bounded, at the reader's pace."""

import asyncio
import json

import pytest

from interviews.consumers import outbound
from interviews.consumers.outbound import MAX_WAITING, WINDOW_CHARS, Outbound
from tests.interviews.workspace.windows import wait_until


class Socket:
    """A reader that answers pings, or does not."""

    def __init__(self, *, is_reading: bool = True) -> None:
        self.is_reading = is_reading
        self.frames: list[dict[str, object]] = []
        self.is_given_up = False
        self.queue = Outbound(self.send, self.give_up)

    async def send(self, text: str) -> None:
        frame = json.loads(text)
        self.frames.append(frame)
        if frame["type"] == "ping" and self.is_reading:
            self.queue.confirm(frame["t"])

    async def give_up(self) -> None:
        self.is_given_up = True


async def test_outbound_keeps_the_order_of_posts_and_pushes() -> None:
    socket = Socket()
    socket.queue.start()
    for number in range(100):
        socket.queue.post({"type": "x", "n": 2 * number})
        await socket.queue.push({"type": "x", "n": 2 * number + 1})
    await socket.queue.flush()
    await socket.queue.stop()
    assert [frame["n"] for frame in socket.frames] == list(range(200))


async def test_outbound_gives_a_reader_up_that_is_too_far_behind() -> None:
    socket = Socket()
    for number in range(MAX_WAITING):
        socket.queue.post({"type": "x", "n": number})
    await asyncio.sleep(0)
    assert not socket.is_given_up

    socket.queue.post({"type": "x", "n": MAX_WAITING})
    await wait_until(lambda: socket.is_given_up)
    assert socket.frames == []
    await socket.queue.stop()


async def test_outbound_sends_no_more_than_a_window_unread() -> None:
    socket = Socket(is_reading=False)
    socket.queue.start()
    piece = "y" * 100_000
    pusher = asyncio.create_task(push_all(socket.queue, piece, 400))
    await wait_until(lambda: len(socket.frames) >= 10)
    await asyncio.sleep(0.05)
    sent = sum(len(json.dumps(frame)) for frame in socket.frames)
    assert sent <= WINDOW_CHARS + 2 * len(piece)

    # The reader wakes up: everything comes.
    socket.is_reading = True
    pings = [frame["t"] for frame in socket.frames if frame["type"] == "ping"]
    socket.queue.confirm(float(str(pings[-1])))
    await pusher
    await socket.queue.flush()
    await socket.queue.stop()
    assert len([frame for frame in socket.frames if frame["type"] == "x"]) == 400


async def push_all(queue: Outbound, text: str, times: int) -> None:
    for _ in range(times):
        await queue.push({"type": "x", "text": text})


async def test_outbound_gives_a_stalled_reader_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbound, "STALLED_SECONDS", 0.05)
    socket = Socket(is_reading=False)
    socket.queue.start()
    for _ in range(20):
        socket.queue.post({"type": "x", "text": "y" * 100_000})
    await wait_until(lambda: socket.is_given_up)
    received = [frame for frame in socket.frames if frame["type"] == "x"]
    assert 10 <= len(received) < 20
    await socket.queue.stop()


async def test_outbound_ignores_a_confirmation_it_never_asked_for() -> None:
    socket = Socket(is_reading=False)
    socket.queue.start()
    for _ in range(12):
        socket.queue.post({"type": "x", "text": "y" * 100_000})
    await wait_until(lambda: len(socket.frames) >= 12)
    before = len(socket.frames)
    socket.queue.confirm(10.0**12)
    socket.queue.confirm(-1.0)
    socket.queue.post({"type": "x", "text": "more"})
    await asyncio.sleep(0.05)
    assert len(socket.frames) == before
    await socket.queue.stop()


async def test_outbound_ends_quietly_when_the_connection_is_gone() -> None:
    tried: list[str] = []
    given_up: list[bool] = []

    async def send(text: str) -> None:
        tried.append(text)
        raise ConnectionResetError

    async def give_up() -> None:
        given_up.append(True)

    queue = Outbound(send, give_up)
    queue.start()
    queue.post({"type": "x"})
    await queue.flush()
    queue.post({"type": "y"})
    await queue.flush()
    await queue.stop()

    assert [json.loads(text)["type"] for text in tried] == ["x"]
    assert given_up == []
