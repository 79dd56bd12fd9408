"""What candidates' programs find in the sandbox, as the runner tells it."""

import asyncio
import logging

from asgiref.sync import async_to_sync
from django.core.cache import cache

from interviews.runner_client import RunnerUnavailable, Status, choose_client

logger = logging.getLogger(__name__)

Shelf = tuple[str, list[str]]

_KEY = "interviews.packages"
_SECONDS = 60
_WAIT_SECONDS = 2.0


def list_packages() -> list[Shelf]:
    """Return each language with its version and packages, for people to read.

    Languages this machine lacks are left out; all are while the runner does not
    answer. It is asked at most once a minute, so that a page never waits twice.
    """
    known: list[Shelf] | None = cache.get(_KEY)
    if known is None:
        known = _ask()
        cache.set(_KEY, known, _SECONDS)
    return known


def _ask() -> list[Shelf]:
    try:
        return _arrange(async_to_sync(_read_status)())
    except (RunnerUnavailable, TimeoutError):
        logger.info("The runner did not say what is installed")
        return []


async def _read_status() -> Status:
    async with asyncio.timeout(_WAIT_SECONDS):
        return await (await choose_client()).status()


def _arrange(status: Status) -> list[Shelf]:
    """Versions first; what a version names already is not named again."""
    shelves: dict[str, list[str]] = {}
    labels = {language.name: language.label for language in status.languages}
    for language in status.languages:
        if language.version:
            shelves[language.label] = language.version.split(", ")
    for package in status.packages:
        label = labels.get(package.language, package.language)
        shelves.setdefault(label, []).append(f"{package.name} {package.version}")
    return [(label, list(dict.fromkeys(names))) for label, names in shelves.items()]
