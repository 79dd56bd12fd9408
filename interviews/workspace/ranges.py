"""Where one writer's text stands in a document, kept through change sets.

Ranges are pairs `[from, to]` in UTF-16 code units: in order, apart, none empty.
"""

from collections.abc import Iterable
from typing import TypeAlias

from interviews.workspace.changes import read_part

Ranges: TypeAlias = list[list[int]]

# What more there is is not shown; the timeline has it all.
MOST_RANGES = 2_000


def map_ranges(ranges: Ranges, changes: Iterable[object], *, is_own: bool) -> Ranges:
    """Return the ranges after a change set; with `is_own` what it puts in joins them.

    Raises BadChangesError for anything that is not a change set.
    """
    mapped: Ranges = []
    waiting = iter([*ranges, None])
    current = next(waiting)
    old = new = 0
    for part in changes:
        length, inserted = read_part(part)
        end = old + length
        if inserted is None:
            while current is not None and current[0] < end:
                _add(mapped, max(current[0], old), min(current[1], end), new - old)
                if current[1] > end:
                    break
                current = next(waiting)
            new += length
        else:
            size = len(inserted) // 2
            if is_own:
                _add(mapped, new, new + size, 0)
            while current is not None and current[1] <= end:
                current = next(waiting)
            new += size
        old = end
    return mapped[:MOST_RANGES]


def _add(ranges: Ranges, start: int, end: int, shift: int) -> None:
    if start >= end:
        return
    if ranges and ranges[-1][1] == start + shift:
        ranges[-1][1] = end + shift
    else:
        ranges.append([start + shift, end + shift])
