"""A recording such as a browser makes, as long as one likes, from a few real seconds."""

import hashlib
import io
import random
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from recordings.media.headers import read_header
from recordings.media.segments import ChunkInput, SegmentInput

WIDTH, HEIGHT, FPS = 1280, 720, 30
CLIP_SECONDS = 10
CLIP_MS = CLIP_SECONDS * 1000
VIDEO_BITS, SOUND_BITS = 2_500_000, 128_000
_LIVE = {"live": "1", "flush_packets": "1"}
_SHADES = 64


class _Parts:
    """A target that cannot seek, as a recorder's is."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def write_chunks(folder: Path, seconds: int) -> SegmentInput:
    """Write a segment of ten-second chunks into a folder, and describe it."""
    chunks = [
        _write(folder / f"{index:06}", index, data)
        for index, data in enumerate(_record(seconds))
    ]
    header = read_header((folder / "000000").read_bytes())
    if header is None:
        raise ValueError("the first chunk has no header")
    return SegmentInput(
        "bench",
        0,
        chunks,
        header.data,
        last_index=len(chunks) - 1,
        duration_ms=seconds * 1000,
    )


def _write(path: Path, index: int, data: bytes) -> ChunkInput:
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return ChunkInput(index, len(data), digest, lambda: path.open("rb"))


def _record(seconds: int) -> Iterator[bytes]:
    """One recorder's stream: the clip's packets again and again."""
    clip = _record_clip()
    target = _Parts()
    muxer = av.open(target, "w", format="webm", options=_LIVE)
    streams: dict[str, Stream] = {}
    for loop in range(seconds // CLIP_SECONDS):
        with av.open(io.BytesIO(clip), "r", format="webm") as source:
            if not streams:
                streams = _copy_streams(source, muxer)
            for packet in source.demux():
                if packet.pts is not None and 0 <= packet.pts < CLIP_MS:
                    _move(packet, loop * CLIP_MS)
                    packet.stream = streams[packet.stream.type]
                    muxer.mux(packet)
        yield target.take()
    muxer.close()


def _copy_streams(source: InputContainer, muxer: OutputContainer) -> dict[str, Stream]:
    return {each.type: muxer.add_stream_from_template(each) for each in source.streams}


def _move(packet: "Packet[Stream]", by_ms: int) -> None:
    packet.pts = packet.dts = (packet.pts or 0) + by_ms
    packet.time_base = Fraction(1, 1000)


def _record_clip() -> bytes:
    target = _Parts()
    with av.open(target, "w", format="webm", options=_LIVE) as muxer:
        pictures, sound = _add_video(muxer), _add_sound(muxer)
        for number in range(CLIP_SECONDS * FPS):
            muxer.mux(pictures.encode(_picture(number)))
            muxer.mux(sound.encode(_hum(number)))
        muxer.mux(pictures.encode(None))
        muxer.mux(sound.encode(None))
    return target.take()


def _add_video(muxer: OutputContainer) -> VideoStream:
    options = {
        "g": str(2 * FPS),
        "deadline": "realtime",
        "cpu-used": "8",
        "lag-in-frames": "0",
        "minrate": str(VIDEO_BITS),
        "maxrate": str(VIDEO_BITS),
    }
    stream = muxer.add_stream("libvpx-vp9", rate=FPS, options=options)
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    stream.bit_rate = VIDEO_BITS
    return stream


def _add_sound(muxer: OutputContainer) -> AudioStream:
    stream = muxer.add_stream("libopus", rate=48_000)
    stream.layout, stream.bit_rate = "mono", SOUND_BITS
    return stream


def _picture(number: int) -> VideoFrame:
    """Coarse noise that changes: it takes the bits it is given."""
    frame = VideoFrame(WIDTH, HEIGHT, "yuv420p")
    dice = random.Random(number // 2)
    for plane in frame.planes:
        cell = bytes(
            128 + dice.randrange(-_SHADES, _SHADES) for _ in range(plane.line_size // 8)
        )
        row = b"".join(bytes([shade]) * 8 for shade in cell)
        row += bytes(plane.line_size - len(row))
        plane.update(row * plane.height)
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame


def _hum(number: int) -> AudioFrame:
    samples = 48_000 // FPS
    frame = AudioFrame(format="s16", layout="mono", samples=samples)
    frame.planes[0].update(random.Random(number).randbytes(2 * samples))
    frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
    frame.pts = number * samples
    return frame
