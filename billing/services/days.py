"""Keeping the daily sums with the ledger."""

from typing import Any

from django.db.models import F, Value

from billing.fields import usd
from billing.models import Usage, UsageDay
from billing.models.days import DAY_KEY, SUMMED


def add_to_day(usage: Usage) -> None:
    """Count a new ledger row in its day's sums, in the row's own transaction.

    The caller holds the lock of the payer's account. The payer is part of what makes a
    sum one row, so nobody else makes the same one meanwhile.
    """
    key = {name: getattr(usage, name) for name in DAY_KEY}
    sums = {name: getattr(usage, name) or 0 for name in SUMMED}
    sums |= {"rows": 1, "calls": int(usage.corrects_id is None)}
    # Most columns get nothing most of the time.
    more = {
        name: F(name) + _value(name, number) for name, number in sums.items() if number
    }
    if not UsageDay.objects.filter(**key).update(**more):
        UsageDay.objects.create(**key, **sums)


def _value(name: str, number: Any) -> Value:
    return usd(number) if name.endswith("_usd") else Value(number)
