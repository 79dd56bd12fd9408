"""Connections that stay open, counted by kind for Prometheus."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge

OPEN_LINES = Gauge(
    "interviewlm_open_lines",
    "Connections of this process that stay open: sockets and streams of events",
    ["kind"],
    multiprocess_mode="livesum",
)


@contextmanager
def count_line(kind: str) -> Iterator[None]:
    """Count one as open for as long as this lasts."""
    with OPEN_LINES.labels(kind).track_inprogress():
        yield
