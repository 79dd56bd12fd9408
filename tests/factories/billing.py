"""Prices and usage."""

# mypy: allow-untyped-calls

from datetime import UTC, datetime
from decimal import Decimal

from factory.declarations import Sequence
from factory.django import DjangoModelFactory

from billing.models import ModelPrice, Usage


class ModelPriceFactory(DjangoModelFactory[ModelPrice]):
    """A price in force since the start of 2026."""

    class Meta:
        model = ModelPrice

    model = Sequence(lambda n: f"claude-test-{n}")
    valid_from = datetime(2026, 1, 1, tzinfo=UTC)
    input = Decimal(3)
    output = Decimal(15)
    cache_write_5m = Decimal("3.75")
    cache_write_1h = Decimal(6)
    cache_read = Decimal("0.3")


class UsageFactory(DjangoModelFactory[Usage]):
    """One finished call."""

    class Meta:
        model = Usage

    payer = "organisation:1"
    reference = "interview:1"
    provider = "anthropic"
    model = "claude-test"
    purpose = "turn"
    outcome = "finished"
    input_tokens = 100
    output_tokens = 50
    cost_usd = Decimal("0.00105")
