"""What the processes tell each other about providers: the cache, which may be away.

With REDIS_URL all processes share it; without, there is one process. What can not be
read counts as unknown: a cache that is down must not keep anybody from an answer.
"""

import logging
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_Result = TypeVar("_Result")


def name_of(kind: str, *parts: str) -> str:
    """Return the name of an entry; parts may hold anything."""
    digest = sha256("\0".join(parts).encode()).hexdigest()[:32]
    return f"assistant:{kind}:{digest}"


def read(name: str) -> Any:
    """Return an entry, None where there is none."""
    return _tried(lambda: cache.get(name), otherwise=None)


def write(name: str, value: object, seconds: float) -> None:
    """Set an entry."""
    _tried(lambda: cache.set(name, value, max(int(seconds), 1)), otherwise=None)


def claim(name: str, seconds: float) -> bool:
    """Set an entry that is not there; False where somebody else has it."""
    return _tried(lambda: cache.add(name, 1, max(int(seconds), 1)), otherwise=True)


def count(name: str, seconds: float) -> int:
    """Add one to a counter and return it."""

    def add_one() -> int:
        cache.add(name, 0, max(int(seconds), 1))
        return int(cache.incr(name))

    try:
        return _tried(add_one, otherwise=0)
    except ValueError:
        # It ran out between the two.
        return 1


def forget(*names: str) -> None:
    """Remove entries."""
    _tried(lambda: cache.delete_many(names), otherwise=None)


def _tried(work: Callable[[], _Result], *, otherwise: _Result) -> _Result:
    try:
        return work()
    except (RedisError, OSError) as error:
        logger.warning("The cache does not answer (%s)", type(error).__name__)
        return otherwise
