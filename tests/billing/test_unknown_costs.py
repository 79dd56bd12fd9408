"""What no price covers has an unknown cost, loudly, and is never zero."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from billing.enums import Meter, Outcome
from billing.services.ledger import record_quantity
from tests.billing.samples import BOUND, PLAIN, REALTIME, make_prices, record
from tests.factories.billing import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _prices(db: None) -> None:
    make_prices()


UNKNOWN: list[tuple[str, Mapping[str, Any], Mapping[str, Any], str]] = [
    ("model", PLAIN, {"model": "claude-unheard-of"}, "no price"),
    ("provider", PLAIN, {"provider": "else"}, "provider=else"),
    ("no usage", {}, {"outcome": Outcome.TIMED_OUT}, "no usage came back"),
    ("before the price", PLAIN, {"at": datetime(2025, 1, 1, tzinfo=UTC)}, "no price"),
    ("fast", {**PLAIN, "speed": "fast"}, {}, "speed=fast"),
    ("priority", {**PLAIN, "service_tier": "priority"}, {}, "service_tier=priority"),
    ("region", {**PLAIN, "inference_geo": "us"}, {}, "inference_geo=us"),
    (
        "server tools",
        {**PLAIN, "server_tool_use": {"web_search_requests": 2}},
        {},
        "server_tool_use.web_search_requests",
    ),
    ("new figure", {**PLAIN, "image_tokens": 7}, {}, "image_tokens"),
    ("new word", {**PLAIN, "context_tier": "1m"}, {}, "context_tier"),
    (
        "new lifetime",
        {**PLAIN, "cache_creation": {"ephemeral_1d_input_tokens": 9}},
        {},
        "cache_creation.ephemeral_1d_input_tokens",
    ),
    (
        "new kind of output",
        {**PLAIN, "output_tokens_details": {"image_tokens": 9}},
        {},
        "output_tokens_details.image_tokens",
    ),
    ("no input", {"output_tokens": 5}, {}, "no input_tokens"),
    ("null output", {"input_tokens": 5, "output_tokens": None}, {}, "no output_tokens"),
    ("text for a figure", {**PLAIN, "input_tokens": "10"}, {}, "input_tokens"),
    ("negative figure", {**PLAIN, "output_tokens": -5}, {}, "output_tokens"),
    (
        "no audio price",
        REALTIME,
        {"provider": "openai", "model": "text"},
        "no audio price",
    ),
    (
        "realtime cached without its split",
        {
            **PLAIN,
            "input_token_details": {"text_tokens": 10, "cached_tokens": 4},
            "output_token_details": {"text_tokens": 5},
        },
        {"provider": "openai", "model": "voice"},
        "split of cached_tokens",
    ),
    (
        "realtime without details",
        PLAIN,
        {"provider": "openai", "model": "voice"},
        "split of input_tokens, split of output_tokens",
    ),
    (
        "realtime with pictures",
        {
            **PLAIN,
            "input_token_details": {"text_tokens": 4, "image_tokens": 6},
            "output_token_details": {"text_tokens": 5},
        },
        {"provider": "openai", "model": "voice"},
        "input.image_tokens, split of input_tokens",
    ),
    (
        "realtime cached more than sent",
        {
            **PLAIN,
            "input_token_details": {
                "text_tokens": 10,
                "audio_tokens": 0,
                "cached_tokens": 3,
                "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 3},
            },
            "output_token_details": {"text_tokens": 5},
        },
        {"provider": "openai", "model": "voice"},
        "more cached than sent",
    ),
]


@pytest.mark.parametrize(
    ("raw", "values", "why"),
    [case[1:] for case in UNKNOWN],
    ids=[case[0] for case in UNKNOWN],
)
def test_what_has_no_price_is_unknown_and_loud(
    raw: Mapping[str, Any],
    values: Mapping[str, Any],
    why: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    usage = record(raw, **values)

    assert usage.cost_usd is None
    assert usage.bound_usd == BOUND
    assert [(entry.levelname, entry.getMessage()) for entry in caplog.records] == [
        ("ERROR", f"Unknown cost of a call to {usage.model} ({why})")
    ]


def test_meter_without_a_price_is_unknown_and_loud(
    caplog: pytest.LogCaptureFixture,
) -> None:
    usage = record_quantity(
        make_call(purpose="egress"),
        Meter.EGRESS,
        5,
        idempotency_key="once",
        at=datetime(2020, 1, 1, tzinfo=UTC),
    )

    assert usage.cost_usd is None
    assert "Unknown cost of egress.bytes" in caplog.text
