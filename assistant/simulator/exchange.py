"""One HTTP request over ASGI: its body, its answer, and its disconnection."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from assistant.simulator.errors import ApiError

Scope = MutableMapping[str, Any]
AsgiMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]
MAX_BODY = 32 * 1024 * 1024


class DisconnectedError(Exception):
    """The client went away; nothing more can be sent."""


class Exchange:
    """Reads one request and answers it; pauses end when the client leaves."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.method: str = scope["method"]
        self.path: str = unquote(scope["path"])
        self.headers: dict[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        query: bytes = scope.get("query_string", b"")
        self.query: dict[str, str] = dict(parse_qsl(query.decode("latin-1")))
        self.request_id = f"req_sim_{uuid.uuid4().hex[:24]}"
        self.started = False
        self._receive = receive
        self._send = send
        self._gone = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watcher is not None:
            self._watcher.cancel()

    async def body(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise DisconnectedError
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > MAX_BODY:
                raise ApiError(413, "Request exceeds the maximum size")
            chunks.append(chunk)
            more = bool(message.get("more_body"))
        self._watcher = asyncio.create_task(self._watch())
        return b"".join(chunks)

    async def answer(
        self,
        status: int,
        data: Mapping[str, Any],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        body = json.dumps(data).encode()
        await self.start(
            status,
            {
                "content-type": "application/json",
                "content-length": str(len(body)),
                **(headers or {}),
            },
        )
        await self.write(body, is_last=True)

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        given = {
            "request-id": self.request_id,
            "x-simulated": "true",
            **_rate_limits(),
            **headers,
        }
        raw = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in given.items()]
        self.started = True
        await self._send(
            {"type": "http.response.start", "status": status, "headers": raw}
        )

    async def write(self, body: bytes, *, is_last: bool = False) -> None:
        if self._gone.is_set():
            raise DisconnectedError
        await self._send(
            {"type": "http.response.body", "body": body, "more_body": not is_last}
        )

    async def pause(self, seconds: float) -> None:
        """Wait, unless the client leaves first."""
        if seconds <= 0:
            return
        try:
            await asyncio.wait_for(self._gone.wait(), seconds)
        except TimeoutError:
            return
        raise DisconnectedError

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()


def _rate_limits() -> dict[str, str]:
    reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    return {
        "anthropic-ratelimit-requests-limit": "1000",
        "anthropic-ratelimit-requests-remaining": "999",
        "anthropic-ratelimit-requests-reset": reset,
    }
