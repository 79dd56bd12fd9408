"""The ledger keeps every row; corrections and quantities count once and exactly."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from prometheus_client import REGISTRY
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing.enums import Meter, Outcome
from billing.models import SpendWindow, Usage
from billing.services.ledger import (
    Report,
    correct_cost,
    record_call,
    record_quantity,
)
from tests.billing.samples import AT, CACHED, PLAIN, make_prices, record
from tests.billing.sums import add_up, add_up_days, read_days, read_sums
from tests.factories.billing import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sums_agree(db: None) -> Iterator[None]:
    make_prices()
    yield
    assert read_sums() == add_up()
    assert read_days() == add_up_days()


def spent_this_month() -> Decimal:
    spent: Decimal = SpendWindow.objects.get(scope="payer_month", purpose="").spent_usd
    return spent


def test_correction_is_a_row_with_the_difference() -> None:
    usage = record(PLAIN)

    correction = correct_cost(usage, Decimal("0.0001"), note="invoice 7")

    assert (correction.cost_usd, correction.outcome, correction.note) == (
        Decimal("0.00003"),
        Outcome.CORRECTION,
        "invoice 7",
    )
    assert Usage.objects.get(pk=usage.pk).cost_usd == Decimal("0.00007")
    assert spent_this_month() == Decimal("0.0001")


def test_second_correction_starts_from_the_first() -> None:
    usage = record(PLAIN)

    correct_cost(usage, Decimal(3), note="")
    second = correct_cost(usage, Decimal(1), note="")

    assert second.cost_usd == Decimal(-2)
    assert spent_this_month() == 1


def test_correcting_a_correction_corrects_the_call() -> None:
    usage = record(PLAIN)
    first = correct_cost(usage, Decimal(3), note="")

    second = correct_cost(first, Decimal(1), note="")

    assert second.corrects == usage
    assert spent_this_month() == 1


def test_corrected_unknown_cost_no_longer_counts_its_bound() -> None:
    usage = record(PLAIN, model="claude-unheard-of")
    before = spent_this_month()

    correct_cost(usage, Decimal("0.2"), note="")

    assert (before, spent_this_month()) == (Decimal("0.5"), Decimal("0.2"))


def test_correction_counts_in_the_month_of_its_call() -> None:
    usage = record(PLAIN, at=datetime(2026, 10, 31, 23, 59, tzinfo=UTC))

    correction = correct_cost(usage, Decimal(1), note="")

    assert (correction.day, correction.at) == (date(2026, 10, 31), usage.at)
    assert SpendWindow.objects.get(scope="key_day", purpose="").spent_usd == 1


def test_correction_rounds_like_the_column() -> None:
    usage = record(PLAIN)

    correction = correct_cost(usage, Decimal("0.0000700000005"), note="")

    assert correction.cost_usd == 0


def test_cost_below_zero_is_refused() -> None:
    usage = record(PLAIN)

    with pytest.raises(ValueError, match="not negative"):
        correct_cost(usage, Decimal("-0.01"), note="")

    assert Usage.objects.count() == 1


def test_day_is_that_of_universal_time() -> None:
    late = datetime.fromisoformat("2026-11-01T01:00:00+02:00")

    usage = record(PLAIN, at=late)

    assert usage.day == date(2026, 10, 31)


def test_quantity_is_written_once_per_key() -> None:
    call = make_call(provider="local", model="", purpose="sandbox", key_label="")

    first, again = (
        record_quantity(call, Meter.SANDBOX, 90_000, idempotency_key="run:1", at=AT)
        for _ in range(2)
    )
    other = record_quantity(call, Meter.SANDBOX, 5, idempotency_key="run:2", at=AT)

    assert first == again
    assert (first.meter, first.quantity, other.quantity) == ("sandbox.ms", 90_000, 5)
    assert Usage.objects.count() == 2


def test_negative_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        record_quantity(make_call(), Meter.EGRESS, -1, idempotency_key="run:1")


def test_two_payers_with_the_same_reference_do_not_share_a_sum() -> None:
    for payer in ("1", "2"):
        call = make_call(payer=payer, reference="same")
        record_call(call, Report(Outcome.FINISHED, PLAIN), bound=Decimal(0), at=AT)

    spent = SpendWindow.objects.filter(scope="reference", purpose="")
    assert [window.spent_usd for window in spent] == [Decimal("0.00007")] * 2


def test_counters_keep_simulated_calls_apart(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def read(name: str, **labels: str) -> float:
        common = {"purpose": "counted", "model": "claude-plain"}
        return REGISTRY.get_sample_value(name, common | labels) or 0.0

    with django_capture_on_commit_callbacks(execute=True):
        for is_simulated in (False, True, True):
            call = make_call(purpose="counted", is_simulated=is_simulated)
            report = Report(Outcome.FINISHED, CACHED)
            record_call(call, report, bound=Decimal(0), at=AT)
        record_call(call, Report(Outcome.LOST), bound=Decimal(1), at=AT)

    tokens = "interviewlm_usage_tokens_total"
    assert read(tokens, kind="cache_read", simulated="no") == 10_000
    assert read(tokens, kind="cache_read", simulated="yes") == 20_000
    assert read("interviewlm_usage_usd_total", simulated="no") == pytest.approx(0.0205)
    assert read("interviewlm_usage_unknown_cost_total", simulated="yes") == 1
