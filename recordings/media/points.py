"""The named points of an assembly: progress is told at them, tests kill a worker there."""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """In the order in which they are reached; those of a file come once for each."""

    CLAIMED = "claimed"
    SWEPT = "swept"
    CHUNK = "chunk"
    WRITTEN = "written"
    PLACED = "placed"
    VERIFIED = "verified"
    PICTURED = "pictured"
    READY = "ready"
    RECORDED = "recorded"
    COMMITTED = "committed"


Observer = Callable[[Point], None]


def pass_by(point: Point) -> None:
    """Observe nothing."""
