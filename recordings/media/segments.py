"""What assembly is given: segments of checked chunks, read one chunk at a time."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from recordings.media.headers import read_header
from recordings.media.sinks import ByteReader
from recordings.media.tracks import StreamHeader


class HoleReason(StrEnum):
    CHUNK_MISSING = "chunk_missing"
    CHUNK_DAMAGED = "chunk_damaged"
    HEADER_MISSING = "header_missing"
    UNREADABLE = "unreadable"
    NOT_RECORDED = "not_recorded"
    NO_VIDEO = "no_video"


@dataclass(frozen=True)
class ChunkInput:
    """A stored chunk. `open` raises FileNotFoundError when its bytes are gone;
    any other error means "not now" and ends the assembly, to be tried again.

    `open` and `on_fault` are called in a thread that reads ahead.
    """

    index: int
    size: int
    sha256: str
    open: Callable[[], ByteReader]
    on_fault: Callable[[], None] | None = None


@dataclass(frozen=True)
class SegmentInput:
    """One recorder run. `start_ms` is on the interview clock.

    `header` is what was kept of chunk 0; `last_index` and `duration_ms` are what
    the client said when it closed the segment, None when it never did.
    """

    name: str
    start_ms: int
    chunks: Sequence[ChunkInput]
    header: bytes | None = None
    last_index: int | None = None
    duration_ms: int | None = None


@dataclass(frozen=True)
class Piece:
    """The bytes of one chunk, or the reason why one or several are not there."""

    data: bytes
    reason: HoleReason | None = None


def read_chunk(chunk: ChunkInput) -> Piece:
    """A whole chunk, believed only when length and hash agree."""
    piece = _read_checked(chunk)
    if piece.reason is not None and chunk.on_fault is not None:
        chunk.on_fault()
    return piece


def _read_checked(chunk: ChunkInput) -> Piece:
    try:
        reader = chunk.open()
    except FileNotFoundError:
        return Piece(b"", HoleReason.CHUNK_MISSING)
    try:
        data = _read_at_most(reader, chunk.size + 1)
    finally:
        reader.close()
    if len(data) != chunk.size or hashlib.sha256(data).hexdigest() != chunk.sha256:
        return Piece(b"", HoleReason.CHUNK_DAMAGED)
    return Piece(data)


def _read_at_most(reader: ByteReader, limit: int) -> bytes:
    parts: list[bytes] = []
    while limit > 0 and (part := reader.read(limit)):
        parts.append(part)
        limit -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_pieces(segment: SegmentInput) -> Iterator[Piece]:
    """The segment's chunks by index, with one piece for every gap between them."""
    expected = 0
    ordered = sorted(segment.chunks, key=lambda chunk: chunk.index)
    for index, same in groupby(ordered, key=lambda chunk: chunk.index):
        if index > expected:
            yield Piece(b"", HoleReason.CHUNK_MISSING)
        yield _first_sound(same)
        expected = index + 1
    if segment.last_index is not None and segment.last_index >= expected:
        yield Piece(b"", HoleReason.CHUNK_MISSING)


def _first_sound(chunks: Iterator[ChunkInput]) -> Piece:
    piece = Piece(b"", HoleReason.CHUNK_MISSING)
    for chunk in chunks:
        piece = read_chunk(chunk)
        if piece.reason is None:
            break
    return piece


def segment_header(segment: SegmentInput) -> StreamHeader | None:
    """The segment's own header: the kept one, or that of its first chunks.

    Never another segment's: track order differs between runs of the same page.
    """
    if segment.header:
        return read_header(segment.header)
    front = b""
    for piece in read_pieces(segment):
        if piece.reason is not None:
            return None
        front += piece.data
        header = read_header(front)
        if header is not None:
            return header
    return None
