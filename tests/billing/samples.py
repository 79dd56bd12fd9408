"""Usage objects, prices to bill them by, and a way to record them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.enums import Outcome
from billing.models import Usage
from billing.services.ledger import Report, record_call
from tests.factories.billing import ModelPriceFactory, make_call

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
BOUND = Decimal("0.5")

PLAIN = {"input_tokens": 10, "output_tokens": 5}
CACHED = {
    "input_tokens": 1_000,
    "cache_creation_input_tokens": 3_000,
    "cache_creation": {
        "ephemeral_5m_input_tokens": 1_000,
        "ephemeral_1h_input_tokens": 2_000,
    },
    "cache_read_input_tokens": 10_000,
    "output_tokens": 700,
    "output_tokens_details": {"thinking_tokens": 200},
}
REALTIME = {
    "total_tokens": 1_200,
    "input_tokens": 1_000,
    "output_tokens": 200,
    "input_token_details": {
        "text_tokens": 300,
        "audio_tokens": 700,
        "cached_tokens": 400,
        "cached_tokens_details": {"text_tokens": 100, "audio_tokens": 300},
    },
    "output_token_details": {"text_tokens": 50, "audio_tokens": 150},
}


def make_prices() -> None:
    """Make four prices.

    Dollars per million tokens: claude-plain 2 in, 10 out, 2.50 and 4 for writing to the
    cache for 5 minutes and an hour, 0.10 for reading it; claude-tiered 0.10, 0.50, 0.125,
    0.20, 0.01, and five times that over 100,000; text and voice 4 in, 24 out, 0.40
    cached; voice alone audio at 32 in, 0.40 cached, 64 out.
    """
    plain = {
        "input": Decimal(2),
        "output": Decimal(10),
        "cache_write_5m": Decimal("2.50"),
        "cache_write_1h": Decimal(4),
        "cache_read": Decimal("0.10"),
    }
    ModelPriceFactory.create(model="claude-plain", **plain)
    tiered = {
        "input": Decimal("0.10"),
        "output": Decimal("0.50"),
        "cache_write_5m": Decimal("0.125"),
        "cache_write_1h": Decimal("0.20"),
        "cache_read": Decimal("0.01"),
    }
    ModelPriceFactory.create(model="claude-tiered", **tiered)
    ModelPriceFactory.create(
        model="claude-tiered",
        over_prompt_tokens=100_000,
        **{name: price * 5 for name, price in tiered.items()},
    )
    text = {
        "provider": "openai",
        "input": Decimal(4),
        "output": Decimal(24),
        "cache_write_5m": Decimal(4),
        "cache_write_1h": Decimal(4),
        "cache_read": Decimal("0.40"),
    }
    ModelPriceFactory.create(model="text", **text)
    ModelPriceFactory.create(
        model="voice",
        audio_input=Decimal(32),
        audio_cached=Decimal("0.40"),
        audio_output=Decimal(64),
        **text,
    )


def record(
    raw: Mapping[str, Any],
    *,
    model: str = "claude-plain",
    provider: str = "anthropic",
    at: datetime = AT,
    **values: Any,
) -> Usage:
    """Record a call, finished unless `values` of its report say otherwise."""
    report = Report(**{"outcome": Outcome.FINISHED, "raw": raw, **values})
    call = make_call(model=model, provider=provider)
    usage = record_call(call, report, bound=BOUND, at=at)
    return Usage.objects.get(pk=usage.pk)
