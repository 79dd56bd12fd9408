"""How the models fare: calls, failures, times, bytes, tokens, by model and purpose.

Percentiles are existing values (nearest rank). PostgreSQL finds them itself, over all
rows; elsewhere they are found here, over the newest `SAMPLE` calls of the choice.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from math import ceil
from typing import Any

from django.db import connection, models
from django.db.models import Aggregate, Avg, Count, F, Max, Min, Q, QuerySet, Sum

from assistant.models import ModelCall

SAMPLE = 20_000
SHARES = (0.5, 0.95, 0.99)
_TOKENS = {
    "input": ("input_tokens",),
    "cache_write": ("cache_write_5m_tokens", "cache_write_1h_tokens"),
    "cache_read": ("cache_read_tokens",),
    "output": ("output_tokens",),
    "thinking": ("thinking_tokens",),
}
_WELL = Q(error_code="")
_TIMES = ("first_token_ms", "duration_ms")
_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Which:
    """Which calls: of an organisation, or all; days in UTC, `end` is not counted."""

    organisation: int | None = None
    start: date | None = None
    end: date | None = None
    purpose: str = ""
    model: str = ""
    is_simulated: bool = False


@dataclass(frozen=True)
class Spread:
    """How long something took, in whole milliseconds; of nothing, all are None."""

    least: int | None = None
    mean: int | None = None
    p50: int | None = None
    p95: int | None = None
    p99: int | None = None
    most: int | None = None


@dataclass(frozen=True)
class ModelFigures:
    """One model asked for one purpose.

    Times are those of calls that went well. `retries` are calls after one to the same
    model had failed, `fallbacks` calls in the place of another model; `input_tokens`
    are those no cache served or stored.
    """

    provider: str
    model: str
    purpose: str
    calls: int
    failed: int
    retries: int
    fallbacks: int
    bytes_out: int
    bytes_in: int
    input_tokens: int
    cache_write_tokens: int
    cache_read_tokens: int
    output_tokens: int
    thinking_tokens: int
    first_token: Spread
    duration: Spread

    @property
    def success(self) -> float:
        """The share of calls that went well, 0 to 1."""
        return (self.calls - self.failed) / self.calls if self.calls else 0.0

    @property
    def cache_share(self) -> float | None:
        """What of the cacheable input was read, not written; None of nothing."""
        cacheable = self.cache_read_tokens + self.cache_write_tokens
        return self.cache_read_tokens / cacheable if cacheable else None


class Percentiles(Aggregate):
    """PostgreSQL's nearest-rank percentiles of a column, as a list."""

    function = "percentile_disc"
    template = (
        f"%(function)s(ARRAY[{', '.join(map(str, SHARES))}]) "
        "WITHIN GROUP (ORDER BY %(expressions)s)"
    )
    output_field = models.Field()


def read_figures(which: Which) -> list[ModelFigures]:
    """Return the figures, the model asked most often first; two or three queries."""
    calls = select_calls(which)
    rows = calls.order_by().values("provider", "asked", "purpose")
    in_sql = connection.vendor == "postgresql"
    wanted = _aggregates()
    if in_sql:
        wanted |= {
            f"{name}_shares": Percentiles(F(name), filter=_WELL) for name in _TIMES
        }
    found: list[dict[str, Any]] = [dict(row) for row in rows.annotate(**wanted)]
    shares = {} if in_sql else _sample(calls)
    figures = [_figures_of(row, shares) for row in found]
    return sorted(figures, key=lambda each: (-each.calls, each.model, each.purpose))


def select_calls(which: Which) -> QuerySet[ModelCall]:
    """Return the calls of a choice."""
    calls = ModelCall.objects.filter(is_simulated=which.is_simulated)
    if which.organisation is not None:
        calls = calls.filter(organisation=which.organisation)
    if which.start is not None:
        calls = calls.filter(at__gte=_midnight(which.start))
    if which.end is not None:
        calls = calls.filter(at__lt=_midnight(which.end))
    if which.purpose:
        calls = calls.filter(purpose=which.purpose)
    if which.model:
        calls = calls.filter(asked=which.model)
    return calls


def read_choices(which: Which) -> dict[str, list[str]]:
    """Return the purposes and the models there are, by the names of `Which`."""
    rows = set(select_calls(which).order_by().values_list("purpose", "asked"))
    return {
        "purpose": sorted({purpose for purpose, _model in rows}),
        "model": sorted({model for _purpose, model in rows}),
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _aggregates() -> dict[str, Any]:
    sums = {
        f"{kind}_tokens": sum(
            (Sum(f"usage__{column}", default=0) for column in columns[1:]),
            start=Sum(f"usage__{columns[0]}", default=0),
        )
        for kind, columns in _TOKENS.items()
    }
    times = {
        f"{name}_{word}": function(name, filter=_WELL)
        for name in _TIMES
        for word, function in (("least", Min), ("mean", Avg), ("most", Max))
    }
    return {
        "calls": Count("pk"),
        "failed": Count("pk", filter=~_WELL),
        "retries": Count("pk", filter=Q(tries__gt=1)),
        "fallbacks": Count("pk", filter=~Q(fallback_from="")),
        "out": Sum("bytes_out", default=0),
        "into": Sum("bytes_in", default=0),
        **sums,
        **times,
    }


def _sample(calls: QuerySet[ModelCall]) -> dict[tuple[_Key, str], list[int]]:
    """Return the percentiles of each group and time, of the newest calls."""
    newest = calls.filter(_WELL).order_by("-at")[:SAMPLE]
    values: defaultdict[tuple[_Key, str], list[int]] = defaultdict(list)
    rows = newest.values_list("provider", "asked", "purpose", *_TIMES)
    for provider, asked, purpose, *times in rows.iterator(chunk_size=10_000):
        key = (provider, asked, purpose)
        for name, value in zip(_TIMES, times, strict=True):
            if value is not None:
                values[key, name].append(value)
    return {key: list(find_percentiles(found)) for key, found in values.items()}


def find_percentiles(values: Iterable[int]) -> Iterator[int]:
    """Yield the nearest-rank percentiles of some values: 50, 95, 99."""
    ranked = sorted(values)
    for share in SHARES if ranked else ():
        yield ranked[max(ceil(share * len(ranked)), 1) - 1]


def _figures_of(
    row: dict[str, Any], shares: dict[tuple[_Key, str], list[int]]
) -> ModelFigures:
    key = (row["provider"], row["asked"], row["purpose"])

    def spread(name: str) -> Spread:
        if row[f"{name}_least"] is None:
            return Spread()
        found = row.get(f"{name}_shares") or shares.get((key, name)) or [None] * 3
        p50, p95, p99 = found
        return Spread(
            least=row[f"{name}_least"],
            mean=round(row[f"{name}_mean"]),
            p50=p50,
            p95=p95,
            p99=p99,
            most=row[f"{name}_most"],
        )

    return ModelFigures(
        provider=row["provider"],
        model=row["asked"],
        purpose=row["purpose"],
        bytes_out=row["out"],
        bytes_in=row["into"],
        first_token=spread("first_token_ms"),
        duration=spread("duration_ms"),
        **{name: row[name] for name in ("calls", "failed", "retries", "fallbacks")},
        **{f"{kind}_tokens": row[f"{kind}_tokens"] for kind in _TOKENS},
    )
