"""Reading ahead: the next pieces come from a thread while this one muxes and sends."""

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar("_Item")

# A chunk has ten seconds: the one that is read, and one that waits to be used.
DEPTH = 2


def read_ahead(
    items: Iterator[_Item], depth: int = DEPTH
) -> Generator[_Item, None, None]:
    """The same items in the same order, at most `depth` of them held in advance.

    What the items raise is raised here in its turn. Closing this iterator waits for
    the item being read, so that nothing goes on behind the caller's back.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
    waiting: deque[Future[_Item | None]] = deque()
    try:
        for _ in range(depth):
            waiting.append(pool.submit(next, items, None))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
