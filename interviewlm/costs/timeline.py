"""Spending over time: a column for each day, or for each month of a long period."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.reports import ReportLine, Totals
from interviewlm.costs import tables
from interviewlm.costs.charts import ColumnChart, Value, build_columns
from interviewlm.costs.forms import Period
from interviewlm.costs.words import format_count, format_day, format_usd

DAYS_AS_DAYS = 92


def pick_unit(period: Period) -> str:
    """Return the report that suits a period: by day, or by month if it is long."""
    return "day" if period.days <= DAYS_AS_DAYS else "month"


def build_timeline(
    lines: Sequence[ReportLine], by: str, period: Period, asked: Mapping[str, str]
) -> dict[str, Any]:
    """Return the chart of a report by day or by month, and its table."""
    found = {line.key: line.totals for line in lines}
    keys = _keys_between(period, by)
    values = [_value(key, found.get(key, Totals()), by) for key in keys]
    chart: ColumnChart = build_columns(values)
    rows = tables.build_rows(
        sorted(lines, key=lambda line: line.key),
        name=lambda key: _time_name(key, by),
        url=lambda key: _time_url(key, by, asked),
        by_cost=False,
    )
    highest = max(values, key=lambda value: value.amount)
    return {
        "chart": chart,
        "chart_title": _("Spent per day") if by == "day" else _("Spent per month"),
        "chart_words": _("The highest is %(title)s.") % {"title": highest.title},
        "time_rows": rows,
        "time_heading": _("Day") if by == "day" else _("Month"),
    }


def _keys_between(period: Period, by: str) -> list[str]:
    if by == "day":
        first = period.start.toordinal()
        return [date.fromordinal(first + at).isoformat() for at in range(period.days)]
    first = period.start.year * 12 + period.start.month - 1
    last = period.last.year * 12 + period.last.month - 1
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(first, last + 1)]


def _first_day(key: str) -> date:
    return date.fromisoformat(key if len(key) > 7 else f"{key}-01")


def _time_name(key: str, by: str) -> str:
    day = _first_day(key)
    return format_day(day) if by == "day" else date_format(day, "F Y")


def _time_url(key: str, by: str, asked: Mapping[str, str]) -> str:
    day = _first_day(key)
    last = day if by == "day" else _month_end(day)
    chosen = {"period": "days", "start": f"{day}", "end": f"{last}"}
    return tables.page_address({**asked, **chosen})


def _month_end(day: date) -> date:
    following = day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    return date.fromordinal(following.toordinal() - 1)


def _value(key: str, sums: Totals, by: str) -> Value:
    day = _first_day(key)
    title = ngettext(
        "%(when)s: %(cost)s in %(calls)s call",
        "%(when)s: %(cost)s in %(calls)s calls",
        sums.calls,
    ) % {
        "when": _time_name(key, by),
        "cost": format_usd(sums.cost_usd),
        "calls": format_count(sums.calls),
    }
    return Value(
        short=date_format(day, "j M" if by == "day" else "M Y"),
        title=title,
        amount=sums.cost_usd,
        is_incomplete=bool(sums.unknown_calls),
    )
