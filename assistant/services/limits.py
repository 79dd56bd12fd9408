"""How much of the assistant an interview takes: a minute, an answer, the whole.

What was used is read from the rows that say so (turns, the usage ledger), so every
process sees the same, and nothing has to be counted twice. What an organisation may ask
of models in all is in `request_limits`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from assistant.errors import LimitReachedError, TooManyAsksError
from assistant.models import Turn
from assistant.policies.buckets import seconds_to_wait
from assistant.policies.rules import Allowance, rules_of
from assistant.services.request_limits import take_request
from base.clock import now
from billing.enums import Meter
from billing.models import Usage
from interviews.models import Interview

PURPOSES = ("chat", "hint")


class Span(StrEnum):
    """What has an allowance that does not come back."""

    TURN = "turn"
    INTERVIEW = "interview"


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
    require_allowance(interview, at)


def require_allowance(interview: Interview, at: datetime) -> None:
    """Raise LimitReachedError where an interview used up its minute, or its whole."""
    used = list(read_used(interview))
    _require_whole(rules_of(interview).per_interview, used)
    wait = _minute_wait(interview, used, at)
    if wait:
        raise LimitReachedError(
            _("The assistant has done a lot in this minute. Try again in a moment."),
            retry_after=wait,
        )


def _minute_wait(interview: Interview, used: Sequence[Used], at: datetime) -> float:
    """Return after how many seconds an interview's minute has room; 0 where it does."""
    waits = [
        seconds_to_wait(
            [(one.at, amount(one)) for one in used],
            capacity=float(most),
            at=at,
            need=need,
        )
        for most, amount, need in _minute(rules_of(interview).per_minute)
        if most > 0
    ]
    return max(waits, default=0.0)


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


def find_spent(turn_id: UUID) -> Span | None:
    """Return whose allowance is used up, so that a turn takes no further step."""
    interview = _interview_of(turn_id)
    rules = rules_of(interview)
    rows = _usage_of(interview)
    if is_spent(rules.per_turn, list(_read(rows.filter(labels__turn=str(turn_id))))):
        return Span.TURN
    if is_spent(rules.per_interview, list(_read(rows))):
        return Span.INTERVIEW
    return None


def take_step(turn_id: UUID) -> float:
    """Take a request for a call that a turn makes by itself, as `take_request` does.

    The interview's own minute is waited for, too.
    """
    interview = _interview_of(turn_id)
    wait = _minute_wait(interview, list(read_used(interview)), now())
    return wait or take_request(interview.organisation_id)


def _interview_of(turn_id: UUID) -> Interview:
    return Interview.objects.select_related("assessment_version").get(
        conversations__turns=turn_id
    )


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
