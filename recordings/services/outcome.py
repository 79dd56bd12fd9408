"""The gaps of an assembled recording, as they are kept."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from recordings.media.assemble import Assembly
from recordings.media.segments import HoleReason, SegmentInput
from recordings.media.timeline import LONGEST_GAP_MS, SHORTEST_HOLE_MS, Hole
from recordings.models import Recording
from recordings.services.holes import SILENT, live_holes

NOTHING_CAME = "nothing_came"


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


def list_silence(
    recording: Recording, inputs: Sequence[SegmentInput], assembly: Assembly
) -> list[dict[str, int | str]]:
    """Return the stretch behind all files in which a recorder never said that it ended.

    Nobody knows what was recorded there, only that the interview went on and nothing
    came: without this gap a browser that died would have "all of it stored".
    """
    names = {one.name for one in inputs}
    silent = [
        hole
        for hole in live_holes(recording.interview)
        if hole.reason == SILENT
        and hole.track == recording.track
        and str(hole.segment) in names
    ]
    if not silent:
        return []
    ends = [
        *(file.start_ms + file.duration_ms for file in assembly.files),
        *(hole.end_ms for hole in assembly.lost),
    ]
    start = max([min(hole.start_ms for hole in silent), *ends])
    end = max(hole.end_ms for hole in silent)
    if end - start < SHORTEST_HOLE_MS:
        return []
    return [{"start_ms": start, "end_ms": end, "reason": NOTHING_CAME}]


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
