"""Time in the units the product uses."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

from django.utils import timezone

_fixed: ContextVar[datetime | None] = ContextVar("fixed_time", default=None)


def now() -> datetime:
    """Return the current time, aware, in UTC; inside `at_time`, the time given there."""
    return _fixed.get() or timezone.now()


@contextmanager
def at_time(moment: datetime) -> Iterator[None]:
    """Let services of this context write `moment` as their time: for records of the past."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)


def to_milliseconds(duration: timedelta) -> int:
    """Return whole milliseconds, rounded towards negative infinity."""
    return duration // timedelta(milliseconds=1)
