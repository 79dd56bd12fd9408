"""The named points of an assembly: progress is told at them, tests kill a worker there."""

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """In the order in which they are reached; those of a file come once for each.

    CHUNK comes for every chunk and READ for every block of a finished file, and of an
    MP4 on its way to its place: who watches hears of something every few seconds.
    """

    CLAIMED = "claimed"
    SWEPT = "swept"
    CHUNK = "chunk"
    WRITTEN = "written"
    PLACED = "placed"
    READ = "read"
    VERIFIED = "verified"
    PICTURED = "pictured"
    READY = "ready"
    RECORDED = "recorded"
    COMMITTED = "committed"


Observer = Callable[[Point], None]


def pass_by(point: Point) -> None:
    """Observe nothing."""
