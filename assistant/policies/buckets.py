"""A token bucket read off what was taken from it: no state of its own to keep in step."""

from collections.abc import Iterable
from datetime import datetime
from math import ceil

REFILL_SECONDS = 60.0
# Sums of floats may miss by this much.
_SLACK = 1e-6


def seconds_to_wait(
    taken: Iterable[tuple[datetime, float]],
    *,
    capacity: float,
    at: datetime,
    need: float = 1.0,
) -> float:
    """Return after how many seconds a bucket holds `need`; 0 where it does now.

    It begins full, holds `capacity` and fills in a minute. `taken` is in order of time
    and may take more than there was: a cost that is known only afterwards leaves a
    debt, which the bucket fills up first. `need` is at most the capacity.
    """
    rate = capacity / REFILL_SECONDS
    level, since = capacity, None
    for moment, amount in taken:
        if since is not None:
            level = min(capacity, level + (moment - since).total_seconds() * rate)
        level, since = level - amount, moment
    if since is not None:
        passed = max((at - since).total_seconds(), 0.0)
        level = min(capacity, level + passed * rate)
    missing = need - level
    if missing <= _SLACK * max(capacity, 1.0):
        return 0.0
    # Whole milliseconds, upwards: then it is there.
    return ceil(round(missing / rate * 1000, 3)) / 1000
