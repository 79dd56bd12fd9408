"""How large a request may be, and where a large body lies until somebody reads it.

Django under ASGI takes a whole body before it asks anybody what the request is for:
a megabyte of it in memory, the rest in a temporary file. Daphne has done the same by
then and would pass it on through memory; its file is taken as it is.
"""

import os
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
        if max(_declared_length(scope), _given_length(scope)) > most:
            if BODY_FILE in scope:
                scope[BODY_FILE].close()
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


def _given_length(scope: Scope) -> int:
    given: IO[bytes] | None = scope.get(BODY_FILE)
    if given is None:
        return 0
    length = given.seek(0, os.SEEK_END)
    given.seek(0)
    return length


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"Too large.\n"})


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
