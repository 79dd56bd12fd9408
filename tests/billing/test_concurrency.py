"""Callers at the same time: no cap is overrun, nobody waits for ever, none counts twice."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from billing.enums import Meter, Outcome, Scope
from billing.errors import BudgetExceededError
from billing.models import Budget, BudgetAlert, Reservation, SpendWindow, Usage
from billing.services.alerts import tell_alerts
from billing.services.calls import Call
from billing.services.ledger import Report, record_quantity
from billing.services.reservations import (
    expire_reservations,
    release,
    reserve,
    settle,
)
from tests.billing.samples import make_prices
from tests.billing.sums import add_up, add_up_days, read_days, read_sums
from tests.factories.billing import BudgetFactory, make_call

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")
WAIT = 60
COST = Decimal("0.00007")
RAW = {"input_tokens": 10, "output_tokens": 5}


@pytest.fixture(autouse=True)
def _prices(transactional_db: None) -> None:
    make_prices()
    Budget.objects.all().delete()


def at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Run each work in a thread of its own, all from the same moment."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        barrier.wait(WAIT)
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [done.result(WAIT) for done in [pool.submit(run, w) for w in works]]


def put_aside(call: Call, bound: Decimal = COST) -> Reservation:
    return reserve(call, bound=bound, expires_in=timedelta(minutes=15))


def make(call: Call, bound: Decimal = COST) -> bool:
    """Make one call if there is room for it."""
    try:
        reservation = put_aside(call, bound)
    except BudgetExceededError:
        return False
    settle(reservation.pk, Report(Outcome.FINISHED, RAW))
    return True


@pytest.mark.parametrize("scope", list(Scope))
def test_fifty_calls_at_a_cap_that_fits_ten(scope: Scope) -> None:
    BudgetFactory.create(payer="", subject="", scope=scope, hard_usd=10 * COST)

    made = at_once([lambda: make(make_call())] * 50)

    assert 10 <= sum(made) <= 11
    assert Usage.objects.count() == sum(made)
    assert SpendWindow.objects.get(scope=scope, purpose="").spent_usd <= 11 * COST
    assert read_sums() == add_up()


def test_careful_bounds_overrun_by_no_more_than_a_call() -> None:
    """Each call may cost three times what it does; what is under way counts whole."""
    BudgetFactory.create(
        payer="", subject="", scope=Scope.PAYER_MONTH, hard_usd=10 * COST
    )

    made = at_once([lambda: make(make_call(), 3 * COST)] * 30)

    assert sum(made) <= 11
    assert SpendWindow.objects.get(scope="payer_month", purpose="").spent_usd <= (
        10 * COST + 3 * COST
    )
    assert read_sums() == add_up()


def test_payers_that_share_a_key_do_not_lock_each_other_out() -> None:
    """Sums are made in both orders: some first by one payer and some by the other."""
    calls = [
        make_call(
            payer=str(number % 2),
            reference=f"interview {number % 4}",
            purpose="chat" if number % 3 else "score",
            key_label="key" if number % 5 else "spare key",
        )
        for number in range(40)
    ]

    made = at_once(
        [
            lambda call=call: make(call)  # type: ignore[misc]
            for call in [*calls[::2], *reversed(calls[1::2])]
        ]
    )

    assert all(made)
    assert Usage.objects.count() == 40
    assert read_sums() == add_up()
    assert read_days() == add_up_days()


def test_first_calls_of_a_payer_make_one_account_and_one_of_each_sum() -> None:
    at_once([lambda: put_aside(make_call())] * 20)

    assert SpendWindow.objects.count() == 6
    assert read_sums() == add_up()


def test_reservation_ends_once_whoever_comes_first() -> None:
    reservations = [
        reserve(make_call(), bound=COST, expires_in=timedelta(seconds=-1))
        for _ in range(8)
    ]
    ends: list[Callable[[], object]] = []
    for row in reservations:
        report = Report(Outcome.FINISHED, RAW)
        ends += [
            lambda pk=row.pk, report=report: settle(pk, report),  # type: ignore[misc]
            lambda pk=row.pk, report=report: settle(pk, report),  # type: ignore[misc]
            lambda pk=row.pk: release(pk),  # type: ignore[misc]
            expire_reservations,
        ]

    at_once(ends)

    assert not Reservation.objects.filter(state="open").exists()
    assert SpendWindow.objects.get(scope="reference", purpose="").spent_usd == 8 * COST
    assert read_sums() == add_up()


def test_quantity_told_by_many_counts_once() -> None:
    rows = at_once(
        [
            lambda: record_quantity(
                make_call(), Meter.SANDBOX, 5, idempotency_key="run:1"
            )
        ]
        * 12
    )

    assert len({row.pk for row in rows}) == Usage.objects.count() == 1


def test_line_crossed_by_many_is_one_alert_told_once() -> None:
    BudgetFactory.create(payer="", subject="", soft_usd=COST, hard_usd=None)
    at_once([lambda: make(make_call())] * 12)
    BudgetAlert.objects.update(told_at=None)

    told = at_once([tell_alerts] * 8)

    assert BudgetAlert.objects.count() == sum(told) == 1
