"""Runs: stretches of a segment's bytes that a demuxer can read without a hole.

A hole is cut out of the bytes, never papered over by timestamps: behind it a new
run starts with the segment's header and the next cluster or fragment.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from recordings.media.ahead import read_ahead
from recordings.media.headers import find_restart
from recordings.media.segments import HoleReason, Piece, SegmentInput, read_pieces
from recordings.media.tracks import StreamHeader

# Bytes that pass their hash yet stop the demuxer again and again are not worth more.
MOST_UNREADABLE = 50


class ChunkFeed:
    """The bytes of a segment up to the next hole, holding one chunk at a time."""

    def __init__(self, pieces: Iterator[Piece], on_piece: Callable[[], None]) -> None:
        self._pieces = pieces
        self._on_piece = on_piece
        self._rest = memoryview(b"")
        self.hole: HoleReason | None = None
        self.finished = False

    def take(self, size: int) -> bytes:
        """Up to `size` bytes; none at a hole, or at the end."""
        while not self._rest and self.hole is None and not self.finished:
            self._advance()
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)

    def _advance(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            self.finished = True
            return
        self._on_piece()
        if piece.reason is not None:
            self.hole = piece.reason
        else:
            self._rest = memoryview(piece.data)

    def pass_hole(self) -> HoleReason | None:
        reason, self.hole = self.hole, None
        return reason


class RunReader:
    """What the demuxer reads: the header, the first cluster, the rest of the run."""

    def __init__(self, front: bytes, feed: ChunkFeed) -> None:
        self._front = memoryview(front)
        self._feed = feed

    def read(self, size: int = -1) -> bytes:
        size = size if size >= 0 else 1 << 20
        if self._front:
            taken, self._front = self._front[:size], self._front[size:]
            return bytes(taken)
        return self._feed.take(size)


@dataclass(frozen=True)
class Run:
    """Read `reader` to its end before asking for the next run."""

    reader: RunReader
    after: HoleReason | None


class SegmentRuns:
    """Iterates over the runs of a segment; afterwards `trailing` tells a lost end.

    A context: leaving it ends the thread that reads ahead. `on_chunk` is called for
    each chunk as its turn comes.
    """

    def __init__(
        self, segment: SegmentInput, header: StreamHeader, on_chunk: Callable[[], None]
    ) -> None:
        self._header = header
        self._pieces = read_ahead(read_pieces(segment))
        self._feed = ChunkFeed(self._pieces, on_chunk)
        self.trailing: HoleReason | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pieces.close()

    def __iter__(self) -> Iterator[Run]:
        feed = self._feed
        unreadable = 0
        while not feed.finished and unreadable < MOST_UNREADABLE:
            front = self._seek_restart()
            if front:
                reader = RunReader(self._header.data + front, feed)
                yield Run(reader, self.trailing)
                self.trailing = None
            if feed.hole is not None:
                self.trailing = self.trailing or feed.pass_hole()
                feed.pass_hole()
            elif not feed.finished:
                unreadable += 1
                self.trailing = HoleReason.UNREADABLE

    def _seek_restart(self) -> bytes:
        """Skip to the next place a demuxer can start; empty at a hole or the end."""
        buffer = bytearray()
        while block := self._feed.take(1 << 16):
            buffer += block
            found, keep = find_restart(self._header.container, buffer)
            if found is not None:
                return bytes(buffer[found:])
            del buffer[:keep]
        return b""
