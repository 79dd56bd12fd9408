"""How much is held, who waits for whom, and what comes back to whom."""

from interviews.runner_client.terminals import Block
from runner.protocol import TerminalAttach, TerminalAttached, WorkspaceKey
from runner.terminals.bounds import (
    FRAME_BYTES,
    INPUT_BYTES,
    RING_BYTES,
    UNSTORED_BYTES,
    WINDOW_BYTES,
)
from tests.runner.terminals.desk import (
    Desk,
    Ended,
    InnerDesk,
    WorkspaceChanged,
    count_descriptors,
    until,
)
from tests.runner.wire import dial

# What is held of one terminal: its ring, its blocks, and the second being recorded.
MOST_HELD = RING_BYTES + UNSTORED_BYTES + RING_BYTES + INPUT_BYTES
COUNT = "seq -f %065.0f 1 {}"


async def test_flood_waits_for_a_driver_that_does_not_acknowledge(
    inner_desk: InnerDesk,
) -> None:
    async with inner_desk.open(acknowledges=False) as seat:
        await seat.keys("yes 0123456789abcdef\r")
        terminal = inner_desk.terminal()
        await until(lambda: terminal.is_paused)
        held_back = terminal.ring.end

        assert terminal.held_bytes <= MOST_HELD
        assert held_back <= WINDOW_BYTES + 2 * FRAME_BYTES
        # The terminal waits, and what interrupts it does not.
        await seat.keys("\x03")
        await until(lambda: len(seat.session._frames) and terminal.is_paused)
        await seat.session.ack(2**60)
        await seat.see(b"^C")
        await seat.session.ack(seat.end)
        await seat.see(b"$ ")


async def test_flood_is_bounded_for_a_driver_that_does_not_read(
    inner_desk: InnerDesk,
) -> None:
    key = WorkspaceKey(str(inner_desk.ref.workspace), 1)
    async with await dial(inner_desk.path) as wire:
        wire.send(TerminalAttach(key, "1", "driver", 24, 80))
        assert isinstance(await wire.receive(), TerminalAttached)
        terminal = inner_desk.terminal()
        (connection,) = inner_desk.server._connections.values()
        terminal._tty.write(b"yes 0123456789abcdef\r")
        wire.reader._transport.pause_reading()  # type: ignore[attr-defined]
        await until(lambda: terminal.is_paused)

        transport = connection._writer.transport
        assert terminal.held_bytes <= MOST_HELD
        assert transport.get_write_buffer_size() <= 256 * 1024
        wire.reader._transport.resume_reading()  # type: ignore[attr-defined]


async def test_slow_viewer_misses_something_and_holds_nobody_up(
    inner_desk: InnerDesk,
) -> None:
    async with inner_desk.open() as seat, inner_desk.sit(role="viewer") as viewer:
        await seat.run(COUNT.format(30_000))
        await seat.run("echo last")
        assert inner_desk.terminal().held_bytes <= MOST_HELD
        end = seat.end
        await viewer.until(lambda: viewer.end >= end)

    assert seat.gaps == []
    assert viewer.gaps
    assert viewer.seen.endswith(b"$ ")


async def test_flood_nobody_drives_is_slowed_and_goes_on(
    inner_desk: InnerDesk,
) -> None:
    async with inner_desk.open() as seat:
        await seat.keys("yes 0123456789abcdef\r")
        await seat.see(b"0123456789abcdef\r\n" * 100)
    terminal = inner_desk.terminal()
    left_at = terminal.ring.end
    await until(lambda: terminal.is_paused)
    await until(lambda: terminal.ring.end > left_at + 2 * RING_BYTES)

    assert terminal.held_bytes <= MOST_HELD
    async with inner_desk.sit() as again:
        await again.keys("\x03")
        await again.see(b"^C", b"$ ")


async def test_input_nobody_reads_is_refused_and_can_be_interrupted(
    inner_desk: InnerDesk,
) -> None:
    async with inner_desk.open() as seat:
        await seat.keys("stty -icanon -echo; echo begun; sleep 300\r")
        await seat.see(b"\r\n", b"begun\r\n")
        taken = 0
        for _piece in range(100):
            latest = await seat.keys(b"x" * 8_000)
            taken += latest
        assert latest == 0
        assert 0 < taken <= 3 * INPUT_BYTES
        assert inner_desk.terminal().held_bytes <= MOST_HELD
        await seat.keys("\x03")
        await seat.see(b"$ ")
        await seat.keys("stty sane\r")
        await seat.see(b"$ ")

        assert (await seat.run("echo alive")).endswith("alive\n")


async def test_output_goes_on_where_it_was_left(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.run("echo one")
        left_at = seat.end
        await seat.keys("(sleep 0.2; echo late) & echo two\r")
        await seat.see(b"\r\n", b"two\r\n")
    async with desk.sit(after=left_at) as again:
        assert not again.session.is_new
        assert again.session.offset == left_at
        found = await again.see(b"late\r\n")
    async with desk.sit(after=10**9) as other:
        assert other.session.offset == 0

    assert b"two\r\n" in found
    assert b"one" not in found


async def test_output_that_is_not_kept_is_jumped_over(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.run(COUNT.format(10_000))
        end = seat.end
    async with desk.sit(after=0) as again:
        offset = again.session.offset
        await again.until(lambda: again.end >= end)

    assert offset == end - RING_BYTES
    assert again.gaps == []
    assert len(again.seen) >= RING_BYTES


async def test_reconnects_leave_nothing(inner_desk: InnerDesk) -> None:
    async with inner_desk.open() as seat:
        await seat.run("kept=yes")
    terminal = inner_desk.terminal()
    await until(lambda: not inner_desk.server._connections)
    before = count_descriptors()
    for number in range(50):
        role = ("driver", "viewer", "recorder")[number % 3]
        async with inner_desk.sit(role=role):
            pass
    await until(lambda: not inner_desk.server._connections)

    assert not terminal._attachments
    assert count_descriptors() == before
    async with inner_desk.sit() as again:
        assert await again.run("echo $kept") == "yes\n"


async def test_recorder_gets_everything_with_its_times(desk: Desk) -> None:
    async with desk.open() as seat, desk.sit(role="recorder") as recorder:
        await seat.run("echo one")
        await seat.session.resize(30, 100)
        await seat.run("sleep 0.1; echo two")
        end = seat.end
        await recorder.until(lambda: _end_of(recorder.blocks) >= end)

    blocks = recorder.blocks
    text = b"".join(data for each in blocks for _ms, data in each.chunks)
    assert [each.cut for each in blocks] == [0] * len(blocks)
    assert [each.number for each in blocks] == [*range(len(blocks))]
    assert text.index(b"one\r\n") < text.index(b"two\r\n")
    assert (blocks[0].rows, blocks[-1].rows, blocks[-1].cols) == (24, 30, 100)
    assert [each.at_ms_since_start for each in blocks] == sorted(
        each.at_ms_since_start for each in blocks
    )
    times = [[ms for ms, _data in each.chunks] for each in blocks]
    assert times == [sorted(each) for each in times]
    assert all(each[0] == 0 for each in times)


async def test_recorder_that_died_misses_nothing_that_was_not_stored(
    desk: Desk,
) -> None:
    async with desk.open() as seat:
        async with desk.sit(role="recorder") as first:
            await seat.run("echo one")
            await first.until(lambda: first.blocks)
            await first.session.ack(first.blocks[0].number)
        await seat.run("echo two")
        async with desk.sit(role="recorder") as second:
            await second.until(lambda: b"two" in _text_of(second.blocks))
        await seat.keys("exit\r")
        await seat.ended()
    async with desk.sit(role="recorder") as third:
        assert await third.ended() == Ended(0, "exit")
        await third.session.ack(third.blocks[-1].number)

    start = _end_of(first.blocks[:1])
    assert second.blocks[0].offset == third.blocks[0].offset == start
    assert third.blocks[0].cut == 0
    assert _text_of(third.blocks).startswith(_text_of(second.blocks))


async def test_flood_is_cut_in_the_recording_and_told(inner_desk: InnerDesk) -> None:
    async with inner_desk.open() as seat:
        await seat.run(COUNT.format(60_000))
        await seat.run("echo last")
        end = seat.end
        async with inner_desk.sit(role="recorder") as recorder:
            await recorder.until(lambda: _end_of(recorder.blocks) >= end)

    assert inner_desk.terminal().recording.held_bytes <= UNSTORED_BYTES + RING_BYTES
    assert sum(each.cut for each in recorder.blocks) > 0
    assert _text_of(recorder.blocks).endswith(b"$ ")
    position = 0
    for each in recorder.blocks:
        assert each.offset - each.cut == position
        position = _end_of([each])


async def test_changes_of_files_are_told_as_during_a_run(
    inner_desk: InnerDesk,
) -> None:
    async with (
        inner_desk.client.workspace(inner_desk.ref, roots=["task"]) as files,
        inner_desk.open() as seat,
        inner_desk.sit(role="recorder") as recorder,
    ):
        await seat.keys("echo made > task/made.txt\r")
        await recorder.until_frame(WorkspaceChanged)
        (entry,) = await files.scan()
        assert (entry.path, entry.kind, entry.size) == ("task/made.txt", "text", 5)
        await files.agree({entry.path: entry.hash})
        await seat.keys("sleep 300 & sleep 0.1; rm task/made.txt\r")
        await recorder.until_frame(WorkspaceChanged)
        workspace = inner_desk.terminal()._workspace
        assert workspace._quiet() is None
        await seat.run("kill %1; wait")

        # A shell that waits for a key is as good as none.
        await until(lambda: workspace._quiet() is not None)
        await seat.keys("x")
        await seat.see(b"x")
        assert workspace._quiet() is None


async def test_changes_nobody_was_told_of_are_told_to_the_next(desk: Desk) -> None:
    async with desk.open() as seat:
        await seat.run("echo made > task/made.txt")
        await seat.keys("exit\r")
        await seat.ended()
    async with desk.sit(role="recorder") as recorder:
        await recorder.until_frame(WorkspaceChanged)


def _text_of(blocks: list[Block]) -> bytes:
    return b"".join(data for each in blocks for _ms, data in each.chunks)


def _end_of(blocks: list[Block]) -> int:
    return blocks[-1].offset + len(_text_of(blocks[-1:])) if blocks else 0
