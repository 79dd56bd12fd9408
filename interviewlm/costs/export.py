"""The page's figures as comma-separated values."""

import csv
from collections.abc import Callable
from decimal import Decimal
from io import StringIO

from accounts.access import Standing
from billing.purposes import purpose_label
from billing.reports import Filter, ReportLine, report, totals
from interviewlm.costs import tables
from interviewlm.costs.words import outcome_label

COLUMNS = (
    "figures",
    "from",
    "to",
    "by",
    "key",
    "name",
    "calls",
    "failed_calls",
    "unknown_calls",
    "input_tokens",
    "cache_write_tokens",
    "cache_read_tokens",
    "output_tokens",
    "thinking_tokens",
    "audio_tokens",
    "cost_usd",
    "saved_usd",
)
_TABLES = ("day", "purpose", "model", "group", "reference", "outcome")
# The mark by which spreadsheets know the letters to be UTF-8.
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def write_csv(standing: Standing, chosen: Filter) -> str:
    """Return every sum of a choice: all together, then by each dimension.

    Dollars are written in full, never rounded; no cell can act as a formula.
    """
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerow(_cells(chosen, "all", "", ReportLine("", totals(chosen))))
    for by in _TABLES:
        lines = report(chosen, by)
        name = _names(standing, by, lines)
        for line in lines:
            writer.writerow(_cells(chosen, by, name(line.key), line))
    return _MARK + text.getvalue()


def _names(
    standing: Standing, by: str, lines: list[ReportLine]
) -> Callable[[str], str]:
    if by == "group":
        keys = [line.key for line in lines]
        titles = tables.assessment_names(standing.organisation, keys)
        return lambda key: tables.group_name(titles, key)
    if by == "purpose":
        return purpose_label
    if by == "outcome":
        return outcome_label
    return lambda _key: ""


def _cells(chosen: Filter, by: str, name: str, line: ReportLine) -> list[str]:
    sums = line.totals
    counts = [str(getattr(sums, column)) for column in COLUMNS[6:15]]
    return [
        "simulated" if chosen.is_simulated else "real",
        str(chosen.start or ""),
        str(tables.last_day(chosen) or ""),
        by,
        _harmless(line.key),
        _harmless(name),
        *counts,
        _exact(sums.cost_usd),
        _exact(sums.saved_usd),
    ]


def _exact(amount: Decimal) -> str:
    return format(amount, "f")


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else text
