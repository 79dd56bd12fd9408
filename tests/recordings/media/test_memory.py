"""Assembly needs the same memory whether the interview was short or long."""

import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from tests.recordings.media.recorded import LIVE, Collector, record

MIB = 1024 * 1024
LOOPS = 60
LOOP_MS = 8000
MOST_GROWTH_KIB = 40 * 1024


def long_recording() -> Iterator[bytes]:
    """One recorder stream of many minutes: a short one's packets again and again."""
    data = record(seconds=8, width=640, height=360, bit_rate=4_000_000)
    target = Collector()
    muxer = av.open(target, "w", format="webm", options=LIVE["webm"])
    streams: dict[str, av.stream.Stream] = {}
    for loop in range(LOOPS):
        with av.open(_Once(data), "r", format="webm") as source:
            if not streams:
                streams = {
                    s.type: muxer.add_stream_from_template(s) for s in source.streams
                }
            for packet in source.demux():
                if packet.dts is None or packet.pts is None or packet.pts < 0:
                    continue
                packet.pts += loop * LOOP_MS
                packet.dts += loop * LOOP_MS
                packet.time_base = Fraction(1, 1000)
                packet.stream = streams[packet.stream.type]
                muxer.mux(packet)
        yield b"".join(target.parts)
        target.parts.clear()
    muxer.close()
    yield b"".join(target.parts)


class _Once:
    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)

    def read(self, size: int) -> bytes:
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)


def test_large_recording_is_assembled_in_constant_memory(tmp_path: Path) -> None:
    folder = tmp_path / "chunks"
    folder.mkdir()
    for number, data in enumerate(long_recording()):
        (folder / f"{number:04}").write_bytes(data)

    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.recordings.media.large",
            str(folder),
            str(tmp_path / "out.webm"),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )

    before, peak, duration_ms, size = map(int, done.stdout.split())
    assert size > 150 * MIB
    assert abs(duration_ms - LOOPS * LOOP_MS) <= 100
    assert peak - before < MOST_GROWTH_KIB
