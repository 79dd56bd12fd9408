"""What Prometheus learns of each call to a provider, and of the lines it went over."""

from typing import Any

import httpx2
from prometheus_client import Counter, Histogram

from assistant.providers.trace import CallTrace

_SECONDS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)
CALLS = Counter(
    "interviewlm_model_calls",
    "Calls to models; `status` is the response's, “none” where none came",
    ["provider", "model", "status", "code", "simulated"],
)
CALL_SECONDS = Histogram(
    "interviewlm_model_call_seconds",
    "From the request to the end of its answer",
    ["provider", "model"],
    buckets=_SECONDS,
)
FIRST_BYTE = Histogram(
    "interviewlm_model_first_byte_seconds",
    "From the request to the head of its response",
    ["provider", "model"],
    buckets=_SECONDS,
)
BYTES = Counter(
    "interviewlm_model_bytes",
    "Bytes of requests (out) and of responses (in), unpacked",
    ["provider", "model", "direction"],
)
REPEATS = Counter(
    "interviewlm_model_retries",
    "Calls that were made again after one to the same model had failed",
    ["provider", "model"],
)
CONNECTIONS = Counter(
    "interviewlm_model_connections",
    "Requests by whether they opened a connection or found one in the pool",
    ["state"],
)


def count_call(trace: CallTrace) -> None:
    """Count a call that is over."""
    names = (trace.provider, trace.asked)
    status = "none" if trace.status is None else str(trace.status)
    simulated = "yes" if trace.is_simulated else "no"
    CALLS.labels(*names, status, trace.error_code, simulated).inc()
    CALL_SECONDS.labels(*names).observe((trace.duration_ms or 0) / 1000)
    if trace.first_byte_ms is not None:
        FIRST_BYTE.labels(*names).observe(trace.first_byte_ms / 1000)
    BYTES.labels(*names, "out").inc(trace.bytes_out)
    BYTES.labels(*names, "in").inc(trace.bytes_in)
    if trace.tries > 1:
        REPEATS.labels(*names).inc()


async def watch_connection(request: httpx2.Request) -> None:
    """Count, for a request about to be sent, whether the pool had a connection.

    A hook of the client: the transport tells of each step of a request, a handful of
    them however long the answer is.
    """
    is_new = False

    async def note(step: str, _about: dict[str, Any]) -> None:
        nonlocal is_new
        if step == "connection.connect_tcp.started":
            is_new = True
        elif step.endswith(".send_request_headers.started"):
            CONNECTIONS.labels("new" if is_new else "reused").inc()

    request.extensions["trace"] = note
