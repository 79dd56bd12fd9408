"""What the month has cost so far, on the first page of the admin."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format

from accounts.access import Standing
from billing.reports import Filter, forecast_month, totals
from interviewlm.costs.budgets import find_stop, has_only_simulated, month_gauges
from interviewlm.costs.forms import Span, find_period, today
from interviewlm.costs.words import format_usd

TEMPLATE = "costs/_panel.html"


def build_panel(standing: Standing) -> Mapping[str, Any] | None:
    """Return this month's spending for who may see money."""
    if not standing.may("view", "cost"):
        return None
    payer = str(standing.organisation.pk)
    is_simulated = has_only_simulated(payer)
    period = find_period(Span.THIS_MONTH)
    chosen = Filter(payer, period.start, period.end, is_simulated=is_simulated)
    forecast = forecast_month(replace(chosen, start=None, end=None), today())
    gauges = month_gauges(payer, period.start, is_simulated=is_simulated)
    whole = [gauge for gauge in gauges if gauge.is_whole]
    return {
        "month": date_format(period.start, "F"),
        "gauge": whole[0] if whole else None,
        "spent": format_usd(forecast.spent_usd),
        "forecast": format_usd(forecast.expected_usd),
        "unknown": totals(chosen).unknown_calls,
        "is_simulated": is_simulated,
        "stop": find_stop(payer),
        "url": reverse("costs:costs-show"),
    }
