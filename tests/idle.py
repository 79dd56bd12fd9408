"""Waiting for database work whose task is gone: a thread finishes what it began."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from asgiref.sync import SyncToAsync
from django.db import connections

from assistant.tools import calls
from assistant.turns import threads as turn_threads
from interviewlm import threads as socket_threads
from interviews import live_attendance

LONGEST_WAIT = 60.0


def wait_for_threads() -> None:
    """Return when no pool of the product works any more.

    A test's event loop cancels its tasks when it closes, and cannot cancel what they
    had handed to a thread. Emptying the database beside that is a deadlock on
    PostgreSQL, and rows in the next test everywhere else.

    The threads give their connections back, too: Channels' test client has them keep
    one each, and all of them together are more than the pool has.
    """
    for pool in _pools():
        # Every thread of the pool has to come: none of them does anything else then.
        everyone = Barrier(pool._max_workers + 1)
        for _ in range(pool._max_workers):
            pool.submit(_come, everyone)
        everyone.wait(LONGEST_WAIT)


def _come(everyone: Barrier) -> None:
    connections.close_all()
    everyone.wait(LONGEST_WAIT)


def _pools() -> Iterator[ThreadPoolExecutor]:
    pools = [
        calls._threads,
        turn_threads._threads,
        live_attendance._thread,
        SyncToAsync.single_thread_executor,
    ]
    if socket_threads._executors.cache_info().currsize:
        pools += socket_threads._executors()
    return (pool for pool in pools if pool._threads)
