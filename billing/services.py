"""Shipped prices into the table, and each provider call into the usage ledger."""

import logging
import tomllib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from base.clock import now
from billing.models import ModelPrice, Usage
from billing.tokens import TokenCounts, normalise_anthropic

logger = logging.getLogger(__name__)

PRICES_FILE = Path(__file__).with_name("prices.toml")
_MILLION = Decimal(1_000_000)
_KEY = ("provider", "model", "valid_from", "over_prompt_tokens")


def import_shipped_prices(path: Path = PRICES_FILE) -> int:
    """Add the prices of the file that the table does not have; return how many.

    A row that is there is left alone: an operator's correction wins.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["price"]
    added = 0
    for entry in entries:
        values = {"provider": "anthropic", "over_prompt_tokens": 0, **entry}
        key = {name: values.pop(name) for name in _KEY}
        _price, is_new = ModelPrice.objects.get_or_create(**key, defaults=values)
        added += is_new
    return added


def find_price(
    provider: str, model: str, *, at: datetime, prompt_tokens: int
) -> ModelPrice | None:
    """Return the price in force: the newest date, then the highest tier reached."""
    return (
        ModelPrice.objects.filter(
            provider=provider,
            model=model,
            valid_from__lte=at,
            over_prompt_tokens__lte=max(prompt_tokens - 1, 0),
        )
        .order_by("-valid_from", "-over_prompt_tokens")
        .first()
    )


def compute_cost(counts: TokenCounts, price: ModelPrice) -> Decimal:
    """Return US dollars, exact."""
    return (
        counts.input * price.input
        + counts.cache_write_5m * price.cache_write_5m
        + counts.cache_write_1h * price.cache_write_1h
        + counts.cache_read * price.cache_read
        + counts.output * price.output
    ) / _MILLION


def record_usage(
    *,
    payer: str,
    reference: str,
    provider: str,
    model: str,
    purpose: str,
    raw: Mapping[str, Any],
    outcome: str,
    request_id: str = "",
    labels: Mapping[str, str] | None = None,
    is_simulated: bool = False,
) -> Usage:
    """Write one provider call to the ledger, with its cost at today's price.

    A simulated call costs nothing and says so; a model without a price has an
    unknown cost (null), which is logged loudly and never counted as zero.
    """
    counts = normalise_anthropic(raw)
    at = now()
    price = find_price(provider, model, at=at, prompt_tokens=counts.prompt)
    cost = None if price is None else compute_cost(counts, price)
    if is_simulated:
        price, cost = None, Decimal(0)
    elif price is None:
        logger.error("No price for model %s of %s", model, provider)
    return Usage.objects.create(
        payer=payer,
        reference=reference,
        labels=dict(labels or {}),
        provider=provider,
        model=model,
        purpose=purpose,
        request_id=request_id,
        outcome=outcome,
        is_simulated=is_simulated,
        raw=dict(raw),
        input_tokens=counts.input,
        cache_write_5m_tokens=counts.cache_write_5m,
        cache_write_1h_tokens=counts.cache_write_1h,
        cache_read_tokens=counts.cache_read,
        output_tokens=counts.output,
        thinking_tokens=counts.thinking,
        cost_usd=cost,
        price=price,
        at=at,
    )
