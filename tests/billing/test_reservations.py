"""What is put aside before a call becomes what the call took, once."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from base.clock import at_time
from billing.enums import Outcome, ReservationState
from billing.models import Reservation, SpendWindow, Usage
from billing.services.calls import Call
from billing.services.ledger import Report, correct_cost
from billing.services.reservations import (
    expire_reservations,
    record_attempt,
    release,
    reserve,
    settle,
)
from tests.billing.samples import PLAIN, make_prices
from tests.billing.sums import add_up, read_sums
from tests.factories.billing import make_call

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_budgets")]

MINUTE = timedelta(minutes=1)
ZERO = Decimal(0)
COST = Decimal("0.00007")
DONE = Report(Outcome.FINISHED, PLAIN, request_id="req_1")


@pytest.fixture(autouse=True)
def _sums_agree(db: None, today: datetime) -> Iterator[None]:
    make_prices()
    yield
    assert read_sums() == add_up()


def put_aside(amount: str = "0.5", call: Call | None = None) -> Reservation:
    call = call or make_call()
    return reserve(call, bound=Decimal(amount), expires_in=10 * MINUTE)


def sums() -> tuple[Decimal, Decimal]:
    """Return what the payer has spent and reserved this month."""
    window = SpendWindow.objects.get(scope="payer_month", purpose="")
    return window.spent_usd, window.reserved_usd


def test_reserved_money_counts_in_every_sum_of_the_call() -> None:
    put_aside()

    assert {
        (window.scope, window.purpose, window.reserved_usd)
        for window in SpendWindow.objects.all()
    } == {
        (scope, purpose, Decimal("0.5"))
        for scope in ("payer_month", "reference", "key_day")
        for purpose in ("", "chat")
    }


def test_settling_replaces_the_bound_by_the_cost() -> None:
    call = make_call(group="assessment", labels={"turn": "7"})
    reservation = put_aside(call=call)

    usage = settle(reservation.pk, DONE)

    assert sums() == (COST, ZERO)
    assert (usage.cost_usd, usage.request_id) == (COST, "req_1")
    assert (usage.group, usage.labels) == ("assessment", {"turn": "7"})
    reservation.refresh_from_db()
    assert (reservation.state, reservation.usage) == (ReservationState.SETTLED, usage)


def test_settling_twice_writes_one_row() -> None:
    reservation = put_aside()

    first = settle(reservation.pk, DONE)
    second = settle(reservation.pk, Report(Outcome.FAILED))

    assert first == second
    assert Usage.objects.count() == 1


def test_settling_an_unknown_cost_counts_the_bound() -> None:
    settle(put_aside().pk, Report(Outcome.TIMED_OUT, error_code="timeout_error"))

    assert sums() == (Decimal("0.5"), ZERO)


def test_settling_what_was_never_billed_costs_nothing() -> None:
    settle(put_aside().pk, Report(Outcome.FAILED, is_unbilled=True))

    assert sums() == (ZERO, ZERO)


def test_call_counts_on_the_day_it_was_made(today: datetime) -> None:
    with at_time(today.replace(hour=23, minute=59)):
        reservation = put_aside()

    with at_time(today + timedelta(days=1)):
        usage = settle(reservation.pk, DONE)

    assert usage.day == today.date()
    days = SpendWindow.objects.filter(scope="key_day", purpose="")
    assert [(row.starts_on, row.spent_usd) for row in days] == [(today.date(), COST)]


def test_released_money_is_free_again() -> None:
    reservation = put_aside()

    release(reservation.pk)
    release(reservation.pk)

    assert sums() == (ZERO, ZERO)
    assert not Usage.objects.exists()


def test_call_that_was_sent_after_all_is_settled_once_released() -> None:
    reservation = put_aside()
    release(reservation.pk)

    settle(reservation.pk, DONE)

    assert sums() == (COST, ZERO)


def test_release_after_settling_changes_nothing() -> None:
    reservation = put_aside()
    settle(reservation.pk, DONE)

    release(reservation.pk)

    assert sums() == (COST, ZERO)


def test_expired_reservation_is_a_lost_call_of_unknown_cost(today: datetime) -> None:
    reservation = put_aside()

    with at_time(today + 10 * MINUTE):
        expired = expire_reservations(), expire_reservations()

    assert expired == (1, 0)
    assert sums() == (Decimal("0.5"), ZERO)
    usage = Usage.objects.get()
    assert (usage.outcome, usage.cost_usd, usage.at) == ("lost", None, reservation.at)


def test_reservation_in_time_does_not_expire(today: datetime) -> None:
    put_aside()

    with at_time(today + 9 * MINUTE):
        assert expire_reservations() == 0

    assert sums() == (ZERO, Decimal("0.5"))


def test_only_the_payers_reservations_expire_when_asked_so(today: datetime) -> None:
    put_aside()
    put_aside(call=make_call(payer="2", reference="other"))

    with at_time(today + 10 * MINUTE):
        assert expire_reservations(payer="2") == 1

    open_ones = Reservation.objects.filter(state="open")
    assert [row.account.payer for row in open_ones] == ["1"]


def expired(today: datetime) -> Reservation:
    reservation = put_aside()
    with at_time(today + 10 * MINUTE):
        expire_reservations()
    return Reservation.objects.get(pk=reservation.pk)


def test_late_settling_takes_the_place_of_the_lost_call(today: datetime) -> None:
    reservation = expired(today)

    usage = settle(reservation.pk, DONE)
    again = settle(reservation.pk, DONE)

    assert usage == again
    assert usage.corrects == reservation.usage
    assert usage.cost_usd == COST
    assert sums() == (COST, ZERO)


def test_late_settling_without_figures_keeps_the_bound(today: datetime) -> None:
    settle(expired(today).pk, Report(Outcome.FAILED))

    assert sums() == (Decimal("0.5"), ZERO)


def test_late_settling_after_a_correction_does_not_count_twice(today: datetime) -> None:
    reservation = expired(today)
    assert reservation.usage
    correct_cost(reservation.usage, Decimal("0.2"), note="from the invoice")

    usage = settle(reservation.pk, DONE)

    assert usage.cost_usd == COST - Decimal("0.2")
    assert sums() == (COST, ZERO)


def test_late_failure_after_a_correction_leaves_it(today: datetime) -> None:
    reservation = expired(today)
    assert reservation.usage
    correct_cost(reservation.usage, Decimal("0.2"), note="from the invoice")

    settle(reservation.pk, Report(Outcome.FAILED))

    assert sums() == (Decimal("0.2"), ZERO)


def test_late_release_takes_the_lost_call_back(today: datetime) -> None:
    reservation = expired(today)

    release(reservation.pk)
    release(reservation.pk)

    assert sums() == (ZERO, ZERO)
    assert Usage.objects.count() == 2


def test_failed_attempt_is_a_row_while_the_money_stays_reserved() -> None:
    reservation = put_aside()

    attempt = record_attempt(
        reservation.pk, Report(Outcome.FAILED, error_code="overloaded_error")
    )
    refused = record_attempt(
        reservation.pk, Report(Outcome.FAILED, is_unbilled=True, request_id="req_0")
    )
    between = sums()
    settle(reservation.pk, DONE)

    assert (attempt.cost_usd, attempt.bound_usd) == (None, Decimal("0.5"))
    assert (refused.cost_usd, refused.bound_usd) == (0, 0)
    assert between == (Decimal("0.5"), Decimal("0.5"))
    assert sums() == (Decimal("0.5") + COST, ZERO)
    assert Usage.objects.filter(corrects=None).count() == 3


def test_bound_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        put_aside("-0.01")

    assert not Reservation.objects.exists()


def test_bound_finer_than_the_column_is_rounded_alike_everywhere() -> None:
    reservation = put_aside("0.0000000000015")

    assert reservation.amount_usd == Decimal("2E-12")
    assert sums() == (ZERO, Decimal("2E-12"))


def test_call_without_reference_and_key_counts_for_its_payer() -> None:
    settle(put_aside(call=make_call(reference="", key_label="")).pk, DONE)

    assert {window.scope for window in SpendWindow.objects.all()} == {"payer_month"}
