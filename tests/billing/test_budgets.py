"""A hard limit holds at the next call, whichever budget it comes from."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from prometheus_client import REGISTRY

from base.clock import at_time
from billing.enums import Outcome, Scope
from billing.errors import BudgetExceededError, SpendingStoppedError
from billing.models import Budget, Reservation
from billing.services.calls import Call
from billing.services.ledger import Report, record_call
from billing.services.reservations import (
    is_soft_limit_reached,
    require_budget,
    reserve,
    settle,
)
from billing.services.shipped import import_shipped_budgets
from billing.services.stops import find_stop, resume_spending, stop_spending
from tests.billing.samples import PLAIN, make_prices
from tests.billing.sums import add_up, read_sums
from tests.factories.billing import BudgetFactory, make_call

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_budgets")]

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _sums_agree(db: None, today: datetime) -> Iterator[None]:
    make_prices()
    yield
    assert read_sums() == add_up()


def limit(hard: str | None, **values: Any) -> Budget:
    """Make a default budget over each interview."""
    words = {"payer": "", "subject": "", "soft_usd": None, **values}
    return BudgetFactory.create(
        hard_usd=None if hard is None else Decimal(hard), **words
    )


def spend(amount: str, call: Call | None = None) -> None:
    """Spend an amount as a call of unknown cost does: by its bound."""
    record_call(call or make_call(), Report(Outcome.FAILED), bound=Decimal(amount))


def ask(amount: str, call: Call | None = None) -> Reservation:
    return reserve(call or make_call(), bound=Decimal(amount), expires_in=10 * MINUTE)


def is_refused(amount: str, call: Call | None = None) -> bool:
    before = Reservation.objects.count()
    try:
        ask(amount, call)
    except BudgetExceededError:
        assert Reservation.objects.count() == before
        return True
    return False


@pytest.mark.parametrize(
    ("spent", "reserved", "bound", "refused"),
    [
        ("0", "0", "10", False),
        ("4", "3", "3", False),
        ("4", "3", "3.000000000001", True),
        ("9.999999999999", "0", "5", False),
        ("10", "0", "0.000000000001", True),
        ("0", "0.01", "10", True),
        ("0", "0", "25", False),
    ],
    ids=[
        "all of it",
        "just what is left",
        "a unit more than is left",
        "more than is left, alone",
        "nothing left",
        "more than is left, not alone",
        "more than all, alone",
    ],
)
def test_call_fits_or_is_refused(
    spent: str, reserved: str, bound: str, refused: bool
) -> None:
    limit("10")
    spend(spent)
    if Decimal(reserved):
        ask(reserved)

    assert is_refused(bound) is refused


def test_refusal_says_which_limit() -> None:
    limit("2", purpose="chat")
    spend("2.5")

    with pytest.raises(BudgetExceededError) as refusal:
        ask("1")

    error = refusal.value
    assert (error.scope, error.purpose) == (Scope.REFERENCE, "chat")
    assert (error.spent, error.limit) == (Decimal("2.5"), Decimal(2))
    assert (error.code, error.status) == ("budget_exceeded", 402)


def test_limit_of_nothing_lets_nothing_through() -> None:
    limit("0")

    assert is_refused("0.01")


def test_limit_of_nothing_is_told_before_anything_was_spent() -> None:
    limit("0")

    with pytest.raises(BudgetExceededError):
        require_budget(make_call())


def test_thousand_questions_stop_within_one_call_of_the_limit() -> None:
    limit("0.001")
    made = 0

    for _ in range(1_000):
        try:
            reservation = ask("0.00009")
        except BudgetExceededError:
            break
        settle(reservation.pk, Report(Outcome.FINISHED, PLAIN))
        made += 1

    # A call takes 0.00007 dollars: fourteen take 0.00098, the next goes over.
    assert made == 15
    assert is_refused("0.00009")


def test_calls_that_never_came_back_make_room_for_one_alone(today: datetime) -> None:
    limit("10")
    ask("4")

    with at_time(today + 11 * MINUTE):
        assert not is_refused("7")
        assert is_refused("7")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("", "", 1)], 1),
        ([("", "", 1), ("", "interview", 2)], 2),
        ([("", "", 1), ("", "interview", 2), ("1", "", 3)], 3),
        ([("", "", 1), ("", "interview", 2), ("1", "", 3), ("1", "interview", 4)], 4),
        ([("", "", 1), ("2", "", 9), ("2", "interview", 9), ("", "else", 9)], 1),
    ],
    ids=["default", "default with subject", "own", "own with subject", "of others"],
)
def test_most_specific_budget_wins(
    rows: list[tuple[str, str, int]], expected: int
) -> None:
    for payer, subject, hard in rows:
        limit(str(hard), payer=payer, subject=subject)
    spend(str(expected - 1))

    first, second = is_refused("0.5"), is_refused("0.6")

    assert (first, second) == (False, True)


def test_own_budget_without_a_limit_lifts_the_default() -> None:
    limit("1")
    limit(None, payer="1")

    assert not is_refused("50")
    assert not is_refused("50")


def test_budget_not_in_force_leaves_the_default() -> None:
    limit("1")
    limit(None, payer="1", is_active=False)
    spend("1")

    assert is_refused("1")


def test_changed_limit_holds_at_the_next_call() -> None:
    budget = limit("10")
    spend("5")
    ask("1")

    Budget.objects.filter(pk=budget.pk).update(hard_usd=Decimal(6))
    lowered = is_refused("1")
    Budget.objects.filter(pk=budget.pk).update(hard_usd=Decimal(7))
    raised = is_refused("1")

    assert (lowered, raised) == (True, False)


def test_limit_of_one_purpose_leaves_the_others() -> None:
    limit("1", purpose="chat")
    spend("1")

    assert is_refused("1")
    assert not is_refused("1", make_call(purpose="score"))


def test_limit_over_all_purposes_adds_them_up() -> None:
    limit("1", scope=Scope.PAYER_MONTH)
    spend("0.6", make_call(purpose="score"))
    spend("0.4", make_call(purpose="chat", reference="another"))

    assert is_refused("0.1")
    assert not is_refused("0.1", make_call(payer="2"))


def test_month_begins_anew(today: datetime) -> None:
    limit("1", scope=Scope.PAYER_MONTH)
    spend("1")

    with at_time(today.replace(day=30, hour=23, minute=59)):
        assert is_refused("0.1")
    with at_time(today.replace(month=12, day=1, hour=0)):
        assert not is_refused("0.1")


def test_limit_of_a_key_holds_over_payers_for_the_day(today: datetime) -> None:
    limit("1", scope=Scope.KEY_DAY)
    spend("0.5", make_call(payer="1", reference="a"))
    spend("0.5", make_call(payer="2", reference="b"))

    assert is_refused("0.1", make_call(payer="3", reference="c"))
    assert not is_refused("0.1", make_call(payer="3", reference="c", key_label="else"))
    with at_time(today + timedelta(days=1)):
        assert not is_refused("0.1", make_call(payer="3", reference="c"))


def test_simulated_calls_have_limits_of_their_own() -> None:
    limit("1")
    simulated = make_call(is_simulated=True)
    spend("1", simulated)

    assert is_refused("0.1", simulated)
    assert not is_refused("0.1")


def test_soft_limit_is_reached_and_stops_nothing() -> None:
    limit("10", soft_usd=Decimal(5))
    spend("4.99")
    before = is_soft_limit_reached(make_call())

    spend("0.01")

    assert (before, is_soft_limit_reached(make_call())) == (False, True)
    assert not is_soft_limit_reached(make_call(reference="another"))
    assert not is_refused("1")


def test_budget_is_required_before_anything_is_reserved() -> None:
    limit("1")
    require_budget(make_call())
    spend("0.99")
    require_budget(make_call())
    spend("0.01")

    with pytest.raises(BudgetExceededError):
        require_budget(make_call())
    assert not Reservation.objects.exists()


def test_stop_of_a_payer_stops_that_payer_only() -> None:
    stop_spending("1", reason="invoice unpaid")

    with pytest.raises(SpendingStoppedError):
        ask("1")
    with pytest.raises(SpendingStoppedError):
        require_budget(make_call())
    ask("1", make_call(payer="2", reference="b"))

    resume_spending("1")
    ask("1")


def test_stop_of_the_installation_stops_everybody() -> None:
    stop_spending("", reason="key leaked")

    for payer in ("1", "2"):
        with pytest.raises(SpendingStoppedError):
            ask("1", make_call(payer=payer))
        with pytest.raises(SpendingStoppedError):
            require_budget(make_call(payer=payer))

    resume_spending("")
    ask("1")


def test_call_under_way_settles_after_the_stop() -> None:
    reservation = ask("1")
    stop_spending("1", reason="")

    assert settle(reservation.pk, Report(Outcome.FINISHED, PLAIN)).cost_usd


def test_stopping_again_keeps_the_first_time(today: datetime) -> None:
    stop_spending("1", reason="first")

    with at_time(today + MINUTE):
        account = stop_spending("1", reason="second")

    assert (account.stopped_at, account.stop_reason) == (today, "second")


def test_stop_that_holds_a_payer_is_found() -> None:
    stop_spending("1", reason="own")

    own, other = find_stop("1"), find_stop("2")
    stop_spending("", reason="all")
    everybodys = find_stop("2")

    assert own is not None
    assert own.stop_reason == "own"
    assert other is None
    assert everybodys is not None
    assert everybodys.stop_reason == "all"


def test_refusal_is_counted_once() -> None:
    def read() -> float:
        name, labels = "interviewlm_budget_refusals_total", {"scope": "reference"}
        return REGISTRY.get_sample_value(name, labels) or 0.0

    limit("1")
    spend("1")
    before = read()

    assert is_refused("1")

    assert read() == before + 1


def test_shipped_budgets_are_added_once_and_leave_changes_alone() -> None:
    added = import_shipped_budgets()
    Budget.objects.filter(scope="key_day").update(hard_usd=Decimal(1))

    assert added == Budget.objects.count() > 0
    assert import_shipped_budgets() == 0
    assert Budget.objects.get(scope="key_day").hard_usd == 1
