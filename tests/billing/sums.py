"""The running and the daily sums, added up anew from the ledger."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billing.models import Reservation, SpendWindow, Usage, UsageDay
from billing.models.days import DAY_KEY, SUMMED

Key = tuple[str, str, str, str, date, bool]
Sums = dict[Key, tuple[Decimal, Decimal]]
DaySums = dict[tuple[Any, ...], tuple[Any, ...]]


def _keys(row: Usage | Reservation, payer: str, at: datetime) -> Iterator[Key]:
    day = at.astimezone(UTC).date()
    for purpose in ("", row.purpose):
        is_simulated = row.is_simulated
        yield payer, "payer_month", payer, purpose, day.replace(day=1), is_simulated
        if row.reference:
            subject, start = row.reference, date(1970, 1, 1)
            yield payer, "reference", subject, purpose, start, is_simulated
        if row.key_label:
            yield "", "key_day", row.key_label, purpose, day, is_simulated


def add_up() -> Sums:
    """Return what is spent and reserved, by window; windows without either left out."""
    spent: dict[Key, Decimal] = defaultdict(Decimal)
    reserved: dict[Key, Decimal] = defaultdict(Decimal)
    for usage in Usage.objects.all():
        for key in _keys(usage, usage.payer, usage.at):
            spent[key] += (usage.cost_usd or Decimal(0)) + usage.bound_usd
    for row in Reservation.objects.filter(state="open").select_related("account"):
        for key in _keys(row, row.account.payer, row.at):
            reserved[key] += row.amount_usd
    pairs = {key: (spent[key], reserved[key]) for key in {**spent, **reserved}}
    return {key: pair for key, pair in pairs.items() if any(pair)}


def read_sums() -> Sums:
    """Return what the windows say, in the same form."""
    return {
        (
            window.payer,
            window.scope,
            window.subject,
            window.purpose,
            window.starts_on,
            window.is_simulated,
        ): (window.spent_usd, window.reserved_usd)
        for window in SpendWindow.objects.all()
        if window.spent_usd or window.reserved_usd
    }


def add_up_days() -> DaySums:
    """Return rows, calls, and every figure, by what a report tells apart."""
    days: DaySums = {}
    for usage in Usage.objects.all():
        key = tuple(getattr(usage, name) for name in DAY_KEY)
        figures = (getattr(usage, name) or 0 for name in SUMMED)
        counted = (1, int(usage.corrects_id is None), *figures)
        sums = days.get(key, (0,) * len(counted))
        days[key] = tuple(a + b for a, b in zip(sums, counted, strict=True))
    return days


def read_days() -> DaySums:
    """Return what the daily sums say, in the same form."""
    return {
        tuple(getattr(day, name) for name in DAY_KEY): tuple(
            getattr(day, name) for name in ("rows", "calls", *SUMMED)
        )
        for day in UsageDay.objects.all()
    }
