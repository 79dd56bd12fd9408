"""Which price is in force, what a metered quantity costs, and how a call is bounded."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.enums import Meter
from billing.models import ModelPrice
from billing.services.ledger import record_quantity
from billing.services.pricing import bound_cost, find_price
from billing.services.shipped import import_shipped_prices
from tests.billing.samples import AT, make_prices, record
from tests.factories.billing import MeterPriceFactory, ModelPriceFactory, make_call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _prices(db: None) -> None:
    make_prices()


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        (3_600_000, "1"),
        (90_000, "0.025"),
        (1, "0.000000277778"),
        (0, "0"),
    ],
)
def test_metered_quantity_costs_its_part(quantity: int, cost: str) -> None:
    MeterPriceFactory.create(valid_from=datetime(2026, 11, 1, tzinfo=UTC))

    usage = record_quantity(
        make_call(provider="local", model="", purpose="sandbox"),
        Meter.SANDBOX,
        quantity,
        idempotency_key="once",
        at=AT,
    )

    assert usage.cost_usd == Decimal(cost)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(1, "0.20"), (7, "0.10"), (30, "0.10")],
    ids=["before the cut", "on the day", "after"],
)
def test_price_in_force_goes_by_the_date(day: int, expected: str) -> None:
    at = datetime(2026, 10, day, 12, tzinfo=UTC)

    price = find_price("anthropic", "claude-sonnet-5-5", at=at, prompt_tokens=1)

    assert price is not None
    assert price.cache_read == Decimal(expected)


def test_usage_is_billed_by_the_price_of_its_own_time() -> None:
    raw = {"input_tokens": 0, "cache_read_input_tokens": 100, "output_tokens": 0}

    before, after = (
        record(raw, model="claude-sonnet-5-5", at=datetime(2026, 10, day, tzinfo=UTC))
        for day in (6, 7)
    )

    assert (before.cost_usd, after.cost_usd) == (Decimal("0.00002"), Decimal("0.00001"))
    assert before.price_id != after.price_id


@pytest.mark.parametrize(("tokens", "expected"), [(100_000, "0.10"), (100_001, "0.50")])
def test_long_prompt_reaches_the_higher_tier(tokens: int, expected: str) -> None:
    price = find_price("anthropic", "claude-haiku-5-5", at=AT, prompt_tokens=tokens)

    assert price is not None
    assert price.input == Decimal(expected)


def test_importing_again_leaves_a_corrected_price_alone() -> None:
    ModelPrice.objects.filter(model="claude-opus-5-5").update(input=Decimal(9))

    assert import_shipped_prices() == 0
    assert ModelPrice.objects.get(model="claude-opus-5-5").input == 9


def test_bound_takes_the_dearest_way_to_bill_tokens() -> None:
    plain, voice = (
        bound_cost(provider, model, at=AT, input_tokens=1_000, output_tokens=100)
        for provider, model in (("anthropic", "claude-plain"), ("openai", "voice"))
    )

    # 1000×4 + 100×10, all written to the cache for an hour; 1000×32 + 100×64, all audio
    assert (plain, voice) == (Decimal("0.005"), Decimal("0.0384"))


def test_bound_of_a_model_without_a_price_is_the_dearest_there_is() -> None:
    ModelPriceFactory.create(cache_write_1h=Decimal(70), output=Decimal(90))

    bound = bound_cost(
        "anthropic", "claude-unheard-of", at=AT, input_tokens=1_000, output_tokens=100
    )

    assert bound == Decimal("0.079")


def test_bound_without_any_price_is_not_zero() -> None:
    at = datetime(2020, 1, 1, tzinfo=UTC)

    bound = bound_cost("anthropic", "any", at=at, input_tokens=1_000, output_tokens=0)

    assert bound == Decimal("0.25")
