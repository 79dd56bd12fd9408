"""Copies packets of runs into one output container; nothing is re-encoded."""

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

import av
import av.container
import av.stream
from av.packet import Packet

from recordings.media.errors import CodecUnsupportedError
from recordings.media.previews import NO_PREVIEWS, PreviewMaker, Previews
from recordings.media.runs import Run
from recordings.media.segments import HoleReason
from recordings.media.timeline import Hole, HoleLog
from recordings.media.tracks import Container, StreamHeader, output_container

# A segment that starts this little before its predecessor ended is moved behind it;
# with a larger overlap the doubled stretch is dropped, so that the clock stays right.
LARGEST_SHIFT_MS = 500
# Times outside these are not a recorder's: such packets are left out.
EARLIEST_MS = -10_000
LATEST_MS = 24 * 60 * 60 * 1000
if TYPE_CHECKING:
    AnyPacket: TypeAlias = Packet[av.stream.Stream]
else:
    AnyPacket = Packet  # the stub is generic, the class is not
MILLISECOND = Fraction(1, 1000)
# Fewer calls into Python than the library's 32 KiB.
BUFFER = 256 * 1024
# How names in a header that are no UTF-8 are read: nobody needs them.
NAMES = "replace"
# The demuxer opens a WebM header only when a cluster follows.
EMPTY_CLUSTER = bytes.fromhex("1f43b67501ffffffffffffffe78100")


class IndexFullError(Exception):
    """The room reserved for the index was too small; nothing else is wrong."""


@dataclass(frozen=True)
class Ticks:
    """The way from one time base to another, worked out once: there are many packets."""

    top: int
    bottom: int

    @classmethod
    def between(cls, base: Fraction, target: Fraction) -> Self:
        return cls(
            base.numerator * target.denominator, base.denominator * target.numerator
        )

    def convert(self, value: int) -> int:
        """The nearest time in the other base."""
        if self.top == self.bottom:
            return value
        return (2 * value * self.top + self.bottom) // (2 * self.bottom)


@dataclass
class Track:
    """One output stream and how far it has been written, in its own time base."""

    kind: str
    stream: av.stream.Stream
    time_base: Fraction
    to_ms: Ticks
    last: int | None = None
    awaits_key: bool = False


@dataclass(frozen=True)
class Move:
    """How the times of a run's stream become those of an output stream."""

    track: Track
    ticks: Ticks
    shift: int


class RunInput:
    """Demuxes a run; ends quietly where its bytes stop making sense."""

    def __init__(self, run: Run, container: Container) -> None:
        self._run = run
        self._container = container

    def packets(self) -> Iterator[AnyPacket]:
        try:
            # The format is named: guessing would let an upload pose as a playlist.
            source = av.open(
                self._run.reader,
                "r",
                format=self._container.value,
                buffer_size=BUFFER,
                metadata_errors=NAMES,
            )
        except av.FFmpegError:
            return
        bounds: dict[int, tuple[int, int]] = {}
        with source:
            packets = source.demux()
            while (packet := _next(packets)) is not None:
                if not packet.size or packet.is_corrupt:
                    continue
                number = packet.stream_index
                if number not in bounds:
                    bounds[number] = _bounds(_base(packet))
                if _is_plausible(packet, bounds[number]):
                    yield packet


def _next(packets: Iterator[AnyPacket]) -> AnyPacket | None:
    try:
        return next(packets, None)
    except av.FFmpegError:
        return None


def _bounds(base: Fraction) -> tuple[int, int]:
    ticks = Ticks.between(MILLISECOND, base)
    return ticks.convert(EARLIEST_MS), ticks.convert(LATEST_MS)


def _is_plausible(packet: AnyPacket, bounds: tuple[int, int]) -> bool:
    pts, dts = packet.pts, packet.dts
    if pts is None:
        return False
    first, last = bounds
    return first <= pts <= last and (dts is None or first <= dts <= last)


class Output:
    """One file being written. Times of runs are given on the interview clock."""

    def __init__(
        self,
        target: object,
        container: Container,
        header: StreamHeader,
        *,
        start_ms: int,
        options: dict[str, str],
        has_previews: bool,
    ) -> None:
        self.holes = HoleLog(start_ms)
        self.frame_count = 0
        self.packet_count = 0
        self.end_ms = start_ms
        self._lost_until_ms = start_ms
        self._start_ms = start_ms
        self._main = "video" if header.video else "audio"
        self._template = _open_template(header)
        self._previews = PreviewMaker(self._template) if has_previews else None
        # Without random ids or clock times: a repeated assembly gives equal bytes.
        options = {"fflags": "+bitexact", **options}
        self._muxer = av.open(
            target, "w", format=container.value, options=options, buffer_size=BUFFER
        )
        self._tracks = self._add_tracks(header)

    def _add_tracks(self, header: StreamHeader) -> dict[str, Track]:
        template = self._template.streams
        streams = {
            kind: self._muxer.add_stream_from_template(found[0])
            for kind, is_wanted, found in (
                ("video", header.video is not None, template.video),
                ("audio", header.audio is not None, template.audio),
            )
            if is_wanted and found
        }
        self._muxer.start_encoding()
        return {
            kind: _track(kind, stream, stream.time_base or MILLISECOND)
            for kind, stream in streams.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._previews is not None:
            self._previews.close()
        self._template.close()
        if error is not None:
            with suppress(av.FFmpegError):
                self._muxer.close()
            return
        try:
            self._muxer.close()
        except av.ArgumentError as full:
            raise IndexFullError from full

    def begin_segment(self, *, has_video: bool) -> None:
        """A picture (or the sound, where that is all) is missing from here on until the
        segment brings one."""
        if self.packet_count:
            is_heard = self._main == "video" and not has_video
            reason = HoleReason.NO_VIDEO if is_heard else HoleReason.NOT_RECORDED
            self.holes.expect(reason)

    def end_segment(self, trailing: HoleReason | None, end_ms: int | None) -> None:
        """Note a lost end, known when the client said how long it recorded."""
        if trailing is not None:
            self.holes.expect(trailing)
            self._lost_until_ms = max(self._lost_until_ms, end_ms or 0)

    def finish_holes(self) -> tuple[Hole, ...]:
        self.holes.finish(max(self.end_ms, self._lost_until_ms))
        return tuple(self.holes.holes)

    def finish_previews(self) -> Previews:
        """Wait for the pictures and the waveform of what was copied."""
        return NO_PREVIEWS if self._previews is None else self._previews.finish()

    def copy_run(self, run: Run, container: Container, segment_start_ms: int) -> None:
        """Write a run; video only from its first key frame on."""
        self.holes.expect(run.after)
        if "video" in self._tracks:
            self._tracks["video"].awaits_key = True
        offset_ms: int | None = None
        moves: dict[int, Move | None] = {}
        for packet in RunInput(run, container).packets():
            if offset_ms is None:
                offset_ms = self._offset(packet, segment_start_ms)
            number = packet.stream_index
            if number not in moves:
                moves[number] = self._plan(packet, offset_ms)
            move = moves[number]
            if move is not None:
                self._copy(packet, move)

    def _offset(self, packet: AnyPacket, segment_start_ms: int) -> int:
        offset = segment_start_ms - self._start_ms
        ticks = Ticks.between(_base(packet), MILLISECOND)
        first = offset + ticks.convert(packet.pts or 0)
        overlap = (self.end_ms - self._start_ms) - first
        return offset + overlap if 0 < overlap <= LARGEST_SHIFT_MS else offset

    def _plan(self, packet: AnyPacket, offset_ms: int) -> Move | None:
        """How the packets of this one's stream are moved; None where none is wanted."""
        track = self._tracks.get(packet.stream.type)
        if track is None:
            return None
        shift = Ticks.between(MILLISECOND, track.time_base).convert(offset_ms)
        return Move(track, Ticks.between(_base(packet), track.time_base), shift)

    def _copy(self, packet: AnyPacket, move: Move) -> None:
        track = move.track
        is_video = track.kind == "video"
        if is_video and track.awaits_key and not packet.is_keyframe:
            return
        pts, dts, duration = _times(packet, move)
        if track.last is not None and dts <= track.last:
            track.awaits_key = is_video
            return
        track.last, track.awaits_key = dts, False
        packet.pts, packet.dts, packet.duration = pts, dts, duration
        packet.time_base = track.time_base
        self._count(packet, track, track.to_ms.convert(pts), duration)
        packet.stream = track.stream
        self._muxer.mux_one(packet)

    def _count(
        self, packet: AnyPacket, track: Track, at_ms: int, duration: int
    ) -> None:
        """Note a packet that begins at this time of the file, so many ticks long."""
        start = self._start_ms + at_ms
        end = start + track.to_ms.convert(duration)
        self.packet_count += 1
        self.frame_count += track.kind == "video"
        self.end_ms = max(self.end_ms, end)
        if track.kind == self._main:
            self.holes.covered(start, end)
        if self._previews is not None:
            self._previews.see(packet, track.kind, at_ms)


def require_writable(header: StreamHeader) -> None:
    """Begin a file of these streams, to nowhere. Raises CodecUnsupportedError."""
    container = output_container(header)
    try:
        with _open_template(header) as template:
            streams = (*template.streams.video, *template.streams.audio)
            if any(stream.codec_context is None for stream in streams):
                raise CodecUnsupportedError
        with Output(
            io.BytesIO(),
            container,
            header,
            start_ms=0,
            options={},
            has_previews=False,
        ):
            pass
    except (av.FFmpegError, IndexFullError) as error:
        raise CodecUnsupportedError from error


def _track(kind: str, stream: av.stream.Stream, time_base: Fraction) -> Track:
    return Track(kind, stream, time_base, Ticks.between(time_base, MILLISECOND))


def _open_template(header: StreamHeader) -> av.container.InputContainer:
    filler = EMPTY_CLUSTER if header.container is Container.WEBM else b""
    front = io.BytesIO(header.data + filler)
    return av.open(front, "r", format=header.container.value, metadata_errors=NAMES)


def _base(packet: AnyPacket) -> Fraction:
    return packet.time_base or MILLISECOND


def _times(packet: AnyPacket, move: Move) -> tuple[int, int, int]:
    """When the packet is shown and decoded in the output, and how long it lasts."""
    convert, shift = move.ticks.convert, move.shift
    pts = packet.pts or 0
    dts = pts if packet.dts is None else packet.dts
    return convert(pts) + shift, convert(dts) + shift, convert(packet.duration or 0)
