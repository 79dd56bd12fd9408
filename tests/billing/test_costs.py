"""Every call costs what its provider bills, to the last decimal."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from billing.enums import Outcome
from billing.services.ledger import Report, record_call
from tests.billing.samples import (
    AT,
    BOUND,
    CACHED,
    PLAIN,
    REALTIME,
    make_prices,
    record,
)
from tests.factories.billing import ModelPriceFactory, make_call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _prices(db: None) -> None:
    make_prices()


# In millionths of a dollar above each case; the prices are in `make_prices`.
KNOWN: list[tuple[str, Mapping[str, Any], Mapping[str, Any], str, str]] = [
    # 1234×2 + 567×10
    ("uncached", {"input_tokens": 1_234, "output_tokens": 567}, {}, "0.008138", "0"),
    # 1000×2 + 1000×2.50 + 2000×4 + 10000×0.10 + 700×10; saved -500 - 4000 + 19000
    ("cache with its split", CACHED, {}, "0.0205", "0.0145"),
    # 7×2 + 30×2.50 + 1×10; saved -15
    (
        "cache without its split",
        {"input_tokens": 7, "cache_creation_input_tokens": 30, "output_tokens": 1},
        {},
        "0.000099",
        "-0.000015",
    ),
    # 3×2 + 4096×4 + 2×10; saved -8192
    (
        "cache for an hour",
        {
            "input_tokens": 3,
            "cache_creation_input_tokens": 4_096,
            "cache_creation": {"ephemeral_1h_input_tokens": 4_096},
            "output_tokens": 2,
        },
        {},
        "0.01641",
        "-0.008192",
    ),
    # 40 for an hour, the other 60 for 5 minutes: 60×2.50 + 40×4; saved -30 - 80
    (
        "cache with a split of a part",
        {
            "input_tokens": 0,
            "cache_creation_input_tokens": 100,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 10,
                "ephemeral_1h_input_tokens": 40,
            },
            "output_tokens": 0,
        },
        {},
        "0.00031",
        "-0.00011",
    ),
    # half of the second
    ("batch", {**CACHED, "service_tier": "batch"}, {}, "0.01025", "0.00725"),
    # 10×2 + 1000×10: thinking is output, not more than it
    (
        "thinking",
        {
            "input_tokens": 10,
            "output_tokens": 1_000,
            "output_tokens_details": {"thinking_tokens": 900},
        },
        {},
        "0.01002",
        "0",
    ),
    # 40000×0.10 + 60000×0.01 + 10×0.50; saved 60000×0.09
    (
        "prompt of 100,000",
        {
            "input_tokens": 40_000,
            "cache_read_input_tokens": 60_000,
            "output_tokens": 10,
        },
        {"model": "claude-tiered"},
        "0.004605",
        "0.0054",
    ),
    # 40000×0.50 + 1×0.625 + 60000×0.05 + 10×2.50; saved -0.125 + 27000
    (
        "prompt of 100,001",
        {
            "input_tokens": 40_000,
            "cache_creation_input_tokens": 1,
            "cache_read_input_tokens": 60_000,
            "output_tokens": 10,
        },
        {"model": "claude-tiered"},
        "0.023025625",
        "0.026999875",
    ),
    # 1500×2 + 200×0.10 + 321×10: the output is what arrived; saved 200×1.90
    (
        "aborted after message_start",
        {
            "input_tokens": 1_500,
            "cache_read_input_tokens": 200,
            "output_tokens": 1,
        },
        {"outcome": Outcome.STOPPED, "arrived_output_tokens": 321},
        "0.00623",
        "0.00038",
    ),
    # 100×2 + 50×10: the provider's figure is the larger one
    (
        "aborted with a larger figure",
        {"input_tokens": 100, "output_tokens": 50},
        {"outcome": Outcome.INTERRUPTED, "arrived_output_tokens": 20},
        "0.0007",
        "0",
    ),
    # 900×2 + 4×10
    (
        "refused by the model",
        {"input_tokens": 900, "output_tokens": 4},
        {"outcome": Outcome.REFUSED},
        "0.00184",
        "0",
    ),
    (
        "refused before anything",
        {},
        {"outcome": Outcome.FAILED, "is_unbilled": True},
        "0",
        "0",
    ),
    # 1×2 + 1×10
    (
        "usual words and nulls",
        {
            "input_tokens": 1,
            "output_tokens": 1,
            "cache_creation": None,
            "cache_read_input_tokens": None,
            "service_tier": "standard",
            "speed": "standard",
            "inference_geo": "global",
            "server_tool_use": {"web_search_requests": 0, "web_fetch_requests": 0},
            "unheard_of": 0,
        },
        {},
        "0.000012",
        "0",
    ),
    # 200×4 + 100×0.40 + 400×32 + 300×0.40 + 50×24 + 150×64; saved 360 + 300×31.60
    (
        "realtime text and audio",
        REALTIME,
        {"provider": "openai", "model": "voice"},
        "0.02456",
        "0.00984",
    ),
    # 10×4 + 5×24
    (
        "realtime without audio",
        {
            "input_tokens": 10,
            "output_tokens": 5,
            "input_token_details": {"text_tokens": 10},
            "output_token_details": {"text_tokens": 5, "reasoning_tokens": 2},
        },
        {"provider": "openai", "model": "text"},
        "0.00016",
        "0",
    ),
]


@pytest.mark.parametrize(
    ("raw", "values", "cost", "saved"),
    [case[1:] for case in KNOWN],
    ids=[case[0] for case in KNOWN],
)
def test_cost_of_a_usage_object_is_exact(
    raw: Mapping[str, Any], values: Mapping[str, Any], cost: str, saved: str
) -> None:
    usage = record(raw, **values)

    assert (usage.cost_usd, usage.saved_usd) == (Decimal(cost), Decimal(saved))
    assert usage.bound_usd == 0
    assert usage.raw == raw


def test_tokens_are_counted_apart() -> None:
    usage = record(CACHED)

    assert (
        usage.input_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        usage.cache_read_tokens,
        usage.output_tokens,
        usage.thinking_tokens,
        usage.quantity,
    ) == (1_000, 1_000, 2_000, 10_000, 700, 200, 14_700)


def test_estimated_output_says_so() -> None:
    raw = {"input_tokens": 1, "output_tokens": 1}

    cut = record(raw, outcome=Outcome.STOPPED, arrived_output_tokens=90)
    whole = record(raw)

    assert (cut.is_estimated, cut.output_tokens) == (True, 90)
    assert (whole.is_estimated, whole.output_tokens) == (False, 1)
    assert cut.raw["output_tokens"] == 1


def test_answering_model_is_the_one_that_is_billed() -> None:
    call = make_call(model="claude-plain")
    report = Report(Outcome.FINISHED, PLAIN, model="claude-tiered")

    usage = record_call(call, report, bound=BOUND, at=AT)

    # 10×0.10 + 5×0.50
    assert (usage.model, usage.cost_usd) == ("claude-tiered", Decimal("0.0000035"))


def test_providers_long_words_do_not_lose_the_row() -> None:
    usage = record(PLAIN, request_id="r" * 200, error_code="e" * 200)

    assert (usage.request_id, usage.error_code) == ("r" * 100, "e" * 64)


def test_simulated_call_costs_what_a_real_one_would_and_says_so() -> None:
    call = make_call(is_simulated=True)

    usage = record_call(call, Report(Outcome.FINISHED, PLAIN), bound=BOUND, at=AT)

    assert (usage.is_simulated, usage.cost_usd) == (True, Decimal("0.00007"))


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [(1, "0"), (2, "1E-12"), (3, "2E-12"), (5, "2E-12"), (7, "4E-12")],
)
def test_half_a_unit_rounds_to_even(tokens: int, cost: str) -> None:
    # A token costs 10^-12 dollars, half of that in a batch.
    ModelPriceFactory.create(model="tiny", input=Decimal("0.000001"))
    raw = {"input_tokens": tokens, "output_tokens": 0, "service_tier": "batch"}

    assert record(raw, model="tiny").cost_usd == Decimal(cost)
