"""Giving calls of unknown cost the price that meanwhile exists."""

from dataclasses import replace

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing.enums import Meter
from billing.models import MeterPrice, ModelPrice, Usage
from billing.services.ledger import correct_cost
from billing.services.price_files import name_price
from billing.services.pricing import (
    Charge,
    compute_charge,
    compute_meter_charge,
    find_meter_price,
    find_price,
)
from billing.services.windows import lock_account
from billing.tokens import TokenCounts, normalise


def unknown_calls() -> QuerySet[Usage]:
    """Return the calls whose cost nobody knows, after every correction."""
    known = Usage.objects.filter(corrects=OuterRef("pk"), cost_usd__isnull=False)
    return Usage.objects.filter(cost_usd=None, corrects=None).exclude(Exists(known))


def reprice_unknown(queryset: QuerySet[Usage]) -> int:
    """Write a correction for each call of unknown cost that now has a price.

    Whatever else is in the queryset is left alone, as are calls whose usage never
    came back. Returns how many got a price.
    """
    chosen = queryset.filter(cost_usd=None).order_by("pk")
    # The usage of a lost call may have come late, in a row that corrects it.
    calls = {usage.corrects_id or usage.pk: None for usage in chosen}
    return sum(_reprice(pk) for pk in calls)


@transaction.atomic
def _reprice(pk: int) -> bool:
    lock_account(Usage.objects.values_list("payer", flat=True).get(pk=pk))
    usage = unknown_calls().filter(pk=pk).first()
    if usage is None:
        return False
    measured = _measured(usage)
    if measured is None:
        return False
    charge, price = _charge(measured)
    if charge.cost is None or price is None:
        return False
    correct_cost(
        usage,
        charge.cost,
        saved=charge.saved,
        price=price,
        note=f"priced: {name_price(price)}"[:200],
    )
    return True


def _measured(usage: Usage) -> Usage | None:
    """Return the row that says what the call took: the newest with figures."""
    if usage.meter != Meter.TOKENS:
        return usage
    rows = [usage, *usage.corrections.order_by("pk")]
    told = [row for row in rows if row.raw]
    return told[-1] if told else None


def _charge(usage: Usage) -> tuple[Charge, ModelPrice | MeterPrice | None]:
    if usage.meter != Meter.TOKENS:
        meter_price = find_meter_price(Meter(usage.meter), at=usage.at)
        return compute_meter_charge(usage.quantity, meter_price), meter_price
    counts = _counts_of(usage)
    price = find_price(
        usage.provider, usage.model, at=usage.at, prompt_tokens=counts.prompt
    )
    return compute_charge(counts, price), price


def _counts_of(usage: Usage) -> TokenCounts:
    """Return the tokens as today's reading of the raw object has them.

    An answer that was cut off keeps the larger estimate of its output.
    """
    counts = normalise(usage.provider, usage.raw)
    return replace(counts, output=max(counts.output, usage.output_tokens))
