"""How spending spreads: over references, and over the days of a month."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum

from billing.reports.shapes import ZERO, Filter, Forecast, ReferenceCosts
from billing.reports.sums import select_rows, select_sums

_BASIS_DAYS = 28


def reference_costs(which: Filter) -> ReferenceCosts:
    """Return what references cost each, of those with any known cost.

    What is unknown adds nothing. The median of an even number is the mean of the two in
    the middle; the 95th percentile is the nearest rank: the smallest cost that at least
    95 % of the references do not exceed.
    """
    found = (
        select_rows(which)
        .exclude(reference="")
        .filter(cost_usd__isnull=False)
        .values("reference")
        .annotate(sum_cost_usd=Sum("cost_usd"))
        .order_by()
        .values_list("sum_cost_usd", flat=True)
    )
    costs = sorted(found)
    if not costs:
        return ReferenceCosts(0, ZERO, ZERO, ZERO, ZERO)
    count = len(costs)
    return ReferenceCosts(
        count=count,
        total_usd=sum(costs, ZERO),
        median_usd=(costs[(count - 1) // 2] + costs[count // 2]) / 2,
        p95_usd=costs[-(-count * 95 // 100) - 1],
        highest_usd=costs[-1],
    )


def forecast_month(which: Filter, today: date) -> Forecast:
    """Return what the month of `today` may come to; the filter's dates do not count.

    Spent so far, today included, and for each day after today the mean of a day. The
    mean is that of the last 28 complete days, those before today, idle ones included; a
    payer whose first row is younger has as many days as lie between that row and today.
    Without one complete day nothing is expected on top, and `basis_days` is 0.
    """
    rows = select_sums(replace(which, start=None, end=None)).order_by("day")
    earliest = rows.values_list("day", flat=True).first() or today
    first = max(today - timedelta(days=_BASIS_DAYS), min(earliest, today))
    month = today.replace(day=1)
    recent = rows.filter(day__gte=min(month, first), day__lte=today)
    by_day = dict(recent.values_list("day").annotate(sum_cost_usd=Sum("cost_usd")))
    spent = _add_days(by_day, month, today + timedelta(days=1))
    basis_days = (today - first).days
    if not basis_days:
        return Forecast(spent, spent, 0)
    left = monthrange(today.year, today.month)[1] - today.day
    expected = spent + left * _add_days(by_day, first, today) / basis_days
    return Forecast(spent, expected, basis_days)


def _add_days(costs: Mapping[date, Decimal | None], start: date, end: date) -> Decimal:
    known = (cost for day, cost in costs.items() if cost and start <= day < end)
    return sum(known, ZERO)
