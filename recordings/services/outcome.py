"""The gaps of an assembled recording, as they are kept."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from recordings.media.assemble import Assembly
from recordings.media.segments import HoleReason
from recordings.media.timeline import LONGEST_GAP_MS, SHORTEST_HOLE_MS, Hole


def list_gaps(assembly: Assembly) -> list[dict[str, int | str]]:
    """Return the holes within the files and those between one file and the next.

    A longer pause, such as a reopening the next day, is no gap. Where a lost segment
    lies in a pause, its stretch is told once, as lost.
    """
    gaps = [
        part
        for hole in (*assembly.holes, *_between(assembly))
        for part in _told_once(hole, assembly.lost)
    ]
    return [
        {"start_ms": gap.start_ms, "end_ms": gap.end_ms, "reason": gap.reason.value}
        for gap in sorted(gaps, key=lambda gap: gap.start_ms)
    ]


def _between(assembly: Assembly) -> list[Hole]:
    pauses = [
        Hole(
            before.start_ms + before.duration_ms,
            after.start_ms,
            HoleReason.NOT_RECORDED,
        )
        for before, after in pairwise(assembly.files)
    ]
    return [
        pause
        for pause in pauses
        if SHORTEST_HOLE_MS <= pause.end_ms - pause.start_ms <= LONGEST_GAP_MS
    ]


def _told_once(hole: Hole, lost: Iterable[Hole]) -> list[Hole]:
    """The hole itself, or the parts of a pause that no lost segment lies in."""
    if hole.reason is not HoleReason.NOT_RECORDED:
        return [hole]
    parts = [hole]
    for other in lost:
        parts = [
            piece
            for part in parts
            for piece in (
                replace(part, end_ms=min(part.end_ms, other.start_ms)),
                replace(part, start_ms=max(part.start_ms, other.end_ms)),
            )
            if piece.end_ms - piece.start_ms >= SHORTEST_HOLE_MS
        ]
    return parts
