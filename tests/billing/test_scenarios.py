"""The three sizes of an interview at the prices in force."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.models import ModelPrice
from billing.scenarios import price_scenarios
from tests.factories.billing import ModelPriceFactory

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_shipped_prices(db: None) -> None:
    ModelPrice.objects.all().delete()


def priced(at: datetime = AT) -> list[tuple[str, str, Decimal]]:
    return [
        (found.model, found.scenario.key, found.cost_usd)
        for found in price_scenarios(at)
    ]


def test_scenarios_are_priced_with_every_model() -> None:
    ModelPriceFactory.create(model="claude-b", input=Decimal(4), output=Decimal(20))
    ModelPriceFactory.create(model="claude-a", input=Decimal(1), output=Decimal(5))

    # 93,000, 167,000 and 285,000 tokens in; 52,500, 87,000 and 150,000 out
    assert priced() == [
        ("claude-a", "light", Decimal("0.3555")),
        ("claude-a", "medium", Decimal("0.602")),
        ("claude-a", "heavy", Decimal("1.035")),
        ("claude-b", "light", Decimal("1.422")),
        ("claude-b", "medium", Decimal("2.408")),
        ("claude-b", "heavy", Decimal("4.14")),
    ]


def test_price_in_force_is_the_newest_that_began() -> None:
    for month, price in ((1, 1), (10, 2), (12, 100)):
        ModelPriceFactory.create(
            model="claude-a",
            valid_from=datetime(2026, month, 1, tzinfo=UTC),
            input=Decimal(price),
            output=Decimal(0),
        )

    assert priced()[0] == ("claude-a", "light", Decimal("0.186"))
    assert priced(datetime(2025, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("over", "expected"),
    [(3_099, "0.93"), (3_100, "0.093")],
    ids=["above", "not above"],
)
def test_tier_goes_by_the_mean_prompt_of_a_turn(over: int, expected: str) -> None:
    for tier, price in ((0, 1), (over, 10)):
        ModelPriceFactory.create(
            model="claude-a",
            over_prompt_tokens=tier,
            input=Decimal(price),
            output=Decimal(0),
        )

    # 93,000 tokens in 30 turns are 3,100 each.
    assert priced()[0] == ("claude-a", "light", Decimal(expected))
