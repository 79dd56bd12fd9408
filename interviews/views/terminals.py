"""What the pages know of the terminals before they open one."""

import asyncio

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from interviews.availability import Availability, check_running
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.terminals import NAMES

# A page does not wait longer for a runner that is slow: the socket says the rest.
_ANSWER_SECONDS = 1.5


def terminals_config(interview: Interview) -> dict[str, object]:
    """Return whether terminals can be opened now, and if not, why, and their names."""
    if interview.state != InterviewState.ACTIVE:
        reason = _("There is a terminal while the interview runs.")
        running = Availability(is_available=False, message=reason)
    else:
        running = async_to_sync(_ask)()
    return {
        "is_available": running.is_available,
        "reason": running.message,
        "names": list(NAMES),
        "most": len(NAMES),
    }


async def _ask() -> Availability:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await check_running()
    except TimeoutError:
        return Availability(is_available=True)
