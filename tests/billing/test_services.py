"""Every call is in the ledger with its exact cost; nothing unknown is zero."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.models import ModelPrice, Usage
from billing.selectors import cost_lines
from billing.services import find_price, import_shipped_prices, record_usage
from billing.tokens import TokenCounts, normalise_anthropic

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _prices(db: None) -> None:
    import_shipped_prices()


def record(**values: Any) -> Usage:
    return record_usage(
        **{
            "payer": "1",
            "reference": "interview",
            "provider": "anthropic",
            "model": "claude-sonnet-5-5",
            "purpose": "chat",
            "raw": {"input_tokens": 10, "output_tokens": 5},
            "outcome": "finished",
            **values,
        }
    )


def test_cost_of_cached_call_is_exact() -> None:
    usage = record(
        raw={
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
    )

    # 1000×2 + 1000×2.50 + 2000×4 + 10000×0.10 + 700×10 dollars per million
    assert usage.cost_usd == Decimal("0.0205")
    assert usage.thinking_tokens == 200
    assert usage.raw["cache_read_input_tokens"] == 10_000


def test_cache_write_without_a_split_counts_as_five_minutes() -> None:
    counts = normalise_anthropic({"cache_creation_input_tokens": 30})

    assert counts == TokenCounts(cache_write_5m=30)


def test_null_figures_count_as_nothing() -> None:
    raw = {"input_tokens": 4, "output_tokens": None, "cache_creation": None}

    assert normalise_anthropic(raw) == TokenCounts(input=4)


def test_unknown_model_has_an_unknown_cost_loudly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    usage = record(model="claude-unheard-of")

    assert usage.cost_usd is None
    assert "claude-unheard-of" in caplog.text


def test_simulated_call_costs_nothing_and_says_so() -> None:
    usage = record(is_simulated=True, model="claude-unheard-of")

    assert usage.cost_usd == 0
    assert usage.is_simulated


@pytest.mark.parametrize(
    ("day", "expected"),
    [(1, "0.20"), (7, "0.10"), (30, "0.10")],
    ids=["before the cut", "on the day", "after"],
)
def test_price_in_force_goes_by_the_date(day: int, expected: str) -> None:
    price = find_price(
        "anthropic",
        "claude-sonnet-5-5",
        at=datetime(2026, 10, day, 12, tzinfo=UTC),
        prompt_tokens=1,
    )

    assert price is not None
    assert price.cache_read == Decimal(expected)


@pytest.mark.parametrize(("tokens", "expected"), [(100_000, "0.10"), (100_001, "0.50")])
def test_long_prompt_reaches_the_higher_tier(tokens: int, expected: str) -> None:
    price = find_price(
        "anthropic",
        "claude-haiku-5-5",
        at=datetime(2026, 11, 1, tzinfo=UTC),
        prompt_tokens=tokens,
    )

    assert price is not None
    assert price.input == Decimal(expected)


def test_importing_again_leaves_a_corrected_price_alone() -> None:
    ModelPrice.objects.filter(model="claude-opus-5-5").update(input=Decimal(9))

    assert import_shipped_prices() == 0
    assert ModelPrice.objects.get(model="claude-opus-5-5").input == 9


def test_cost_lines_keep_unknown_calls_apart() -> None:
    record()
    record()
    record(model="claude-unheard-of")
    record(reference="another")

    lines = {line.model: line for line in cost_lines("interview")}

    known = lines["claude-sonnet-5-5"]
    assert (known.calls, known.unknown_calls) == (2, 0)
    assert known.cost_usd == Decimal("0.00014")
    assert lines["claude-unheard-of"].unknown_calls == 1
