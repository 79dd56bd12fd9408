"""The parts of a terminal that need no sandbox, and the one limit that is only soft."""

import os

import pytest

from runner.bwrap.shells import Shells
from runner.protocol import (
    ProtocolError,
    Reply,
    Request,
    TerminalAck,
    TerminalAttach,
    TerminalAttached,
    TerminalBlock,
    TerminalClose,
    TerminalDriving,
    TerminalEnded,
    TerminalInput,
    TerminalOutput,
    TerminalResize,
    TerminalResized,
    TerminalSignal,
    TerminalTaken,
    WorkspaceKey,
    parse_reply,
    parse_request,
)
from runner.sandbox import Home, ShellPlan
from runner.terminals.bounds import (
    HEAD_BYTES,
    RESYNC_BYTES,
    RING_BYTES,
    TAIL_BYTES,
    UNSTORED_BYTES,
    clamp_size,
)
from runner.terminals.recording import Recording
from runner.terminals.ring import Ring
from tests.runner.conftest import Bench
from tests.runner.workspaces.conftest import Ground, ground

__all__ = ["ground"]

KEY = WorkspaceKey("0b0e7ba4-9a7e-4f3c-8f5e-2d4b5c6d7e8f", 3)
REQUESTS: list[Request] = [
    TerminalAttach(KEY, "1", "driver", 24, 80, None, "task"),
    TerminalAttach(KEY, "x", "viewer", -1, 10**6, 77),
    TerminalInput("5", b"\x03\xff"),
    TerminalResize(0, 99_999),
    TerminalSignal("TSTP"),
    TerminalAck(9),
    TerminalClose(),
]
REPLIES: list[Reply] = [
    TerminalAttached(True, "g", 1_700_000_000_000, 5, 24, 80),
    TerminalOutput(7, b"\xff\0"),
    TerminalTaken("5", 2),
    TerminalResized(1, 500),
    TerminalDriving(is_driver=False),
    TerminalEnded(None, "workspace_closed"),
    TerminalEnded(137, "exit"),
    TerminalBlock(0, 12, 3, ((0, b"a"), (40, b"\xff")), 9, 24, 80),
]


@pytest.mark.parametrize("frame", REQUESTS, ids=repr)
def test_request_survives_the_wire(frame: Request) -> None:
    assert parse_request(frame.to_json()) == frame


@pytest.mark.parametrize("frame", REPLIES, ids=repr)
def test_reply_survives_the_wire(frame: Reply) -> None:
    assert parse_reply(frame.to_json()) == frame


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../1"},
        {"name": ""},
        {"role": "owner"},
        {"cwd": "/etc"},
        {"cwd": "a/../.."},
        {"after": -1},
        {"rows": "24"},
        {"cols": 2**80},
        {"workspace": {"id": "x", "epoch": 1}},
    ],
    ids=repr,
)
def test_attachment_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        parse_request(REQUESTS[0].to_json() | change)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "terminal.signal", "signal": "KILL"},
        {"type": "terminal.input", "id": "1", "data_b64": "A" * 400_000},
        {"type": "terminal.ack", "upto": -1},
        {"type": "terminal.dance"},
    ],
    ids=lambda frame: str(frame["type"]),
)
def test_other_nonsense_is_refused(frame: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        parse_request(frame)


@pytest.mark.parametrize(
    ("wish", "size"),
    [((0, 0), (1, 1)), ((24, 80), (24, 80)), ((10**6, -4), (500, 1))],
    ids=["nothing", "usual", "absurd"],
)
def test_size_is_clamped(wish: tuple[int, int], size: tuple[int, int]) -> None:
    assert clamp_size(*wish) == size


def test_ring_keeps_the_last_bytes_with_their_numbers() -> None:
    ring = Ring(size=10)
    for piece in (b"01234", b"56789", b"abc"):
        ring.add(piece)

    assert (ring.start, ring.end) == (3, 13)
    assert ring.read(3, 4) == b"3456"
    assert ring.read(11, 99) == b"bc"
    assert ring.read(13, 99) == b""


def test_viewer_goes_on_after_a_line_near_the_end() -> None:
    ring = Ring()
    ring.add(b"x" * RING_BYTES)
    assert ring.find_resync() == ring.end - RESYNC_BYTES
    ring.add(b"y" * 99 + b"\n" + b"z" * (RESYNC_BYTES - 50))

    assert ring.read(ring.find_resync(), 1) == b"z"


class Tape:
    """A recording with a clock to turn, and its ring."""

    def __init__(self) -> None:
        self.now = 0
        self.woken = 0
        self.ring = Ring()
        self.recording = Recording(self.ring, (24, 80), lambda: self.now, self.wake)

    def wake(self) -> None:
        self.woken += 1

    def put(self, data: bytes, at: int = 0) -> None:
        self.now = at
        self.ring.add(data)
        self.recording.add(data)

    def blocks(self) -> list[TerminalBlock]:
        found = []
        following = self.recording.follow()
        while (block := next(following)) is not None:
            found.append(block)
        return found


async def test_bytes_close_together_are_one_chunk() -> None:
    tape = Tape()
    tape.put(b"a", at=100)
    tape.put(b"b", at=110)
    tape.put(b"c", at=300)
    tape.recording.close()

    (block,) = tape.blocks()
    assert (block.number, block.at_ms, block.offset) == (0, 100, 0)
    assert block.chunks == ((0, b"ab"), (200, b"c"))
    assert tape.woken == 1


async def test_flood_in_a_second_keeps_its_beginning_and_its_end() -> None:
    tape = Tape()
    for number in range(40):
        tape.put(bytes([number]) * 32 * 1024, at=number)
    tape.recording.close()

    head, tail = tape.blocks()
    assert len(b"".join(data for _ms, data in head.chunks)) == HEAD_BYTES
    assert tail.chunks == ((0, tape.ring.read(tape.ring.end - TAIL_BYTES, TAIL_BYTES)),)
    assert tail.cut == tape.ring.end - HEAD_BYTES - TAIL_BYTES


async def test_what_nobody_stores_is_dropped_and_counted() -> None:
    tape = Tape()
    size = 100 * 1024
    for _block in range(15):
        tape.put(b"x" * size)
        tape.recording.close()

    blocks = tape.blocks()
    assert tape.recording.held_bytes <= UNSTORED_BYTES
    assert blocks[0].cut == blocks[0].offset == (15 - len(blocks)) * size
    assert [each.cut for each in blocks[1:]] == [0] * (len(blocks) - 1)


async def test_acknowledged_blocks_are_forgotten() -> None:
    tape = Tape()
    for _block in range(3):
        tape.put(b"12345")
        tape.recording.close()
    tape.recording.acknowledge(1)
    (left,) = tape.blocks()
    assert (left.number, left.offset, left.cut) == (2, 10, 0)
    tape.recording.acknowledge(2)

    assert not tape.recording.has_blocks
    assert tape.recording.held_bytes == 0


async def test_late_acknowledgement_of_dropped_blocks_counts_nothing_twice() -> None:
    tape = Tape()
    size = 100 * 1024
    tape.put(b"x" * size)
    tape.recording.close()
    assert len(tape.blocks()) == 1
    for _block in range(12):
        tape.put(b"x" * size)
        tape.recording.close()
    tape.recording.acknowledge(0)

    first = tape.blocks()[0]
    assert first.cut == first.offset - size


async def test_size_belongs_to_the_blocks_that_follow() -> None:
    tape = Tape()
    tape.put(b"a")
    tape.recording.resize((30, 100))
    tape.put(b"b")
    tape.recording.close()

    assert [(each.rows, each.cols) for each in tape.blocks()] == [(24, 80), (30, 100)]


# What is shared counts for no process alone.
_SHARED_HOG = (
    b"python3 -c 'import mmap, time; kept = mmap.mmap(-1, 600 << 20)\n"
    b"for _ in range(600): kept.write(bytes(1 << 20))\n"
    b"time.sleep(60)'\r"
)


async def test_hog_without_a_control_group_is_noticed(
    soft_bench: Bench, ground: Ground
) -> None:
    shells: Shells = soft_bench.sandbox._shells
    plan = ShellPlan(Home(ground.disk.home, ground.disk.uid), "", 24, 80)
    shell = await shells.open(plan, None)
    try:
        os.write(shell.master, _SHARED_HOG)
        await shell.wait()
        assert not shell._process.has_ended
    finally:
        await shell.end()
        os.close(shell.master)

    assert shell.is_out_of_memory
