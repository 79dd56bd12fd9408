"""What a process tells the others of its answers, with a Redis that is played."""

import asyncio
from functools import partial
from uuid import uuid4

import pytest

from assistant.protocol import finished_frame, started_frame
from assistant.turns.control import order_stop
from assistant.turns.live import COALESCE_SECONDS, Delta, LiveTurn, Side
from assistant.turns.log import KEPT_SECONDS, stream_of
from assistant.turns.relay import Relay
from assistant.turns.remote import LogEntry, Mirror, Progress
from assistant.windows import PING_EVERY, UNREAD_MOST, PageStalledError, SendWindow
from tests.fakes.loop import run_without_waiting
from tests.fakes.redis import FakeRedis, FakeRedisServer


def make_relay(server: FakeRedisServer) -> Relay:
    return Relay(partial(FakeRedis, server))


def begin(relay: Relay) -> LiveTurn:
    live = LiveTurn.create(uuid4())
    relay.publish(live)
    live.start_frame = started_frame(live.id, "m", is_simulated=True, is_brief=False)
    live.started.set()
    return live


def end(relay: Relay, live: LiveTurn) -> None:
    live.end_frame = finished_frame(
        live.id, stop_reason="end_turn", text_length=live.text.length, message_id=None
    )
    live.text.close()
    live.ended.set()
    relay.end(live)


def test_stop_of_another_process_reaches_the_owner_at_once() -> None:
    async def stop() -> tuple[bool, float]:
        server = FakeRedisServer()
        relay = make_relay(server)
        live, other = begin(relay), begin(relay)
        live.task = asyncio.create_task(asyncio.Event().wait())  # type: ignore[arg-type]
        other.task = asyncio.create_task(asyncio.Event().wait())  # type: ignore[arg-type]
        await asyncio.sleep(5)
        ordered_at = asyncio.get_running_loop().time()
        await order_stop(live.id, partial(FakeRedis, server))
        await asyncio.wait({live.task})
        is_other_stopped = other.task.done()
        for one in (live, other):
            end(relay, one)
        return is_other_stopped, asyncio.get_running_loop().time() - ordered_at

    assert run_without_waiting(stop()) == (False, 0)


def test_order_from_before_the_process_listened_is_over() -> None:
    async def stop() -> bool:
        server = FakeRedisServer()
        relay = make_relay(server)
        live = LiveTurn.create(uuid4())
        live.task = asyncio.create_task(asyncio.Event().wait())  # type: ignore[arg-type]
        await order_stop(live.id, partial(FakeRedis, server))
        relay.publish(live)
        await asyncio.sleep(5)
        is_stopped = live.task.done()
        end(relay, live)
        return is_stopped

    assert run_without_waiting(stop()) is False


def test_answer_does_not_wait_for_a_log_that_is_away_and_which_then_catches_up() -> (
    None
):
    async def answer() -> tuple[float, list[LogEntry], str]:
        server = FakeRedisServer()
        server.is_away = True
        relay = make_relay(server)
        live = begin(relay)
        clock = asyncio.get_running_loop().time
        began_at = clock()
        for number in range(1_000):
            live.text.append(f"{number} ")
            await asyncio.sleep(0)
        took = clock() - began_at
        await asyncio.sleep(10)
        server.is_away = False
        heard: list[LogEntry] = []
        await relay.tail.watch(live.id, heard.append)
        await asyncio.sleep(5)
        end(relay, live)
        await asyncio.sleep(5)
        relay.tail.unwatch(live.id)
        return took, heard, live.text.text

    took, heard, said = run_without_waiting(answer())

    assert took == 0
    assert "".join(part[1] for entry in heard for part in entry.parts) == said
    assert len(heard) == 2
    assert heard[0].start is not None
    assert heard[1].end is not None


def test_a_thousand_pieces_in_a_second_are_some_twenty_entries() -> None:
    async def answer() -> int:
        server = FakeRedisServer()
        relay = make_relay(server)
        live = begin(relay)
        for _ in range(1_000):
            live.text.append("word ")
            await asyncio.sleep(0.001)
        end(relay, live)
        await asyncio.sleep(1)
        return len(server.streams[stream_of(live.id)])

    assert 15 <= run_without_waiting(answer()) <= 1 / COALESCE_SECONDS + 3


def test_stream_that_is_not_written_any_more_goes_by_itself() -> None:
    async def begin_only() -> tuple[set[int], int]:
        server = FakeRedisServer()
        relay = make_relay(server)
        live = begin(relay)
        await asyncio.sleep(1)
        kept = set(server.kept.values())
        end(relay, live)
        await asyncio.sleep(1)
        return kept, server.kept[stream_of(live.id)]

    kept, kept_after_end = run_without_waiting(begin_only())

    assert kept == {KEPT_SECONDS}
    assert 0 < kept_after_end < KEPT_SECONDS


def make_mirror() -> Mirror:
    return Mirror(LiveTurn.create(uuid4()))


def parts_of(mirror: Mirror) -> list[Delta | Side]:
    text = mirror.live.text
    parts: list[Delta | Side] = []
    offset = side = 0
    while part := text.take(offset, side):
        parts.append(part)
        if isinstance(part, Delta):
            offset += len(part.text)
        else:
            side += 1
    return parts


def test_mirror_takes_what_comes_twice_once() -> None:
    async def mirror() -> list[Delta | Side]:
        made = make_mirror()
        entry = LogEntry(parts=((0, "Look"), (4, {"call": "c"}, 0), (4, " here")))
        made.take(entry)
        made.take(entry)
        made.take(LogEntry(parts=((2, "ok here, "), (11, "there"))))
        made.take_progress(Progress(is_known=True, text="Look"))
        return parts_of(made)

    assert run_without_waiting(mirror()) == [
        Delta(0, "Look"),
        Side(4, {"call": "c"}),
        Delta(4, " here, there"),
    ]


def test_mirror_fills_what_the_log_has_lost_from_the_store() -> None:
    async def mirror() -> tuple[str, str, bool]:
        made = make_mirror()
        made.take(LogEntry(parts=((7, "and more"),)))
        before = made.live.text.text
        made.take_progress(Progress(is_known=True, text="First, a"))
        return before, made.live.text.text, made.has_gap

    assert run_without_waiting(mirror()) == ("", "First, and more", False)


def test_socket_runs_only_so_far_ahead_of_its_page() -> None:
    async def send() -> tuple[int, list[int], int]:
        pings: list[int] = []

        async def note(frame: object) -> None:
            assert isinstance(frame, dict)
            pings.append(frame["t"])

        window = SendWindow(note)

        async def send_all() -> None:
            for _ in range(100):
                await window.note_sent(4_096)

        task = asyncio.create_task(send_all())
        await asyncio.sleep(1)
        unread = window.unread
        window.note_read(10_000_000)
        is_fooled = task.done()
        assert not is_fooled
        while not task.done():
            window.note_read(pings[-1])
            await asyncio.sleep(0)
        return unread, pings[:2], window.unread

    unread, pings, unread_in_the_end = run_without_waiting(send())

    assert UNREAD_MOST < unread <= UNREAD_MOST + 4_096
    assert pings == [PING_EVERY, 2 * PING_EVERY]
    assert unread_in_the_end <= UNREAD_MOST


def test_page_that_reads_nothing_for_a_minute_is_given_up() -> None:
    async def ignore(_frame: object) -> None:
        """A page that is gone."""

    async def send() -> None:
        await SendWindow(ignore).note_sent(UNREAD_MOST + 1)

    with pytest.raises(PageStalledError):
        run_without_waiting(send())
