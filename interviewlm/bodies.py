"""How large a request may be, and where a large body lies until somebody reads it.

Django under ASGI takes a whole body before it asks anybody what the request is for:
a megabyte of it in memory, the rest in a temporary file. Daphne has done the same by
then, up to the same limit (`daphne_bodies`), and would pass it on through memory; its
file is taken as it is.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# In a scope: the file in which a server has put the whole body.
BODY_FILE = "interviewlm.body_file"
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


class _Given:
    """A receive whose body lies in a file already."""

    def __init__(self, receive: Receive, file: IO[bytes]) -> None:
        self._receive = receive
        self.file = file

    async def __call__(self) -> Message:
        return await self._receive()


class BodyFileHandler(ASGIHandler):
    """Django's handler, which reads a body from the server's own file if there is one."""

    async def handle(self, scope: Scope, receive: Any, send: Any) -> None:
        """Keep the file at hand for `read_body`."""
        given = scope.pop(BODY_FILE, None)
        if given is not None:
            receive = _Given(receive, given)
        await super().handle(scope, receive, send)

    async def read_body(self, receive: Any) -> IO[bytes]:
        """Return the file; only the message that ends the empty rest is received."""
        if not isinstance(receive, _Given):
            body: IO[bytes] = await super().read_body(receive)
            return body
        message = await receive()
        if message["type"] == "http.disconnect":
            receive.file.close()
            raise RequestAborted
        return receive.file
