"""What is installed for candidates' programs, as the runner tells it."""

import asyncio
import logging

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.cache import cache

from interviews.runner_client import Package, RunnerClient, RunnerUnavailable

logger = logging.getLogger(__name__)

_KEY = "interviews.packages"
_SECONDS = 60
_WAIT_SECONDS = 2.0


def list_packages() -> list[Package]:
    """Return the packages at hand; empty while the runner does not answer.

    Asked at most once a minute, so that a page never waits for it twice.
    """
    known = cache.get(_KEY)
    if known is None:
        known = [
            (package.name, package.version, package.language) for package in _ask()
        ]
        cache.set(_KEY, known, _SECONDS)
    return [Package(*item) for item in known]


def _ask() -> list[Package]:
    try:
        return async_to_sync(_read_packages)()
    except (RunnerUnavailable, TimeoutError):
        logger.info("The runner did not say what is installed")
        return []


async def _read_packages() -> list[Package]:
    async with asyncio.timeout(_WAIT_SECONDS):
        status = await RunnerClient(settings.RUNNER_SOCKET).status()
    return list(status.packages)
