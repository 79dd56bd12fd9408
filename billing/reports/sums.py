"""Sums over the ledger, whole or by a dimension: read from its days where they do."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from billing.enums import TROUBLED, Meter
from billing.models import Usage, UsageDay
from billing.reports.shapes import ZERO, Filter, ReportLine, Totals, UsageLine

COLUMNS = {
    "purpose": "purpose",
    "model": "model",
    "day": "day",
    "month": "day",
    "group": "group",
    "reference": "reference",
    "payer": "payer",
    "outcome": "outcome",
    "key": "key_label",
    "meter": "meter",
    "provider": "provider",
}
DIMENSIONS = tuple(COLUMNS)
# A metered quantity is no call.
_IS_CALL = Q(meter=Meter.TOKENS)
_IS_TROUBLED = _IS_CALL & Q(outcome__in=TROUBLED)
_IS_FIRST = Q(corrects=None)
# An annotation may not have a column's name. Unknown calls are a small query apart.
_SUMS: dict[str, Any] = {
    "sum_input_tokens": Sum("input_tokens"),
    "sum_cache_write_tokens": Sum(
        F("cache_write_5m_tokens") + F("cache_write_1h_tokens")
    ),
    "sum_cache_read_tokens": Sum("cache_read_tokens"),
    "sum_output_tokens": Sum("output_tokens"),
    "sum_thinking_tokens": Sum("thinking_tokens"),
    "sum_audio_tokens": Sum(
        F("audio_input_tokens") + F("audio_cached_tokens") + F("audio_output_tokens")
    ),
    "sum_cost_usd": Sum("cost_usd"),
    "sum_saved_usd": Sum("saved_usd"),
}
_SUMS_OF: dict[type[Usage | UsageDay], dict[str, Any]] = {
    Usage: {
        "sum_calls": Count("pk", filter=_IS_FIRST & _IS_CALL),
        "sum_failed_calls": Count("pk", filter=_IS_FIRST & _IS_TROUBLED),
        **_SUMS,
    },
    UsageDay: {
        "sum_calls": Sum("calls", filter=_IS_CALL),
        "sum_failed_calls": Sum("calls", filter=_IS_TROUBLED),
        **_SUMS,
    },
}
_Key = tuple[Any, ...]
M = TypeVar("M", Usage, UsageDay)


def totals(which: Filter) -> Totals:
    """Return the sums over all rows of a filter."""
    rows = select_sums(which)
    sums = rows.aggregate(**_SUMS_OF[rows.model])
    return _make_totals(sums, select_unknown(select_rows(which)).count())


def report(which: Filter, by: str) -> list[ReportLine]:
    """Return the sums by one of DIMENSIONS; raises ValueError for any other word.

    Days and months come in their order, everything else by what it cost, dearest first.
    """
    if by not in COLUMNS:
        raise ValueError(f"{by} is none of {', '.join(DIMENSIONS)}.")
    rows = select_rows(which)
    source = rows if by == "reference" else select_sums(which)
    sums = _sum_by(source, rows, COLUMNS[by])
    lines = [ReportLine(str(key), line) for (key,), line in sums.items()]
    if by == "month":
        lines = _fold_months(lines)
    if by in {"day", "month"}:
        return sorted(lines, key=lambda line: line.key)
    return sorted(lines, key=lambda line: (-line.totals.cost_usd, line.key))


def reference_lines(reference: str) -> list[UsageLine]:
    """Return what a reference took, by purpose and model, real and simulated apart."""
    rows = Usage.objects.filter(reference=reference)
    sums = _sum_by(rows, rows, "purpose", "model", "is_simulated")
    return [
        UsageLine(purpose, model, is_simulated, line)
        for (purpose, model, is_simulated), line in sorted(sums.items())
    ]


def totals_of_references(references: Collection[str]) -> dict[str, Totals]:
    """Return the sums of real calls by reference, of those that have any."""
    rows = Usage.objects.filter(reference__in=references, is_simulated=False)
    return {key: line for (key,), line in _sum_by(rows, rows, "reference").items()}


def select_rows(which: Filter) -> QuerySet[Usage]:
    """Return the ledger's rows that a filter counts, in the ledger's order."""
    rows = _narrow(Usage.objects.all(), which)
    return rows.filter(reference=which.reference) if which.reference else rows


def select_sums(which: Filter) -> QuerySet[Usage] | QuerySet[UsageDay]:
    """Return the fewest rows that add up to a filter's: days do not tell references."""
    if which.reference:
        return select_rows(which)
    return _narrow(UsageDay.objects.all(), which)


def _narrow(rows: QuerySet[M], which: Filter) -> QuerySet[M]:
    rows = rows.filter(is_simulated=which.is_simulated)
    if which.payer is not None:
        rows = rows.filter(payer=which.payer)
    if which.start is not None:
        rows = rows.filter(day__gte=which.start)
    if which.end is not None:
        rows = rows.filter(day__lt=which.end)
    words = {name: getattr(which, name) for name in ("purpose", "model", "group")}
    return rows.filter(**{name: word for name, word in words.items() if word})


def select_unknown(rows: QuerySet[Usage]) -> QuerySet[Usage]:
    """Return the calls whose cost nobody knows, not even by a correction."""
    known = Usage.objects.filter(corrects=OuterRef("pk"), cost_usd__isnull=False)
    return rows.filter(~Exists(known), cost_usd=None, corrects=None)


def _sum_by(
    source: QuerySet[Usage] | QuerySet[UsageDay], rows: QuerySet[Usage], *columns: str
) -> dict[_Key, Totals]:
    """Return a source's sums by the values of some columns; unknown calls are `rows`'."""
    width = len(columns)
    unknown = {
        row[:width]: row[width]
        for row in select_unknown(rows)
        .order_by()
        .values_list(*columns)
        .annotate(unknown_calls=Count("*"))
    }
    sums = _SUMS_OF[source.model]
    return {
        row[:width]: _make_totals(
            dict(zip(sums, row[width:], strict=True)), unknown.get(row[:width], 0)
        )
        for row in source.order_by().values_list(*columns).annotate(**sums)
    }


def _make_totals(sums: Mapping[str, Any], unknown_calls: int) -> Totals:
    """Take sums by their annotations' names; a sum over nothing known is None."""
    values: dict[str, Any] = {
        name.removeprefix("sum_"): value or 0 for name, value in sums.items()
    }
    for name in ("cost_usd", "saved_usd"):
        values[name] = values[name] or ZERO
    return Totals(unknown_calls=unknown_calls, **values)


def _fold_months(days: Iterable[ReportLine]) -> list[ReportLine]:
    """Add days up to months: a database's own months are slower."""
    months: dict[str, Totals] = defaultdict(Totals)
    for line in days:
        months[line.key[:7]] += line.totals
    return [ReportLine(month, line) for month, line in months.items()]
