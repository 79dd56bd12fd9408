"""Server-sent events: their bytes, and a response that nothing holds back."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from typing import Any

from django.http import StreamingHttpResponse

from base.open_lines import count_line

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE = b": keep-alive\n\n"
KEEP_ALIVE_SECONDS = 10.0


def encode_event(
    name: str, data: Mapping[str, Any], event_id: object | None = None
) -> bytes:
    """Return one event; JSON has no line breaks of its own, so `data` is one line."""
    lines = [f"event: {name}", f"data: {json.dumps(data, ensure_ascii=False)}"]
    if event_id is not None:
        lines.append(f"id: {event_id}")
    return ("\n".join(lines) + "\n\n").encode()


async def keep_alive(
    events: AsyncIterator[bytes], *, seconds: float = KEEP_ALIVE_SECONDS
) -> AsyncGenerator[bytes, None]:
    """Yield the events, and a comment whenever none came for so long.

    Proxies end what is silent, and a page takes silence for a dead connection.
    """
    following: asyncio.Future[bytes] | None = None
    try:
        while True:
            if following is None:
                following = asyncio.ensure_future(_next(events))
            done, _pending = await asyncio.wait({following}, timeout=seconds)
            if not done:
                yield KEEP_ALIVE
                continue
            try:
                event = following.result()
            except StopAsyncIteration:
                return
            following = None
            yield event
    finally:
        if following is not None:
            following.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await following
        if hasattr(events, "aclose"):
            await events.aclose()


async def _counted(
    events: AsyncGenerator[bytes, None], kind: str
) -> AsyncIterator[bytes]:
    with count_line(kind):
        async with aclosing(events) as parts:
            async for part in parts:
                yield part


async def _next(events: AsyncIterator[bytes]) -> bytes:
    return await anext(events)


def stream_response(
    events: AsyncIterator[bytes], *, kind: str
) -> StreamingHttpResponse:
    """Answer with events as they come; no cache and no proxy is to collect them.

    `kind` is what it is counted as while it is open.
    """
    return StreamingHttpResponse(
        _counted(keep_alive(events), kind),
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
