"""Assembly needs the same memory whether the interview was short or long."""

import io
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from random import Random

import av
import pytest
from av.packet import Packet

from tests.recordings.media.recorded import LIVE, Collector, record

MIB = 1024 * 1024
LOOP_SECONDS = 4
# Chunks in hand, a sheet of pictures with its encoder, the muxer's index: none of them
# grows with the recording.
MOST_GROWTH_KIB = 64 * 1024


def long_recording(loops: int, frame_bytes: int) -> Iterator[bytes]:
    """One recorder's stream, a short one's packets again and again.

    Only key frames are real: the others are as many bytes as one likes, which no
    decoder is asked to read.
    """
    data = record(seconds=LOOP_SECONDS)
    filler = Random(1).randbytes(frame_bytes)
    target = Collector()
    muxer = av.open(target, "w", format="webm", options=LIVE["webm"])
    streams: dict[str, av.stream.Stream] = {}
    for loop in range(loops):
        with av.open(io.BytesIO(data), "r", format="webm") as source:
            if not streams:
                streams = {
                    s.type: muxer.add_stream_from_template(s) for s in source.streams
                }
            for packet in source.demux():
                if packet.pts is None or packet.pts < 0:
                    continue
                is_filled = packet.stream.type == "video" and not packet.is_keyframe
                made = Packet(filler) if is_filled else packet
                made.pts = made.dts = packet.pts + loop * LOOP_SECONDS * 1000
                made.time_base = Fraction(1, 1000)
                made.stream = streams[packet.stream.type]
                muxer.mux(made)
        yield b"".join(target.parts)
        target.parts.clear()
    muxer.close()
    yield b"".join(target.parts)


@pytest.mark.parametrize(
    ("minutes", "frame_bytes"),
    [(2, 70_000), pytest.param(180, 4000, marks=pytest.mark.long)],
    ids=["many bytes", "three hours"],
)
def test_large_recording_is_assembled_in_constant_memory(
    tmp_path: Path, minutes: int, frame_bytes: int
) -> None:
    folder = tmp_path / "chunks"
    folder.mkdir()
    loops = minutes * 60 // LOOP_SECONDS
    for number, data in enumerate(long_recording(loops, frame_bytes)):
        (folder / f"{number:05}").write_bytes(data)

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
        timeout=300,
    )

    before, peak, duration_ms, size = map(int, done.stdout.split())
    assert size > 150 * MIB
    assert abs(duration_ms - minutes * 60_000) <= 100
    assert peak - before < MOST_GROWTH_KIB
