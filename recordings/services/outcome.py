"""The gaps of an assembled recording, as they are kept."""

from itertools import pairwise

from recordings.media.assemble import Assembly
from recordings.media.segments import HoleReason
from recordings.media.timeline import LONGEST_GAP_MS, SHORTEST_HOLE_MS, Hole


def list_gaps(assembly: Assembly) -> list[dict[str, int | str]]:
    """Return the holes within the files and those between one file and the next.

    A longer pause, such as a reopening the next day, is no gap.
    """
    gaps = sorted(
        [*assembly.holes, *_between(assembly)], key=lambda hole: hole.start_ms
    )
    return [
        {"start_ms": gap.start_ms, "end_ms": gap.end_ms, "reason": gap.reason.value}
        for gap in gaps
    ]


def _between(assembly: Assembly) -> list[Hole]:
    return [
        Hole(end_ms, after.start_ms, HoleReason.NOT_RECORDED)
        for before, after in pairwise(assembly.files)
        if (end_ms := before.start_ms + before.duration_ms)
        and SHORTEST_HOLE_MS <= after.start_ms - end_ms <= LONGEST_GAP_MS
    ]
