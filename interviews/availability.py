"""Whether candidate code can be run at this moment, asked at most every few seconds."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from django.utils.translation import gettext as _

from interviews.runner_client import RunnerClient, RunnerUnavailable, list_runners

ANSWER_SECONDS = 5.0
KEPT_SECONDS = 3.0


@dataclass(frozen=True)
class Availability:
    """Whether code can be run now, and if not, why."""

    is_available: bool
    message: str = ""


_known: dict[tuple[str, ...], tuple[float, Availability]] = {}


async def check_running() -> Availability:
    """Ask the runners; where no sandbox works, running is off."""
    runners = list_runners()
    asked_at, known = _known.get(runners, (0.0, None))
    if known is not None and monotonic() - asked_at < KEPT_SECONDS:
        return known
    found = await asyncio.gather(*(_ask(address) for address in runners))
    availability = next((each for each in found if each.is_available), found[0])
    _known[runners] = (monotonic(), availability)
    return availability


async def _ask(address: str) -> Availability:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            status = await RunnerClient(address).status()
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
