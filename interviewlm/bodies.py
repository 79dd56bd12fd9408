"""How large a request may be: known before anything of it is read or put on the disk.

Django under ASGI takes a whole body before it asks anybody what the request is for.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# What a request holds besides the one file or chunk in it.
ENVELOPE_BYTES = 64 * 1024


class BodyLimit:
    """Refuses (413) what says that it is larger than the largest thing anybody sends.

    Whatever does not say how large it is, is cut off there.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on unless it is too large."""
        limits = settings.LIMITS
        most = max(limits["chunk_bytes"], limits["kept_file_bytes"]) + ENVELOPE_BYTES
        if _declared_length(scope) > most:
            await _refuse(send)
            return
        seen = 0

        async def receive_bounded() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            return {"type": "http.disconnect"} if seen > most else message

        await self._application(scope, receive_bounded, send)


def _declared_length(scope: Scope) -> int:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value) for value in lengths if value.isdigit()), default=0)


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"Too large.\n"})
