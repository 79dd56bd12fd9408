"""Reads of the usage ledger: sums by dimension, cost per reference, the month's forecast.

Every sum is exact. Calls are the rows of tokens that correct nothing: a metered quantity
is no call. Tokens and dollars are summed over all rows, so that a correction counts with
its differences. An unknown cost, of a quantity too, adds nothing to a sum and is counted
in `unknown_calls` instead. Real and simulated calls are never in one sum, except where a
line says which it is. What asks for no reference is read from the ledger's daily sums.
"""

from billing.reports.shapes import (
    Filter,
    Forecast,
    ReferenceCosts,
    ReportLine,
    Totals,
    UsageLine,
)
from billing.reports.spread import forecast_month, reference_costs
from billing.reports.sums import (
    DIMENSIONS,
    reference_lines,
    report,
    totals,
    totals_of_references,
)

__all__ = [
    "DIMENSIONS",
    "Filter",
    "Forecast",
    "ReferenceCosts",
    "ReportLine",
    "Totals",
    "UsageLine",
    "forecast_month",
    "reference_costs",
    "reference_lines",
    "report",
    "totals",
    "totals_of_references",
]
