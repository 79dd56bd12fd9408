"""The few threads in which turns use the database."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")

# Each thread holds a database connection while it works, so they are few.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="turn-db")


def in_thread(
    service: Callable[_Parameters, _Result],
) -> Callable[_Parameters, Awaitable[_Result]]:
    """Run a service in one of a few threads: a turn outlives any socket's context."""
    return database_sync_to_async(service, thread_sensitive=False, executor=_threads)
