"""The interview's time on the desk: the ledger, the faults, what is still owed."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from interviews.models import Interview
from interviews.selectors.clock import FaultLine, read_faults, read_ledger
from interviews.services.faults import read_offer
from interviews.timeline.kinds import DocumentLate
from interviews.timewords import format_seconds


def read_time(interview: Interview) -> dict[str, Any]:
    """Return what the template shows of the interview's time."""
    lines, faults = read_ledger(interview), read_faults(interview)
    return {"ledger": lines, "faults": faults}


def describe_losses(interview: Interview) -> list[str]:
    """Return sentences for whoever judges: time, and work, that did not count."""
    found = []
    owed = read_offer(interview).seconds
    if owed:
        text = _("A fault of ours took %(time)s, proven when the time was up.")
        found.append(text % {"time": format_seconds(owed)})
    short = [line for line in read_faults(interview) if _is_short(line)]
    if short:
        lost = sum(line.fault.seconds for line in short)
        given = sum(line.given for line in short)
        text = _(
            "Faults of ours took %(lost)s; the limits let %(given)s be given back."
        )
        words = {"lost": format_seconds(lost), "given": format_seconds(given)}
        found.append(text % words)
    late = interview.events.filter(kind=DocumentLate.kind, payload__is_applied=False)
    paths = sorted(set(late.values_list("payload__path", flat=True)))
    if paths:
        text = _("Work arrived after the end; it is kept and not judged: %(paths)s.")
        found.append(text % {"paths": ", ".join(paths)})
    return found


def _is_short(line: FaultLine) -> bool:
    """Say whether a limit kept time from being given back."""
    least = settings.LIMITS["credit_least_seconds"]
    return not line.fault.is_offered and line.fault.seconds - line.given >= least
