"""What Prometheus learns of each call to a provider, and of the lines it went over."""

from functools import partial

import aiohttp
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


def count_connections() -> aiohttp.TraceConfig:
    """Return hooks that count how each request of a session got its connection."""

    async def count(
        state: str, _session: object, _context: object, _about: object
    ) -> None:
        CONNECTIONS.labels(state).inc()

    hooks = aiohttp.TraceConfig()
    hooks.on_connection_create_start.append(partial(count, "new"))
    hooks.on_connection_reuseconn.append(partial(count, "reused"))
    return hooks
