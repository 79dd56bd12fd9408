"""Prices, usage, and what holds spending in bounds."""

# mypy: allow-untyped-calls

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from factory.declarations import SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from billing.enums import AlertLevel, Meter, Scope
from billing.models import (
    Account,
    Budget,
    BudgetAlert,
    MeterPrice,
    ModelPrice,
    Reservation,
    SpendWindow,
    Usage,
)
from billing.services.calls import Call
from billing.services.days import add_to_day


def make_call(**values: Any) -> Call:
    """Return a chat call of payer "1" with a key."""
    return Call(
        **{
            "payer": "1",
            "reference": "interview",
            "provider": "anthropic",
            "model": "claude-plain",
            "purpose": "chat",
            "key_label": "key",
            **values,
        }
    )


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


class MeterPriceFactory(DjangoModelFactory[MeterPrice]):
    """A dollar for an hour of sandbox time; each of another day."""

    class Meta:
        model = MeterPrice

    meter = Meter.SANDBOX
    valid_from = Sequence(
        lambda n: datetime(2000, 6, 1, tzinfo=UTC) + timedelta(days=n)
    )
    usd = Decimal(1)
    per = 3_600_000


class UsageFactory(DjangoModelFactory[Usage]):
    """One finished call, counted in its day; the running sums do not know of it."""

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
    day = date(2026, 11, 1)
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)

    @classmethod
    def _create(cls, model_class: type[Usage], *args: Any, **kwargs: Any) -> Usage:
        usage: Usage = super()._create(model_class, *args, **kwargs)
        add_to_day(usage)
        return usage


class AccountFactory(DjangoModelFactory[Account]):
    """A payer's one account."""

    class Meta:
        model = Account
        django_get_or_create = ("payer",)

    payer = "1"


class BudgetFactory(DjangoModelFactory[Budget]):
    """Limits over one interview."""

    class Meta:
        model = Budget

    payer = "1"
    scope = Scope.REFERENCE
    subject = Sequence(lambda n: f"interview-{n}")
    soft_usd = Decimal(5)
    hard_usd = Decimal(10)


class SpendWindowFactory(DjangoModelFactory[SpendWindow]):
    """What one interview spent."""

    class Meta:
        model = SpendWindow

    payer = "1"
    scope = Scope.REFERENCE
    subject = Sequence(lambda n: f"interview-{n}")
    starts_on = date(1970, 1, 1)
    spent_usd = Decimal("1.25")


class BudgetAlertFactory(DjangoModelFactory[BudgetAlert]):
    """An interview that reached its soft limit."""

    class Meta:
        model = BudgetAlert

    window = SubFactory(SpendWindowFactory)
    level = AlertLevel.SOFT
    limit_usd = Decimal(1)
    spent_usd = SelfAttribute("window.spent_usd")


class ReservationFactory(DjangoModelFactory[Reservation]):
    """A call under way; the running sums do not know of it."""

    class Meta:
        model = Reservation

    account = SubFactory(AccountFactory)
    reference = "interview:1"
    provider = "anthropic"
    model = "claude-test"
    purpose = "chat"
    amount_usd = Decimal("0.5")
    at = datetime(2026, 11, 1, 12, tzinfo=UTC)
    expires_at = datetime(2026, 11, 1, 12, 10, tzinfo=UTC)
