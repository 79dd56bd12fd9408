"""Who watches an assembly: a command that shows progress, a test that kills it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from recordings.media.points import Observer, Point, pass_by

_observer: ContextVar[Observer] = ContextVar("assembly_observer", default=pass_by)


@contextmanager
def watched_by(observer: Observer) -> Iterator[None]:
    """Call `observer` at each point of the assemblies run in this context."""
    token = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(token)


def reach(point: Point) -> None:
    """Tell that an assembly is at this point."""
    _observer.get()(point)
