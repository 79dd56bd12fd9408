"""What doctor says about the prices of the models in use."""

from datetime import date, timedelta
from typing import Any

import pytest

from base.clock import now
from base.readiness import Finding
from billing.enums import Certainty, Meter
from billing.price_checks import STALE, check_prices
from tests.factories.billing import ModelPriceFactory, UsageFactory

pytestmark = pytest.mark.django_db
MODEL = ("anthropic", "claude-plain")


def price(**values: Any) -> None:
    given = {"certainty": Certainty.HIGH, "checked_on": now().date(), **values}
    ModelPriceFactory.create(model="claude-plain", **given)


def test_fresh_prices_are_fine() -> None:
    price()
    assert check_prices([MODEL, MODEL]) == Finding(message="1 models in use")


def test_model_without_a_price_fails_and_is_named() -> None:
    found = check_prices([MODEL])

    assert (found.status, found.message) == (
        "failed",
        "No price for: claude-plain. What it costs is unknown.",
    )
    assert "prices import" in found.mend


def test_price_of_tomorrow_is_none_yet() -> None:
    price(valid_from=now() + timedelta(days=1))
    assert check_prices([MODEL]).status == "failed"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"checked_on": None}, "never checked"),
        ({"checked_on": date(2020, 1, 1)}, "not checked for 90 days"),
        ({"certainty": Certainty.LOW}, "of low certainty"),
    ],
    ids=["never", "long ago", "unsure"],
)
@pytest.mark.parametrize("tier", [0, 100_000], ids=["plain", "long prompts"])
def test_doubtful_price_is_a_warning(
    values: dict[str, Any], reason: str, tier: int
) -> None:
    at = now() - timedelta(minutes=1)
    price(valid_from=at - timedelta(days=1))
    price(valid_from=at, **(values if tier == 0 else {}))
    if tier:
        price(valid_from=at, over_prompt_tokens=tier, **values)

    found = check_prices([MODEL])
    assert (found.status, found.message) == (
        "warning",
        f"Prices to check: claude-plain ({reason}).",
    )


def test_price_checked_just_in_time_is_fine() -> None:
    price(checked_on=(now() - STALE).date())
    assert check_prices([MODEL]).status == "ok"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, "failed"),
        ({"is_simulated": True}, "ok"),
        ({"at": now() - timedelta(days=31)}, "ok"),
        ({"model": "", "meter": Meter.SANDBOX}, "ok"),
    ],
    ids=["real call", "simulated", "long ago", "no model"],
)
def test_models_of_recent_real_calls_count(values: dict[str, Any], status: str) -> None:
    UsageFactory.create(**{"model": "claude-unheard-of", "at": now(), **values})
    assert check_prices([]).status == status
