"""How much of the assistant an interview takes: a minute, an answer, the whole.

What was used is read from the rows that say so (turns, hints, the usage ledger), so
every process sees the same, and nothing has to be counted twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from assistant.enums import HintSource
from assistant.errors import LimitReachedError, TooManyAsksError
from assistant.models import HintUse, Turn
from assistant.policies.buckets import seconds_to_wait
from assistant.policies.rules import Allowance, rules_of
from base.clock import now
from billing.enums import Meter
from billing.models import Usage
from interviews.models import Interview

PURPOSES = ("chat", "hint")
# A bucket that was last empty so long ago is full again, for all it matters.
_ORGANISATION_SINCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Used:
    """One call to a model, as the ledger has it."""

    at: datetime
    tokens: int
    cost_usd: Decimal


def require_within_limits(interview: Interview) -> None:
    """Raise what another question would be refused with; the caller holds the lock.

    TooManyAsksError and LimitReachedError, both with the seconds after which it is
    taken where waiting helps.
    """
    rules = rules_of(interview)
    at = now()
    asks = Turn.objects.filter(conversation__interview=interview, follows=None)
    times = asks.order_by("created_at").values_list("created_at", flat=True)
    wait = seconds_to_wait(_ones(times), capacity=rules.asks_per_minute, at=at)
    if wait:
        raise TooManyAsksError(
            _("That was a lot of questions in one minute. Try again in a moment."),
            retry_after=wait,
        )
    require_organisation_room(interview, at)
    require_allowance(interview, at)


def require_organisation_room(interview: Interview, at: datetime) -> None:
    """Raise TooManyAsksError where the organisation's requests of a minute are taken.

    Two interviews that ask at the very same moment may both get the last place.
    """
    since = Q(created_at__gt=at - _ORGANISATION_SINCE)
    organisation = interview.organisation_id
    turns = Turn.objects.filter(
        since, conversation__interview__organisation_id=organisation
    )
    hints = HintUse.objects.filter(
        since, interview__organisation_id=organisation, source=HintSource.MODEL
    )
    asked, hinted = (
        rows.order_by().values_list("created_at", flat=True) for rows in (turns, hints)
    )
    times = sorted(asked.union(hinted, all=True))
    most = settings.LIMITS["requests_per_minute"]
    wait = seconds_to_wait(_ones(times), capacity=most, at=at)
    if wait:
        raise TooManyAsksError(
            _("The assistant is asked too much at the moment. Try again shortly."),
            retry_after=wait,
        )


def require_allowance(interview: Interview, at: datetime) -> None:
    """Raise LimitReachedError where an interview used up its minute, or its whole."""
    rules = rules_of(interview)
    used = list(read_used(interview))
    _require_whole(rules.per_interview, used)
    waits = [
        seconds_to_wait(
            [(one.at, amount(one)) for one in used],
            capacity=float(most),
            at=at,
            need=need,
        )
        for most, amount, need in _minute(rules.per_minute)
        if most > 0
    ]
    if max(waits, default=0.0) > 0:
        raise LimitReachedError(
            _("The assistant has done a lot in this minute. Try again in a moment."),
            retry_after=max(waits),
        )


def _minute(
    most: Allowance,
) -> Iterable[tuple[int | Decimal, Callable[[Used], float], float]]:
    """Return what a bucket holds, what a call takes, and what must be there for one."""
    cent = min(0.01, float(most.cost_usd))
    return (
        (most.requests, lambda _used: 1.0, 1.0),
        (most.tokens, lambda used: float(used.tokens), 1.0),
        (most.cost_usd, lambda used: float(used.cost_usd), cent),
    )


def _require_whole(most: Allowance, used: list[Used]) -> None:
    if is_spent(most, used):
        raise LimitReachedError(
            _(
                "The assistant has done as much as it may in this interview. "
                "Everything else goes on: your files, the tests and your time."
            )
        )


def is_spent(most: Allowance, used: list[Used]) -> bool:
    """Say whether calls took all of an allowance."""
    return (
        len(used) >= most.requests
        or sum(one.tokens for one in used) >= most.tokens
        or sum((one.cost_usd for one in used), Decimal(0)) >= most.cost_usd
    )


def is_turn_spent(turn_id: UUID) -> bool:
    """Say whether a turn took all that one may: no further step is made for it."""
    interview = Interview.objects.select_related("assessment_version").get(
        conversations__turns=turn_id
    )
    rows = _usage_of(interview).filter(labels__turn=str(turn_id))
    return is_spent(rules_of(interview).per_turn, list(_read(rows)))


def read_used(interview: Interview) -> Iterable[Used]:
    """Return the calls made for an interview's candidate, oldest first."""
    return _read(_usage_of(interview))


def _usage_of(interview: Interview) -> QuerySet[Usage]:
    return Usage.objects.filter(
        reference=str(interview.pk), meter=Meter.TOKENS, purpose__in=PURPOSES
    )


def _read(rows: QuerySet[Usage]) -> Iterable[Used]:
    figures = (
        rows.order_by("at", "pk")
        .annotate(
            tokens=F("input_tokens")
            + F("cache_write_5m_tokens")
            + F("cache_write_1h_tokens")
            + F("cache_read_tokens")
            + F("output_tokens"),
            cost=Coalesce("cost_usd", "bound_usd"),
        )
        .values_list("at", "tokens", "cost")
    )
    return (Used(*line) for line in figures)


def _ones(times: Iterable[datetime]) -> Iterable[tuple[datetime, float]]:
    return ((moment, 1.0) for moment in times)
