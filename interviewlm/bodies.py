"""How large a request may be: for whatever runs behind a server, Django or not."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# In a scope: the file in which a server has put the whole body.
BODY_FILE = "interviewlm.body_file"
# What only chunks of recordings have.
CHUNK_HEADER = "X-Chunk-Sha256"
# What a request holds besides the one file or chunk in it.
ENVELOPE_BYTES = 64 * 1024
REFUSAL = b"Too large.\n"
# So long the rest of a refused body is read and dropped: many senders look for an
# answer only then, and a connection closed before has none for them.
LINGER_SECONDS = 5.0


def largest_body() -> int:
    """Return how many bytes the largest request has that anybody needs to send."""
    limits = settings.LIMITS
    most: int = max(limits["chunk_bytes"], limits["kept_file_bytes"])
    return most + ENVELOPE_BYTES


class BodyLimit:
    """Refuses (413) what says that it is larger than the largest thing anybody sends.

    Whatever does not say how large it is, is refused once it is: the application is
    told that the sender has left.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless it is too large."""
        most = largest_body()
        if _declared_length(scope) > most:
            await _refuse(receive, send)
            return
        seen = 0
        is_answered = False

        async def receive_bounded() -> Message:
            nonlocal seen
            message = await receive() if seen <= most else _LEFT
            seen += len(message.get("body", b""))
            return message if seen <= most else _LEFT

        async def send_noted(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        await self._application(scope, receive_bounded, send_noted)
        if seen > most and not is_answered:
            await _refuse(receive, send)


_LEFT: Message = {"type": "http.disconnect"}


def _declared_length(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value) for value in lengths if value.isdigit()), default=0)


async def _refuse(receive: Receive, send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(REFUSAL)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            while (await receive()).get("more_body"):
                pass
    await send({"type": "http.response.body", "body": b""})
