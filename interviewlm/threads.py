"""Database threads: for sockets a bounded set by interview, for requests one each."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any
from zlib import crc32

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.db import close_old_connections

ASGIApp = Callable[[Any, Any, Any], Awaitable[Any]]
# So many wait for the next request; what a rush needed besides ends with it.
_MOST_IDLE = 32
_idle: list[Executor] = []
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


@asynccontextmanager
async def request_thread() -> AsyncIterator[None]:
    """Have what is synchronous of one request run in a thread that others use again.

    asgiref starts one for each request, and another that sees it end: the event loop
    waits for each of them to begin. Whatever a request left running is done before
    another gets its thread.
    """
    executor = _idle.pop() if _idle else _make_executor()
    try:
        async with ThreadSensitiveContext(executor=executor):
            yield
    finally:
        executor.submit(_give_back, executor)


def _make_executor() -> Executor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="request")


def _give_back(executor: Executor) -> None:
    """Run in the thread itself: a request that was broken off may have left something."""
    close_old_connections()
    if len(_idle) < _MOST_IDLE:
        _idle.append(executor)
    else:
        executor.shutdown(wait=False)
