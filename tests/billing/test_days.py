"""The daily sums are the ledger's, exactly, whatever was written."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from base.clock import at_time
from billing.enums import Meter, Outcome
from billing.models import Reservation, Usage, UsageDay
from billing.services.days import add_to_day
from billing.services.ledger import Report, correct_cost, record_quantity
from billing.services.repricing import reprice_unknown
from billing.services.reservations import (
    expire_reservations,
    record_attempt,
    release,
    reserve,
    settle,
)
from tests.billing.conftest import TODAY
from tests.billing.samples import CACHED, PLAIN, REALTIME, make_prices, record
from tests.billing.sums import add_up_days, read_days
from tests.factories.billing import ModelPriceFactory, UsageFactory, make_call

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_budgets", "today")]

DONE = Report(Outcome.FINISHED, PLAIN)
# What comes late still counts on the day of the call.
LATER = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def _prices(db: None) -> None:
    make_prices()


def put_aside(model: str = "claude-plain") -> Reservation:
    call = make_call(model=model, group="7")
    return reserve(call, bound=Decimal("0.5"), expires_in=timedelta(minutes=5))


def lose() -> Reservation:
    """Return a reservation that expired."""
    reservation = put_aside()
    with at_time(LATER):
        expire_reservations()
    return reservation


def settle_calls() -> None:
    for model in ("claude-plain", "claude-plain", "claude-tiered"):
        settle(put_aside(model).pk, Report(Outcome.FINISHED, CACHED))


def settle_voice() -> None:
    record(REALTIME, provider="openai", model="voice")


def settle_at_no_price() -> None:
    settle(put_aside("claude-unheard-of").pk, DONE)


def settle_late() -> None:
    pk = lose().pk
    with at_time(LATER):
        settle(pk, Report(Outcome.STOPPED, CACHED, model="claude-tiered"))


def release_late() -> None:
    pk = lose().pk
    with at_time(LATER):
        release(pk)


def fail_and_try_again() -> None:
    reservation = put_aside()
    record_attempt(reservation.pk, Report(Outcome.FAILED, is_unbilled=True))
    record_attempt(reservation.pk, Report(Outcome.TIMED_OUT))
    settle(reservation.pk, DONE)


def correct_twice() -> None:
    usage = record(CACHED)
    with at_time(LATER):
        correct_cost(correct_cost(usage, Decimal(3), note=""), Decimal(1), note="")


def price_later() -> None:
    settle_at_no_price()
    ModelPriceFactory.create(model="claude-unheard-of")
    with at_time(LATER):
        assert reprice_unknown(Usage.objects.all()) == 1


def measure() -> None:
    for key, quantity in {"run:1": 5, "run:2": 7}.items():
        record_quantity(make_call(), Meter.SANDBOX, quantity, idempotency_key=key)
        record_quantity(make_call(), Meter.SANDBOX, quantity, idempotency_key=key)


@pytest.mark.parametrize(
    ("write", "rows", "calls"),
    [
        (settle_calls, 3, 3),
        (settle_voice, 1, 1),
        (settle_at_no_price, 1, 1),
        (lose, 1, 1),
        (settle_late, 2, 1),
        (release_late, 2, 1),
        (fail_and_try_again, 3, 3),
        (correct_twice, 3, 1),
        (price_later, 2, 1),
        (measure, 2, 2),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_day_is_the_sum_of_its_rows(
    write: Callable[[], object], rows: int, calls: int
) -> None:
    write()

    assert read_days() == add_up_days()
    days = UsageDay.objects.all()
    assert {day.day for day in days} == {TODAY.date()}
    assert sum(day.rows for day in days) == rows == Usage.objects.count()
    assert sum(day.calls for day in days) == calls


def test_what_reports_tell_apart_is_a_row_each() -> None:
    same = {"group": "7", "key_label": "key"}
    for other in (
        {},
        {},
        {"reference": "another"},
        {"payer": "2"},
        {"day": LATER.date()},
        {"purpose": "score"},
        {"provider": "openai"},
        {"model": "claude-other"},
        {"meter": Meter.EGRESS},
        {"outcome": Outcome.FAILED},
        {"key_label": "spare key"},
        {"group": "8"},
        {"is_simulated": True},
    ):
        UsageFactory.create(**same | other)

    assert read_days() == add_up_days()
    assert sorted(day.rows for day in UsageDay.objects.all()) == [1] * 10 + [3]


def test_row_that_is_rolled_back_is_in_no_sum() -> None:
    record(PLAIN)
    before = read_days()

    def fail() -> None:
        with transaction.atomic():
            record(PLAIN)
            record(PLAIN, model="claude-tiered")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert read_days() == before == add_up_days()


def test_counting_in_a_day_that_is_there_is_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    usage = record(PLAIN)

    with django_assert_num_queries(1):
        add_to_day(usage)


def test_metering_a_call_takes_few_queries() -> None:
    """Each is a round trip that a candidate waits for, under the payer's lock."""
    settle(put_aside().pk, DONE)

    with CaptureQueriesContext(connection) as captured:
        settle(put_aside().pk, DONE)

    assert len(captured) <= 21
