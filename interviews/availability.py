"""Whether candidate code can be run at this moment, asked at most every few seconds."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from django.conf import settings
from django.utils.translation import gettext as _

from interviews.runner_client import RunnerClient, RunnerUnavailable

ANSWER_SECONDS = 5.0
KEPT_SECONDS = 3.0


@dataclass(frozen=True)
class Availability:
    """Whether code can be run now, and if not, why."""

    is_available: bool
    message: str = ""


_known: dict[str, tuple[float, Availability]] = {}


async def check_running() -> Availability:
    """Ask the runner; a sandbox that does not work means that running is off."""
    path = settings.RUNNER_SOCKET
    asked_at, known = _known.get(path, (0.0, None))
    if known is not None and monotonic() - asked_at < KEPT_SECONDS:
        return known
    availability = await _ask(path)
    _known[path] = (monotonic(), availability)
    return availability


async def _ask(path: str) -> Availability:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            status = await RunnerClient(path).status()
    except RunnerUnavailable as error:
        return Availability(is_available=False, message=str(error.message))
    except TimeoutError:
        return Availability(
            is_available=False,
            message=_("Running code is off at the moment: the runner is busy."),
        )
    if status.available:
        return Availability(is_available=True)
    message = _("Running code is off on this server: %(reason)s")
    return Availability(is_available=False, message=message % {"reason": status.reason})
