"""Reads of the usage ledger."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing.models import Usage


@dataclass(frozen=True)
class CostLine:
    """What one purpose cost with one model; `unknown_calls` have no price."""

    purpose: str
    model: str
    is_simulated: bool
    calls: int
    unknown_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Decimal


def cost_lines(reference: str) -> list[CostLine]:
    """Return a reference's usage by purpose and model."""
    rows = (
        Usage.objects.filter(reference=reference)
        .values("purpose", "model", "is_simulated")
        .annotate(
            calls=Count("pk"),
            unknown_calls=Count("pk", filter=Q(cost_usd__isnull=True)),
            uncached=Sum("input_tokens"),
            written=Sum("cache_write_5m_tokens") + Sum("cache_write_1h_tokens"),
            read=Sum("cache_read_tokens"),
            output=Sum("output_tokens"),
            cost=Sum("cost_usd"),
        )
        .order_by("purpose", "model")
    )
    return [
        CostLine(
            purpose=row["purpose"],
            model=row["model"],
            is_simulated=row["is_simulated"],
            calls=row["calls"],
            unknown_calls=row["unknown_calls"],
            input_tokens=row["uncached"] + row["written"] + row["read"],
            output_tokens=row["output"],
            cost_usd=row["cost"] or Decimal(0),
        )
        for row in rows
    ]
