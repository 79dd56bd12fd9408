"""The relay benchmark: pieces are counted once each, and figures say what they say."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.providers.streaming import EventLines
from bench.relays import table
from bench.relays.dialects import Bare, Seat
from bench.relays.load import Sample
from bench.relays.sockets import ListeningSocket
from bench.relays.stamps import SENT
from bench.relays.upstream import Gate, Line

HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
SAMPLE = Sample(
    rooms=2,
    tokens=1_000,
    frames=500,
    ask_cpu=0.05,
    relay_cpu=0.2,
    end_cpu=0.05,
    relay_seconds=6.0,
    load_cpu=0.1,
    upstream_cpu=0.1,
    lag_p50=20.0,
    lag_p99=40.0,
    first_p50=10.0,
    first_p99=20.0,
    rss_mib=100.0,
)


class _Wire(asyncio.Transport):
    """Keeps what is written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)


def _frame(text: str) -> bytes:
    data = json.dumps({"type": "delta", "text": text}).encode()
    return b"\x81" + bytes([len(data)]) + data


async def _listen(received: bytes, *, pieces: int, size: int) -> ListeningSocket:
    """Return a socket that asked and was sent these bytes, `size` at a time."""
    socket = ListeningSocket(Seat("/", {}), Bare())
    socket.connection_made(_Wire())
    socket.data_received(HANDSHAKE)
    socket.ask(pieces)
    for start in range(0, len(received), size):
        socket.data_received(received[start : start + size])
    return socket


FIRST = _frame("!000000000001 @000000000002 word ")
SECOND = _frame("@000000000003 word @000000000004 word ")


@pytest.mark.parametrize("size", [1, 7, 1_000])
async def test_pieces_are_counted_however_the_bytes_are_split(size: int) -> None:
    done = b'\x81\x10{"type": "done"}'
    socket = await _listen(FIRST + SECOND + done, pieces=3, size=size)

    assert (len(socket.lags), socket.frames) == (3, 2)
    assert socket.told.done()
    assert socket.ended.done()


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(FIRST + SECOND + SECOND, id="twice"),
        pytest.param(SECOND, id="without its beginning"),
    ],
)
async def test_an_answer_that_is_not_whole_fails_the_run(received: bytes) -> None:
    socket = await _listen(received, pieces=5, size=1_000)

    with pytest.raises(RuntimeError):
        await socket.told


async def test_the_upstream_answers_once_all_have_asked() -> None:
    gate = Gate(rooms=2, deltas=3, each_second=1_000.0, pause=0.0)
    wires = [_Wire(), _Wire()]
    lines = [Line(gate), Line(gate)]
    for line, wire in zip(lines, wires, strict=True):
        line.connection_made(wire)
    body = b'{"model": "m"}'
    request = b"POST /v1/messages HTTP/1.1\r\nContent-Length: 14\r\n\r\n" + body

    lines[0].data_received(request)
    assert not gate.tasks
    lines[1].data_received(request)
    await asyncio.gather(*gate.tasks)

    for wire in wires:
        assert len(SENT.findall(wire.written)) == 3
        pieces = b"\n".join(wire.written.split(b"\r\n"))
        kinds = [event["type"] for event in EventLines().feed(pieces)]
        assert kinds[0] == "message_start"
        assert kinds.count("content_block_delta") == 3
        assert kinds[-1] == "message_stop"


def test_figures_are_ratios_within_a_round_with_the_goal() -> None:
    slow = replace(SAMPLE, relay_cpu=0.4, lag_p99=80.0)
    samples = {table.BARE: [[SAMPLE, slow]], "ours on daphne": [[SAMPLE, slow]]}

    cost, lag = table.figures(samples)

    assert (cost.baseline, cost.ratio) == (table.BARE, 1.0)
    assert cost.note.startswith("goal 1.0: met")
    assert (lag.seconds, lag.ratio) == (0.06, 1.0)


def test_the_table_has_a_line_for_each_relay_and_number_of_rooms() -> None:
    many = replace(SAMPLE, rooms=200)
    sizes = [[SAMPLE], [many]]
    lines = table.render({table.BARE: sizes, table.CHAINLIT: sizes}).splitlines()

    starts = [line.split(" | ")[:2] for line in lines[2:]]
    assert starts == [
        [f"| {table.BARE}", "2"],
        [f"| {table.CHAINLIT}", "2"],
        [f"| {table.BARE}", "200"],
        [f"| {table.CHAINLIT}", "200"],
    ]


@pytest.mark.long
def test_a_small_run_measures_ours_beside_the_bare_relay(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    sizes = ["--rooms", "1", "--rounds", "1", "--deltas", "5"]

    subprocess.run(
        [sys.executable, "-m", "bench.relay", *sizes, "--results", str(results)],
        check=True,
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.DEVNULL,
        timeout=300,
    )

    names = [figure["name"] for figure in json.loads(results.read_text())]
    assert names == [
        "CPU per 1,000 tokens relayed, ours on daphne, 1 rooms",
        "lag of a token, p99, ours on daphne, 1 rooms",
        "CPU per 1,000 tokens relayed, ours on uvicorn, 1 rooms",
        "lag of a token, p99, ours on uvicorn, 1 rooms",
    ]
