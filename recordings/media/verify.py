"""Reads a finished file back: the proof that the chunks may go, and its poster."""

from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import av
import av.container
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from recordings.media.assemble import AssembledFile
from recordings.media.ebml import CLUSTER, CUES, SEGMENT, children, read_element
from recordings.media.errors import VerificationError
from recordings.media.pictures import encode_jpeg
from recordings.media.tracks import Container

# The muxer rounds, and moves a whole file by the codec delay.
DURATION_TOLERANCE_MS = 100
FRONT = 8 * 1024 * 1024
POSTER_WIDTH = 640
POSTER_AT_MS = 2000
POSTER_QUALITY = "4"


@dataclass(frozen=True)
class Verification:
    """What reading the file back showed."""

    size: int
    duration_ms: int
    sought_ms: int | None


def verify(finished: BinaryIO, expected: AssembledFile) -> Verification:
    """Check size, index, duration and one seek; raise VerificationError otherwise."""
    size = finished.seek(0, 2)
    if size != expected.size:
        raise VerificationError("The stored recording has another size.")
    finished.seek(0)
    if expected.container is Container.WEBM and not has_index_in_front(finished):
        raise VerificationError("The stored recording has no index in front.")
    finished.seek(0)
    try:
        with av.open(finished, "r", format=expected.container.value) as source:
            duration = _end_ms(source, expected.container)
            _check_duration(duration, expected)
            first = (source.start_time or 0) // 1000
            sought = _decode_at(source, (first + duration) // 2)
    except av.FFmpegError as error:
        raise VerificationError from error
    return Verification(size, duration, sought)


def _check_duration(duration_ms: int, expected: AssembledFile) -> None:
    if abs(duration_ms - expected.duration_ms) > DURATION_TOLERANCE_MS:
        raise VerificationError("The stored recording has another length.")


def has_index_in_front(finished: BinaryIO) -> bool:
    """Whether a WebM file has its cues before the first cluster."""
    data = finished.read(FRONT)
    head = read_element(data, 0)
    segment = read_element(data, head.end) if head and head.end else None
    if segment is None or segment.id != SEGMENT:
        return False
    for element in children(data, segment.body, len(data)):
        if element.id in {CUES, CLUSTER}:
            return element.id == CUES
    return False


def _end_ms(source: av.container.InputContainer, container: Container) -> int:
    """Where the file ends. MP4 counts its length from the first packet on."""
    if source.duration is None:
        raise VerificationError("The stored recording has no length.")
    start = (source.start_time or 0) if container is Container.MP4 else 0
    return (source.duration + start) // 1000


def _decode_at(source: av.container.InputContainer, at_ms: int) -> int | None:
    """Seek and decode one frame; its time in milliseconds."""
    stream: VideoStream | AudioStream = (
        source.streams.video[0] if source.streams.video else source.streams.audio[0]
    )
    base = stream.time_base or Fraction(1, 1000)
    source.seek(int(Fraction(at_ms, 1000) / base), stream=stream)
    frame = next(source.decode(stream), None)
    if not isinstance(frame, VideoFrame | AudioFrame):
        raise VerificationError("A seek into the stored recording finds nothing.")
    if isinstance(frame, VideoFrame) and not frame.key_frame:
        raise VerificationError("A seek does not land on a key frame.")
    return None if frame.time is None else round(frame.time * 1000)


def poster(finished: BinaryIO, container: Container) -> bytes | None:
    """A JPEG of the key frame near the start; None where there is none to draw."""
    finished.seek(0)
    try:
        with av.open(finished, "r", format=container.value) as source:
            frame = _decode_start(source)
            return None if frame is None else _draw(frame, POSTER_WIDTH)
    except av.FFmpegError:
        # A recording that plays is worth having without its picture.
        return None


def _decode_start(source: av.container.InputContainer) -> VideoFrame | None:
    if not source.streams.video:
        return None
    stream = source.streams.video[0]
    base = stream.time_base or Fraction(1, 1000)
    start = stream.start_time or 0
    source.seek(start + int(Fraction(POSTER_AT_MS, 1000) / base), stream=stream)
    return next(source.decode(stream), None)


def _draw(frame: VideoFrame, width: int) -> bytes:
    """The frame as JPEG, at most `width` wide."""
    width = min(width, frame.width) // 2 * 2
    height = max(2, frame.height * width // frame.width // 2 * 2)
    picture = frame.reformat(width=width, height=height, format="yuvj420p")
    return encode_jpeg(picture, POSTER_QUALITY)
