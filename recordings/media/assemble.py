"""Joins the segments of a recording into seekable files, one per run of codecs."""

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import av

from recordings.media.errors import (
    CodecUnsupportedError,
    HeaderInvalidError,
    IndexTooLargeError,
    MediaError,
)
from recordings.media.points import Observer, Point, pass_by
from recordings.media.previews import NO_PREVIEWS, Previews
from recordings.media.remux import IndexFullError, Output, require_writable
from recordings.media.runs import SegmentRuns
from recordings.media.segments import (
    HoleReason,
    SegmentInput,
    segment_header,
)
from recordings.media.sinks import ByteReader, Sink, SinkFactory, Writer
from recordings.media.timeline import Hole, Placed, group_segments, likely_end_ms
from recordings.media.tracks import Container, output_container, output_mime

# One ranged request each where the store is remote.
COPY_BLOCK = 4 * 1024 * 1024
# A cue takes about 21 bytes, a key frame comes every two seconds or less often.
INDEX_BYTES_PER_SECOND = 36
SMALLEST_INDEX = 8 * 1024
# The index must lie in the first part of a multipart upload.
LARGEST_INDEX = 4 * 1024 * 1024


@dataclass(frozen=True)
class AssembledFile:
    """A committed file. File time 0 is `start_ms` on the interview clock, on which
    the holes are given too."""

    number: int
    start_ms: int
    duration_ms: int
    size: int
    sha256: str
    container: Container
    mime: str
    video_codec: str | None
    audio_codec: str | None
    width: int
    height: int
    frame_count: int
    holes: tuple[Hole, ...]
    previews: Previews = NO_PREVIEWS


@dataclass(frozen=True)
class Assembly:
    """What became of a recording; `lost` are segments nothing could be read of."""

    files: tuple[AssembledFile, ...]
    lost: tuple[Hole, ...]

    @property
    def holes(self) -> tuple[Hole, ...]:
        inside = [hole for file in self.files for hole in file.holes]
        return tuple(sorted([*inside, *self.lost], key=lambda hole: hole.start_ms))


@dataclass(frozen=True)
class _Written:
    packets: int
    frames: int
    end_ms: int
    holes: tuple[Hole, ...]
    previews: Previews


@dataclass(frozen=True)
class _Manner:
    """How a file is written: where temporary ones go, and who watches."""

    scratch: Path | None
    on_point: Observer
    has_previews: bool


def assemble(
    segments: Sequence[SegmentInput],
    sinks: SinkFactory,
    *,
    scratch: Path | None = None,
    on_point: Observer = pass_by,
    has_previews: bool = True,
) -> Assembly:
    """Write the recording through `sinks`, reading one chunk ahead.

    Pictures and waveform are made in the same pass unless `has_previews` is false.
    `scratch` is the folder for the temporary file MP4 needs; `on_point` is called in
    this thread for each chunk as its turn comes, for a file when its last part waits
    to be stored, when it is in its place, and while it is read back. On an error
    nothing of the file at hand is left; files already committed stay and are
    overwritten by a new attempt.
    """
    manner = _Manner(scratch, on_point, has_previews)
    placed, lost = _place(segments)
    files: list[AssembledFile] = []
    for group in group_segments(placed):
        file = _write_group(group, sinks, len(files), manner)
        if file is None:
            lost += [_span(one.segment, HoleReason.UNREADABLE) for one in group]
        else:
            files.append(file)
    return Assembly(tuple(files), tuple(lost))


def _place(segments: Sequence[SegmentInput]) -> tuple[list[Placed], list[Hole]]:
    placed: list[Placed] = []
    lost: list[Hole] = []
    for segment in segments:
        try:
            header = segment_header(segment)
            if header is not None:
                # What no file can hold costs itself, not those it would stand beside.
                require_writable(header)
        except (HeaderInvalidError, CodecUnsupportedError):
            lost.append(_span(segment, HoleReason.UNREADABLE))
            continue
        if header is not None:
            placed.append(Placed(segment, header))
        elif segment.chunks or segment.last_index is not None:
            lost.append(_span(segment, HoleReason.HEADER_MISSING))
    return placed, lost


def _span(segment: SegmentInput, reason: HoleReason) -> Hole:
    return Hole(segment.start_ms, likely_end_ms(segment), reason)


def _write_group(
    group: Sequence[Placed], sinks: SinkFactory, number: int, manner: _Manner
) -> AssembledFile | None:
    container = output_container(group[0].header)
    sink = sinks(number, container.value)
    try:
        if container is Container.WEBM:
            written = _write_webm(group, sink, manner)
        else:
            written = _write_mp4(group, sink, manner)
        if not written.packets:
            sink.abort()
            return None
        if group[0].header.video is not None and not written.frames:
            sink.abort()
            return _write_sound(group, sinks, number, manner)
        manner.on_point(Point.WRITTEN)
        sink.commit()
        manner.on_point(Point.PLACED)
    except av.FFmpegError as error:
        sink.abort()
        raise MediaError from error
    except BaseException:
        sink.abort()
        raise
    with closing(sink.stream()) as finished:
        size, digest = _measure(finished, manner.on_point)
    return _describe(group, number, container, written, (size, digest))


def _write_sound(
    group: Sequence[Placed], sinks: SinkFactory, number: int, manner: _Manner
) -> AssembledFile | None:
    """Write the sound alone where no key frame came: without one nothing finds its
    way in a file with a picture."""
    heard = [replace(one, header=replace(one.header, video=None)) for one in group]
    file = _write_group(heard, sinks, number, manner)
    return None if file is None else replace(file, holes=_without_picture(file))


def _without_picture(file: AssembledFile) -> tuple[Hole, ...]:
    """The holes of a file's sound, and between them the missing picture."""
    holes: list[Hole] = []
    end_ms = file.start_ms + file.duration_ms
    at = file.start_ms
    for hole in file.holes:
        if hole.start_ms > at:
            holes.append(Hole(at, hole.start_ms, HoleReason.NO_VIDEO))
        holes.append(hole)
        at = hole.end_ms
    if end_ms > at:
        holes.append(Hole(at, end_ms, HoleReason.NO_VIDEO))
    return tuple(holes)


def _write_webm(group: Sequence[Placed], sink: Sink, manner: _Manner) -> _Written:
    """Reserve room for the index in front; start again with twice the room."""
    room = _index_room(group)
    while True:
        try:
            return _mux(
                group,
                sink.begin(),
                Container.WEBM,
                {"reserve_index_space": str(room)},
                manner,
            )
        except IndexFullError:
            if room >= LARGEST_INDEX:
                raise IndexTooLargeError from None
            room = min(2 * room, LARGEST_INDEX)


def _index_room(group: Sequence[Placed]) -> int:
    start = group[0].segment.start_ms
    seconds = (max(likely_end_ms(one.segment) for one in group) - start) // 1000
    return min(SMALLEST_INDEX + INDEX_BYTES_PER_SECOND * seconds, LARGEST_INDEX)


def _write_mp4(group: Sequence[Placed], sink: Sink, manner: _Manner) -> _Written:
    """The muxer moves the index forward by reopening its file, so it needs a path."""
    with tempfile.TemporaryDirectory(dir=manner.scratch) as folder:
        path = Path(folder) / "recording.mp4"
        options = {"movflags": "faststart"}
        written = _mux(group, str(path), Container.MP4, options, manner)
        if written.packets:
            _copy(path, sink.begin(), manner.on_point)
    return written


def _copy(path: Path, writer: Writer, on_point: Observer) -> None:
    with path.open("rb") as source:
        while block := source.read(COPY_BLOCK):
            on_point(Point.READ)
            writer.write(block)


def _mux(
    group: Sequence[Placed],
    target: Writer | str,
    container: Container,
    options: dict[str, str],
    manner: _Manner,
) -> _Written:
    first = group[0]
    start_ms = first.segment.start_ms
    with Output(
        target,
        container,
        first.header,
        start_ms=start_ms,
        options=options,
        has_previews=manner.has_previews,
    ) as output:
        for one in group:
            _copy_segment(one, output, manner)
        holes = output.finish_holes()
        previews = output.finish_previews()
    return _Written(
        output.packet_count, output.frame_count, output.end_ms, holes, previews
    )


def _copy_segment(one: Placed, output: Output, manner: _Manner) -> None:
    segment, header = one.segment, one.header
    output.begin_segment(has_video=header.video is not None)
    with SegmentRuns(segment, header, lambda: manner.on_point(Point.CHUNK)) as runs:
        for run in runs:
            output.copy_run(run, header.container, segment.start_ms)
    duration = segment.duration_ms
    end_ms = None if duration is None else segment.start_ms + duration
    output.end_segment(runs.trailing, end_ms)


def _describe(
    group: Sequence[Placed],
    number: int,
    container: Container,
    written: _Written,
    measured: tuple[int, str],
) -> AssembledFile:
    header, start_ms = group[0].header, group[0].segment.start_ms
    size, digest = measured
    return AssembledFile(
        number=number,
        start_ms=start_ms,
        duration_ms=written.end_ms - start_ms,
        size=size,
        sha256=digest,
        container=container,
        mime=output_mime(container, has_video=header.video is not None),
        video_codec=header.video.codec if header.video else None,
        audio_codec=header.audio.codec if header.audio else None,
        width=header.video.width if header.video else 0,
        height=header.video.height if header.video else 0,
        frame_count=written.frames,
        holes=written.holes,
        previews=written.previews,
    )


def _measure(finished: ByteReader, on_point: Observer) -> tuple[int, str]:
    """Size and hash as stored: the head was written last, so this reads it all.

    That takes minutes where hours lie in a slow store.
    """
    digest = hashlib.sha256()
    size = 0
    while block := finished.read(COPY_BLOCK):
        on_point(Point.READ)
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()
