"""Each line of a budget that is crossed is told once for each value of the limit."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing.enums import Meter, Outcome
from billing.models import Budget, BudgetAlert
from billing.services import alerts
from billing.services.ledger import Report, record_call, record_quantity
from tests.factories.billing import BudgetFactory, make_call

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("no_budgets", "today"),
]

Told = list[tuple[str, Decimal | int]]


@pytest.fixture
def told() -> Iterator[Told]:
    """Collect what the handlers are told, and nobody else."""
    heard: Told = []
    others, alerts._handlers[:] = list(alerts._handlers), []
    alerts.register_alert_handler(
        lambda alert: heard.append((alert.level, alert.limit_usd))
    )
    yield heard
    alerts._handlers[:] = others


@pytest.fixture
def budget(no_budgets: None) -> Budget:
    return BudgetFactory.create(
        payer="", subject="", soft_usd=Decimal(6), hard_usd=Decimal(10)
    )


def spend(amount: str) -> None:
    record_call(make_call(), Report(Outcome.FAILED), bound=Decimal(amount))


def written() -> list[tuple[str, Decimal | int, Decimal | int]]:
    rows = BudgetAlert.objects.order_by("pk")
    return [(row.level, row.limit_usd, row.spent_usd) for row in rows]


def test_each_line_is_written_when_it_is_crossed(budget: Budget) -> None:
    spend("4.99")
    assert written() == []

    spend("0.01")
    spend("2")
    spend("4")
    spend("1")

    assert written() == [
        ("50", 10, 5),
        ("soft", 6, 7),
        ("80", 10, 11),
        ("100", 10, 11),
    ]


def test_changed_limit_is_told_again(budget: Budget) -> None:
    spend("5")
    Budget.objects.filter(pk=budget.pk).update(hard_usd=Decimal(8), soft_usd=None)
    spend("0.5")
    spend("0.5")

    assert written() == [("50", 10, 5), ("50", 8, Decimal("5.5"))]


def test_limit_of_nothing_is_not_crossed_by_nothing() -> None:
    BudgetFactory.create(payer="", subject="", soft_usd=None, hard_usd=Decimal(0))

    record_quantity(make_call(), Meter.SANDBOX, 5, idempotency_key="run:1")

    assert written() == []


def test_handlers_are_told_on_commit_and_not_again_by_the_sweep(
    budget: Budget,
    told: Told,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        spend("7")
        assert told == []

    assert sorted(told) == [("50", 10), ("soft", 6)]
    assert alerts.tell_alerts() == 0
    assert len(told) == 2


def test_sweep_tells_what_the_commit_did_not_and_the_late_commit_nothing(
    budget: Budget,
    told: Told,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        spend("5")

    assert alerts.tell_alerts() == 1
    for callback in callbacks:
        callback()

    assert told == [("50", 10)]


def test_handler_that_fails_is_tried_again_and_holds_no_other_alert_up(
    budget: Budget, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    is_broken = True

    def fail_at_half(alert: BudgetAlert) -> None:
        if is_broken and alert.level == "50":
            raise OSError("no mail today")

    alerts._handlers.insert(0, fail_at_half)
    spend("5")
    spend("1")

    assert alerts.tell_alerts() == 1
    assert told == [("soft", 6)]
    assert "could not be told" in caplog.text

    is_broken = False
    assert alerts.tell_alerts() == 1
    assert told == [("soft", 6), ("50", 10)]


def test_alert_says_what_was_spent_and_when(budget: Budget, today: datetime) -> None:
    spend("5")

    alert = BudgetAlert.objects.select_related("window").get()
    assert (alert.at, alert.told_at) == (today, None)
    assert (alert.window.subject, alert.window.purpose) == ("interview", "")
