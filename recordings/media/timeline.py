"""Which segments share an output file, and where each one starts in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recordings.media.segments import HoleReason, SegmentInput
from recordings.media.tracks import StreamHeader

# A longer pause (an interview reopened the next day) starts a new file.
LONGEST_GAP_MS = 60 * 60 * 1000
# Shorter than this the last frame stands anyway: no hole is reported.
SHORTEST_HOLE_MS = 250
# Rough rate used where the client never said how long it recorded.
ASSUMED_BYTES_PER_MS = 100


def likely_end_ms(segment: SegmentInput) -> int:
    """Where the segment ends by the client's word, or by its size."""
    if segment.duration_ms is not None:
        return segment.start_ms + segment.duration_ms
    size = sum(chunk.size for chunk in segment.chunks)
    return segment.start_ms + size // ASSUMED_BYTES_PER_MS


@dataclass(frozen=True)
class Placed:
    """A segment whose header is known."""

    segment: SegmentInput
    header: StreamHeader


@dataclass(frozen=True)
class Hole:
    """A stretch of the interview clock without picture (or without anything)."""

    start_ms: int
    end_ms: int
    reason: HoleReason


def group_segments(placed: Iterable[Placed]) -> list[list[Placed]]:
    """Consecutive segments that fit one output file, in the order of the clock."""
    groups: list[list[Placed]] = []
    ordered = sorted(placed, key=lambda one: (one.segment.start_ms, one.segment.name))
    for one in ordered:
        if groups and _fits(one, groups[-1]):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _fits(one: Placed, group: Sequence[Placed]) -> bool:
    end = max(likely_end_ms(other.segment) for other in group)
    return one.segment.start_ms - end <= LONGEST_GAP_MS and one.header.continues(
        group[0].header
    )


class HoleLog:
    """Collects holes: `expect` names a reason, the next picture ends the hole."""

    def __init__(self, start_ms: int) -> None:
        self.holes: list[Hole] = []
        self.end_ms = start_ms
        self._reason: HoleReason | None = None

    def expect(self, reason: HoleReason | None) -> None:
        """The first reason given since the last picture is the one reported."""
        if self._reason is None:
            self._reason = reason

    def covered(self, start_ms: int, end_ms: int) -> None:
        if self._reason is not None:
            self._close(start_ms)
        self.end_ms = max(self.end_ms, end_ms)

    def finish(self, end_ms: int) -> None:
        if self._reason is not None:
            self._close(end_ms)

    def _close(self, at_ms: int) -> None:
        if self._reason and at_ms - self.end_ms >= SHORTEST_HOLE_MS:
            self.holes.append(Hole(self.end_ms, at_ms, self._reason))
        self._reason = None
