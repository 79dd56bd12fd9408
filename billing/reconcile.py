"""The ledger beside what a provider says it billed, day by day and model by model."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet, Sum

from billing.enums import Meter
from billing.models import Usage
from billing.reports.sums import select_unknown
from billing.usage_files import FIGURES, BilledLine, normalise_model

_ZERO = Decimal(0)
_SUMMED = tuple(name for name in FIGURES if name != "cache_write_tokens")
Key = tuple[date, str]
Sums = Mapping[Key, Mapping[str, Decimal]]


@dataclass(frozen=True)
class Difference:
    """One figure of a day and a model, or of everything: billed and in the ledger."""

    figure: str
    billed: Decimal
    recorded: Decimal

    @property
    def amount(self) -> Decimal:
        """What the ledger has more than was billed, negative if less."""
        return self.recorded - self.billed

    @property
    def percent(self) -> Decimal | None:
        """The difference in percent of what was billed; None where nothing was."""
        if self.billed:
            return self.amount / self.billed * 100
        return None if self.recorded else _ZERO

    def is_within(self, tolerance: Decimal) -> bool:
        """Say whether the figures are no more than so many percent apart."""
        return abs(self.amount) * 100 <= abs(self.billed) * tolerance


@dataclass(frozen=True)
class DifferenceLine:
    """Every figure of one day and model; `is_missing` names the side without a row."""

    day: date
    model: str
    figures: tuple[Difference, ...]
    is_missing: str = ""


@dataclass(frozen=True)
class Reconciliation:
    """The lines that differ, of so many compared, and the figures of the whole."""

    compared: int
    lines: tuple[DifferenceLine, ...]
    whole: tuple[Difference, ...]

    def is_within(self, tolerance: Decimal) -> bool:
        """Say whether every figure of the whole is within so many percent."""
        return all(difference.is_within(tolerance) for difference in self.whole)


def reconcile(lines: Iterable[BilledLine], ledger: Sums) -> Reconciliation:
    """Compare what was billed with the ledger, by day and model: a pure function.

    Only figures that the lines carry are compared: a usage export has no cost, a cost
    export no tokens. Without a line every figure is, and nothing was billed. A call
    counts on the UTC day it was made, so one around midnight may stand on another day
    than the provider's, and the whole still agrees.
    """
    billed: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    names: set[str] = set()
    for line in lines:
        for name, value in line.figures.items():
            billed[line.day, line.model][name] += value
            names.add(name)
    figures = [name for name in FIGURES if name in names or not names]
    found = []
    whole = {name: [_ZERO, _ZERO] for name in figures}
    keys = sorted(billed.keys() | ledger.keys())
    for key in keys:
        compared = _compare(key, figures, billed.get(key), ledger.get(key))
        for difference in compared.figures:
            whole[difference.figure][0] += difference.billed
            whole[difference.figure][1] += difference.recorded
        if any(difference.amount for difference in compared.figures):
            found.append(compared)
    return Reconciliation(
        compared=len(keys),
        lines=tuple(found),
        whole=tuple(Difference(name, *both) for name, both in whole.items()),
    )


def _compare(
    key: Key,
    figures: Iterable[str],
    billed: Mapping[str, Decimal] | None,
    recorded: Mapping[str, Decimal] | None,
) -> DifferenceLine:
    missing = "bill" if billed is None else "ledger" if recorded is None else ""
    billed, recorded = billed or {}, recorded or {}
    differences = (
        Difference(name, billed.get(name, _ZERO), recorded.get(name, _ZERO))
        for name in figures
    )
    return DifferenceLine(*key, tuple(differences), missing)


def read_ledger(provider: str, start: date, end: date) -> Sums:
    """Return the ledger's sums of real calls by day and model, `end` exclusive.

    A cost nobody knows adds nothing here: see `count_unknown`.
    """
    rows = _select(provider, start, end).values_list("day", "model")
    sums: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for day, model, *values in rows.annotate(
        **{f"sum_{name}": Sum(name) for name in _SUMMED}
    ):
        line = sums[day, normalise_model(model)]
        for name, value in zip(_SUMMED, values, strict=True):
            line[name] += value or _ZERO
    for line in sums.values():
        line["cache_write_tokens"] = (
            line["cache_write_5m_tokens"] + line["cache_write_1h_tokens"]
        )
    return {key: line for key, line in sums.items() if any(line.values())}


def count_unknown(provider: str, start: date, end: date) -> int:
    """Return how many real calls have a cost that nobody knows, `end` exclusive."""
    return select_unknown(_select(provider, start, end)).count()


def _select(provider: str, start: date, end: date) -> QuerySet[Usage]:
    return Usage.objects.filter(
        provider=provider,
        meter=Meter.TOKENS,
        is_simulated=False,
        day__gte=start,
        day__lt=end,
    ).order_by()
