"""Calls of unknown cost get the price that meanwhile exists, in rows of their own."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.enums import Meter, Outcome
from billing.models import ModelPrice, SpendWindow, Usage
from billing.services.ledger import Report, correct_cost, record_call, record_quantity
from billing.services.repricing import reprice_unknown, unknown_calls
from billing.services.reservations import expire_reservations, reserve, settle
from billing.services.shipped import import_shipped_prices
from tests.factories.billing import MeterPriceFactory, ModelPriceFactory, make_call

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
RAW = {"input_tokens": 1_000, "output_tokens": 100}
# 1,000 at 3 dollars and 100 at 15 dollars per million.
COST = Decimal("0.0045")
BOUND = Decimal("0.02")


def record(raw: dict[str, Any] = RAW, **values: Any) -> Usage:
    report = Report(Outcome.FINISHED, raw=raw, **values)
    call = make_call(model="claude-unheard-of")
    return record_call(call, report, bound=BOUND, at=AT)


def price(**values: Any) -> ModelPrice:
    made: ModelPrice = ModelPriceFactory.create(model="claude-unheard-of", **values)
    return made


def total() -> Decimal:
    """Return the sum of all rows, after seeing that the running sums say the same."""
    rows = Usage.objects.all()
    spent = sum(((row.cost_usd or 0) + row.bound_usd for row in rows), Decimal(0))
    assert {window.spent_usd for window in SpendWindow.objects.all()} == {spent}
    return spent


def test_call_gets_its_cost_once_a_price_exists() -> None:
    usage = record()
    assert total() == BOUND
    kept = price()

    assert reprice_unknown(Usage.objects.all()) == 1
    row = Usage.objects.get(corrects=usage)
    assert (row.outcome, row.cost_usd, row.bound_usd) == (
        Outcome.CORRECTION,
        COST,
        -BOUND,
    )
    assert row.note == f"priced: claude-unheard-of · from {kept.valid_from:%Y-%m-%d}"
    assert total() == COST
    assert not unknown_calls().exists()


def test_correction_names_its_price_and_what_the_cache_saved() -> None:
    record({**RAW, "cache_read_input_tokens": 10_000})
    kept = price()

    reprice_unknown(Usage.objects.all())
    row = Usage.objects.exclude(corrects=None).get()
    assert row.price == kept
    # 10,000 tokens read at 0.3 instead of 3 dollars per million.
    assert row.saved_usd == Decimal("0.027")


def test_again_changes_nothing() -> None:
    record()
    price()
    reprice_unknown(Usage.objects.all())

    assert reprice_unknown(Usage.objects.all()) == 0
    assert Usage.objects.count() == 2


def test_price_after_the_call_does_not_count() -> None:
    record()
    price(valid_from=AT + timedelta(days=1))

    assert reprice_unknown(Usage.objects.all()) == 0
    assert unknown_calls().count() == 1


@pytest.mark.parametrize(
    "raw",
    [{}, {**RAW, "server_tool_use": {"web_search_requests": 2}}],
    ids=["no usage came back", "a figure without a price"],
)
def test_what_no_price_covers_stays_unknown(raw: dict[str, Any]) -> None:
    record(raw)
    price()

    assert reprice_unknown(Usage.objects.all()) == 0
    assert total() == BOUND


def test_call_of_known_cost_is_left_alone() -> None:
    price()
    record()

    assert reprice_unknown(Usage.objects.all()) == 0
    assert Usage.objects.count() == 1


def test_call_that_somebody_corrected_is_left_alone() -> None:
    correct_cost(record(), Decimal("0.5"), note="by the invoice")
    price()

    assert reprice_unknown(Usage.objects.all()) == 0
    assert total() == Decimal("0.5")


def test_cut_off_answer_keeps_the_larger_output() -> None:
    record(arrived_output_tokens=200)
    price()
    reprice_unknown(Usage.objects.all())

    assert total() == Decimal("0.006")


def test_lost_call_whose_usage_came_late_is_priced_by_it() -> None:
    call = make_call(model="claude-unheard-of")
    reservation = reserve(call, bound=BOUND, expires_in=timedelta(seconds=-1))
    expire_reservations()
    settle(reservation.pk, Report(Outcome.FINISHED, raw=RAW))
    assert unknown_calls().count() == 1
    price()

    assert reprice_unknown(Usage.objects.all()) == 1
    assert total() == COST
    assert not unknown_calls().exists()


def test_metered_quantity_is_priced() -> None:
    import_shipped_prices()
    at = datetime(2024, 1, 1, tzinfo=UTC)
    usage = record_quantity(
        make_call(), Meter.SANDBOX, 1_800_000, idempotency_key="run-1", at=at
    )
    assert usage.cost_usd is None
    MeterPriceFactory.create(valid_from=at)

    assert reprice_unknown(Usage.objects.all()) == 1
    assert total() == Decimal("0.5")


def test_only_what_was_chosen_is_priced() -> None:
    first, second = record(), record()
    price()

    assert reprice_unknown(Usage.objects.filter(pk=second.pk)) == 1
    assert list(unknown_calls()) == [first]
