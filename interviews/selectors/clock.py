"""The ledger of time and the faults behind it, for the room, the record and the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from interviews.enums import FaultCause, TimeEntryKind
from interviews.intervals import CreditLimits
from interviews.models import Fault, Interview
from interviews.timewords import format_seconds

_AGREED_KINDS = (TimeEntryKind.START, TimeEntryKind.FACTOR)


@dataclass(frozen=True)
class FaultLine:
    """A fault, what was given back for it, and why not more."""

    fault: Fault
    given: int
    note: str

    @property
    def given_words(self) -> str:
        """The seconds given back, in words."""
        return format_seconds(self.given)

    @property
    def lost_words(self) -> str:
        """The seconds lost, in words."""
        return format_seconds(self.fault.seconds)


@dataclass(frozen=True)
class TimeLine:
    """A line of the ledger in words; `words` is signed where it takes time away."""

    label: str
    words: str
    reason: str
    actor: str
    at: datetime


def read_ledger(interview: Interview) -> list[TimeLine]:
    """Return the ledger in words, oldest first."""
    return [
        TimeLine(
            label=str(TimeEntryKind(entry.kind).label),
            words=format_seconds(entry.seconds),
            reason=entry.reason,
            actor=str(entry.actor or ""),
            at=entry.at,
        )
        for entry in interview.time_entries.select_related("actor")
    ]


def list_lines(interview: Interview) -> list[dict[str, object]]:
    """Return the ledger as frames carry it, oldest first; `ms` is signed."""
    return [
        {
            "kind": entry.kind,
            "ms": entry.seconds * 1000,
            "reason": entry.reason,
            **({"cause": entry.cause} if entry.cause else {}),
        }
        for entry in interview.time_entries.all()
    ]


def list_lasting(interview: Interview) -> list[dict[str, object]]:
    """Return the faults that last, as frames carry them."""
    return [
        {
            "cause": fault.cause,
            "label": str(FaultCause(fault.cause).label),
            "began_at": fault.began_at.isoformat(),
        }
        for fault in interview.faults.filter(ended_at=None)
    ]


def read_faults(interview: Interview) -> Sequence[FaultLine]:
    """Return every fault on record, oldest first."""
    faults = interview.faults.select_related("credit")
    return [_line(interview, fault) for fault in faults]


def _line(interview: Interview, fault: Fault) -> FaultLine:
    given = fault.credit.seconds if fault.credit else 0
    return FaultLine(fault, given, _note(interview, fault, given))


def _note(interview: Interview, fault: Fault, given: int) -> str:
    if fault.ended_at is None:
        return _("It lasts.")
    if fault.is_offered:
        return _("Proven too late to use: offered as a reopening.")
    if given == fault.seconds:
        return "" if given else _("Counted with another fault.")
    if not given and fault.seconds < settings.LIMITS["credit_least_seconds"]:
        return _("Too short to be given back.")
    limits = credit_limits(interview)
    words = _(
        "%(rest)s were not given back: the limit is %(cause)s for this cause and "
        "%(total)s for the interview."
    )
    return words % {
        "rest": format_seconds(fault.seconds - given),
        "cause": format_seconds(limits.per_cause[fault.cause]),
        "total": format_seconds(limits.total),
    }


def agreed_seconds(interview: Interview) -> int:
    """Return the time agreed on, extra time included, as the ledger has it."""
    lines = interview.time_entries.filter(kind__in=_AGREED_KINDS)
    return lines.aggregate(total=Sum("seconds"))["total"] or 0


def credit_limits(interview: Interview) -> CreditLimits:
    """Return the most that this interview may be given back."""
    return CreditLimits(
        per_cause=settings.CREDIT_SECONDS,
        total=agreed_seconds(interview) // settings.CREDIT_DIVISOR,
        least=settings.LIMITS["credit_least_seconds"],
    )
