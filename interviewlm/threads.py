"""Database threads for sockets: a bounded set, sharded by interview."""

import re
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any
from zlib import crc32

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings

ASGIApp = Callable[[Any, Any, Any], Awaitable[Any]]
_INTERVIEW = re.compile(r"/interviews/([0-9a-f-]{36})/")


@lru_cache(maxsize=1)
def _executors() -> tuple[ThreadPoolExecutor, ...]:
    return tuple(
        ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"socket-db-{number}")
        for number in range(settings.WEB_DATABASE_THREADS)
    )


class DatabaseThreads:
    """Gives each socket one of a few single-thread executors for its queries.

    Without it every socket of the process waits for one shared thread (asgiref's
    default; django/channels#2132). Sharding by interview keeps the sockets of one
    room in order and rooms apart.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        """Run the socket inside its interview's thread context."""
        match = _INTERVIEW.search(scope["path"])
        executors = _executors()
        room = match.group(1) if match else scope["path"]
        if b"as=member" in scope.get("query_string", b""):
            # Who watches waits for another thread than the candidate who types.
            room += "+"
        shard = crc32(room.encode())
        executor = executors[shard % len(executors)]
        async with ThreadSensitiveContext(executor=executor):
            return await self.app(scope, receive, send)
