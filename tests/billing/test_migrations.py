"""Rows from before exact money come over with their costs, and go back again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from billing.models import SpendWindow, Usage
from tests.billing.sums import add_up, add_up_days, read_days, read_sums

# Every test of a table's change holds the schema for itself, and takes all of them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]

BEFORE = [("billing", "0001_initial")]
SMALL_ROWS = 600


def _migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def _newest() -> list[tuple[str, str]]:
    nodes = MigrationExecutor(connection).loader.graph.leaf_nodes()
    return [(app, name) for app, name in nodes]


@pytest.fixture
def old_usage(transactional_db: None) -> Iterator[Any]:
    """Yield the first model of the ledger, its table empty; the newest comes back."""
    newest = _newest()
    try:
        yield _migrate(BEFORE).get_model("billing", "Usage")
    finally:
        _migrate(newest)


def make_old(usage: Any, **values: Any) -> Any:
    return usage(
        **{
            "payer": "1",
            "reference": "interview",
            "provider": "anthropic",
            "model": "claude-sonnet-5-5",
            "purpose": "chat",
            "outcome": "finished",
            "cost_usd": Decimal("0.0205"),
            "at": datetime(2026, 10, 31, 23, 30, tzinfo=UTC),
            **values,
        }
    )


def test_old_rows_come_over_and_go_back(old_usage: Any) -> None:
    old_usage.objects.bulk_create(
        [
            make_old(
                old_usage,
                input_tokens=1_000,
                cache_write_5m_tokens=1_000,
                cache_write_1h_tokens=2_000,
                cache_read_tokens=10_000,
                output_tokens=700,
                thinking_tokens=200,
            ),
            make_old(
                old_usage,
                purpose="score",
                outcome="end_turn",
                cost_usd=Decimal("1.2345678901"),
                at=datetime(2026, 11, 1, 0, 30, tzinfo=UTC),
            ),
            # The same reference of another payer; nobody knew what it cost.
            make_old(old_usage, payer="2", outcome="refusal", cost_usd=None),
            make_old(
                old_usage,
                is_simulated=True,
                outcome="interrupted",
                cost_usd=Decimal(0),
            ),
            make_old(old_usage, payer="2", outcome="unknown"),
            *[
                make_old(old_usage, payer="3", cost_usd=Decimal("0.0000000001"))
                for _ in range(SMALL_ROWS)
            ],
        ]
    )

    _migrate(_newest())

    rows = Usage.objects.order_by("pk")[:5]
    assert [(row.cost_usd, row.day, row.outcome, row.quantity) for row in rows] == [
        (Decimal("0.0205"), date(2026, 10, 31), "finished", 14_700),
        (Decimal("1.2345678901"), date(2026, 11, 1), "finished", 0),
        (None, date(2026, 10, 31), "refused", 0),
        (Decimal(0), date(2026, 10, 31), "interrupted", 0),
        (Decimal("0.0205"), date(2026, 10, 31), "failed", 0),
    ]
    assert read_sums() == add_up()
    assert read_days() == add_up_days() != {}
    small = SpendWindow.objects.get(payer="3", scope="payer_month", purpose="")
    assert small.spent_usd == SMALL_ROWS * Decimal("0.0000000001")

    back = _migrate(BEFORE).get_model("billing", "Usage").objects.order_by("pk")

    assert [row.cost_usd for row in back[:5]] == [
        Decimal("0.0205"),
        Decimal("1.2345678901"),
        None,
        Decimal(0),
        Decimal("0.0205"),
    ]
    assert back.count() == 5 + SMALL_ROWS

    _migrate(_newest())

    assert Usage.objects.get(pk=rows[2].pk).outcome == "refused"
    assert read_sums() == add_up()
    assert read_days() == add_up_days() != {}
