"""The requests of a minute that an organisation has: each call to a model takes one."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from random import uniform

from django.conf import settings
from django.db.models import F, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from assistant.errors import TooManyAsksError
from assistant.models import RequestBucket
from base.clock import now

_MINUTE = timedelta(minutes=1)
# This part of a minute's requests is there for questions and hints only: a chain that
# goes on by itself, however long, must not keep a person out.
KEPT_PART = 6


def take_request(organisation_id: int, *, is_asked: bool = False) -> float:
    """Take one of the organisation's requests; return 0, or the wait in seconds.

    Then nothing was taken. `is_asked` says that a person asks. It is one guarded
    statement: calls at the very same moment never get more than there is.
    """
    most = settings.LIMITS["requests_per_minute"]
    part = timedelta(microseconds=60_000_000 // most)
    kept = 0 if is_asked else most // KEPT_PART
    buckets = RequestBucket.objects.filter(organisation=organisation_id)
    while True:
        at = now()
        # One that is full again later than this has not enough in it.
        latest = at + _MINUTE - part * (1 + kept)
        later = Greatest(F("full_at"), Value(at)) + part
        if buckets.filter(full_at__lte=latest).update(full_at=later):
            return 0.0
        full_at = buckets.values_list("full_at", flat=True).first()
        if full_at is not None:
            return max((full_at - latest).total_seconds(), 0.001)
        fresh = RequestBucket(organisation_id=organisation_id, full_at=at)
        RequestBucket.objects.bulk_create([fresh], ignore_conflicts=True)


def require_request(organisation_id: int) -> None:
    """Take a request for a question or a hint. Raises TooManyAsksError."""
    wait = take_request(organisation_id, is_asked=True)
    if wait:
        raise too_many_requests(wait)


def too_many_requests(wait: float) -> TooManyAsksError:
    """Return what is said where an organisation's requests are used up."""
    return TooManyAsksError(
        _("The assistant is asked too much at the moment. Try again shortly."),
        retry_after=wait,
    )


async def take_in_time(
    take: Callable[[], Awaitable[float]],
    *,
    on_wait: Callable[[float], object] = lambda _seconds: None,
) -> float:
    """Take a request for a call that nobody asked for, waiting for it within bounds.

    `take` returns what `take_request` does, and so does this: where the wait is too
    long nothing was taken, and nothing is waited for in vain. `on_wait` is told each
    wait, in seconds.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + settings.MODEL_CALLS["longest_request_wait_seconds"]
    while True:
        wait = await take()
        if not wait or clock() + wait > until:
            return wait
        on_wait(wait)
        # Those who wait do not all come back at once.
        spread = uniform(0, settings.MODEL_CALLS["jitter_seconds"])  # noqa: S311 -- spreads load
        await asyncio.sleep(wait + spread)
