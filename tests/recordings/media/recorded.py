"""Recordings as MediaRecorder makes them: live containers cut into slices."""

import hashlib
import io
import math
import random
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import av

from recordings.media.assemble import Assembly, assemble
from recordings.media.headers import read_header
from recordings.media.segments import ChunkInput, SegmentInput
from recordings.media.sinks import FileSink, Sink

FPS = 20
KEY_SECONDS = 2
LIVE = {
    "webm": {"live": "1", "flush_packets": "1"},
    "mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof"},
}


class Collector:
    """A target that cannot seek, as a recorder's is."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        return len(data)


@lru_cache(maxsize=32)
def record(
    video: str | None = "libvpx-vp9",
    audio: str | None = "libopus",
    *,
    seconds: int = 8,
    width: int = 160,
    height: int = 120,
    container: str = "webm",
    audio_first: bool = False,
    bit_rate: int = 200_000,
    key_seconds: int = KEY_SECONDS,
    mark_ms: int | None = None,
) -> bytes:
    """The whole byte stream of one recorder; a flash and a beep at `mark_ms`."""
    noisy = bit_rate > 1_000_000
    target = Collector()
    with av.open(target, "w", format=container, options=LIVE[container]) as muxer:
        sound = _add_audio(muxer, audio) if audio and audio_first else None
        pictures = (
            _add_video(muxer, video, (width, height), bit_rate, key_seconds)
            if video
            else None
        )
        if audio and not audio_first:
            sound = _add_audio(muxer, audio)
        for number in range(seconds * FPS):
            is_marked = mark_ms is not None and number >= mark_ms * FPS // 1000
            if pictures is not None:
                picture = _picture(number, width, height, noisy=noisy)
                muxer.mux(pictures.encode(_flash(picture) if is_marked else picture))
            if sound is not None:
                muxer.mux(sound.encode(_sound(number, is_loud=is_marked)))
        for stream in (pictures, sound):
            if stream is not None:
                muxer.mux(stream.encode(None))
    return b"".join(target.parts)


def _add_video(
    muxer: av.container.OutputContainer,
    codec: str,
    size: tuple[int, int],
    bit_rate: int,
    key_seconds: int,
) -> av.VideoStream:
    options = {"g": str(FPS * key_seconds), "keyint_min": str(FPS * key_seconds)}
    if codec.startswith("libvpx"):
        options |= {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    else:
        options |= {"preset": "ultrafast", "tune": "zerolatency"}
    stream = muxer.add_stream(codec, rate=FPS, options=options)
    assert isinstance(stream, av.VideoStream)
    (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
    stream.bit_rate = bit_rate
    return stream


def _add_audio(muxer: av.container.OutputContainer, codec: str) -> av.AudioStream:
    stream = muxer.add_stream(codec, rate=48_000)
    assert isinstance(stream, av.AudioStream)
    stream.layout = "mono"
    return stream


def _picture(number: int, width: int, height: int, *, noisy: bool) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "yuv420p")
    noise = random.Random(number) if noisy else None
    for index, plane in enumerate(frame.planes):
        row = bytes((number * 3 + index * 40 + x) % 256 for x in range(plane.line_size))
        size = plane.buffer_size
        plane.update(noise.randbytes(size) if noise else row * plane.height)
    frame.pts, frame.time_base = number, Fraction(1, FPS)
    return frame


def _flash(picture: av.VideoFrame) -> av.VideoFrame:
    for plane in picture.planes[:1]:
        plane.update(b"\xff" * plane.buffer_size)
    return picture


def _sound(number: int, *, is_loud: bool) -> av.AudioFrame:
    """A frame's length of silence, or of a tone of 1 kHz."""
    samples = 48_000 // FPS
    frame = av.AudioFrame(format="s16", layout="mono", samples=samples)
    wave = [round(16_000 * math.sin(math.tau * n / 48)) for n in range(samples)]
    tone = struct.pack(f"{samples}h", *wave) if is_loud else b""
    frame.planes[0].update(tone.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.time_base = 48_000, Fraction(1, 48_000)
    frame.pts = number * samples
    return frame


def cut(data: bytes, count: int = 8) -> list[bytes]:
    """Slices of about equal size; their ends respect no element, as after a crash."""
    step = -(-len(data) // count)
    return [data[start : start + step] for start in range(0, len(data), step)]


def chunk(index: int, data: bytes) -> ChunkInput:
    digest = hashlib.sha256(data).hexdigest()
    return ChunkInput(index, len(data), digest, lambda: io.BytesIO(data))


def segment(
    slices: Sequence[bytes],
    *,
    start_ms: int = 0,
    without: Iterable[int] = (),
    name: str = "segment",
    keep_header: bool = True,
    last_index: int | None = None,
    duration_ms: int | None = None,
) -> SegmentInput:
    """A segment of these slices, some of which never arrived."""
    gone = set(without)
    chunks = [chunk(i, data) for i, data in enumerate(slices) if i not in gone]
    header = read_header(slices[0]) if keep_header else None
    kept = None if header is None else header.data
    return SegmentInput(name, start_ms, chunks, kept, last_index, duration_ms)


def damaged(whole: SegmentInput, index: int, data: bytes) -> SegmentInput:
    """The segment with other bytes stored for one chunk than its row says."""
    chunks = [
        replace(one, open=lambda: io.BytesIO(data)) if one.index == index else one
        for one in whole.chunks
    ]
    return replace(whole, chunks=chunks)


def assemble_into(
    folder: Path, *segments: SegmentInput
) -> tuple[Assembly, list[FileSink]]:
    """Assemble to disk; the sinks come in the order of the files."""
    sinks: list[FileSink] = []

    def sink_for(number: int, extension: str) -> Sink:
        sinks.append(FileSink(folder / f"{number}.{extension}"))
        return sinks[-1]

    return assemble(segments, sink_for, scratch=folder), sinks


@dataclass(frozen=True)
class Decoded:
    """What a strict player gets out of a file."""

    frames: int
    errors: int
    times_ms: tuple[int, ...]


def decode_all(source: BinaryIO | Path) -> Decoded:
    """Decode every packet of every stream, counting those that do not decode."""
    errors = 0
    times: list[int] = []
    target = str(source) if isinstance(source, Path) else source
    with av.open(target, "r") as opened:
        for stream in opened.streams:
            stream.codec_context.options = {"err_detect": "explode"}
        for packet in opened.demux():
            try:
                frames = packet.decode()
            except av.FFmpegError:
                errors += 1
                continue
            times += [
                round(frame.time * 1000)
                for frame in frames
                if isinstance(frame, av.VideoFrame) and frame.time is not None
            ]
    return Decoded(len(times), errors, tuple(times))
