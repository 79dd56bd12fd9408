"""Telling that a line of a budget was crossed: the row decides, a handler tells."""

import logging
from collections.abc import Callable, Sequence

from django.db import transaction

from base.clock import now
from billing.models import BudgetAlert

logger = logging.getLogger(__name__)

Handler = Callable[[BudgetAlert], None]
_handlers: list[Handler] = []


def register_alert_handler(handler: Handler) -> None:
    """Add what an upper app does with an alert; called once per alert, in a transaction."""
    _handlers.append(handler)


def tell_on_commit(alerts: Sequence[int]) -> None:
    """Tell of new alerts once they are committed; the sweep tells what was missed."""
    if alerts:
        transaction.on_commit(lambda: tell_alerts(alerts), robust=True)


def tell_alerts(alerts: Sequence[int] | None = None) -> int:
    """Call the handlers for alerts that nobody was told of; return how many."""
    waiting = BudgetAlert.objects.filter(told_at=None)
    if alerts is not None:
        waiting = waiting.filter(pk__in=alerts)
    return sum(_try(pk) for pk in waiting.order_by("pk").values_list("pk", flat=True))


def _try(pk: int) -> bool:
    try:
        return _tell(pk)
    except Exception:
        # One that cannot be told must not hold the others up; the sweep tries again.
        logger.exception("Budget alert %s could not be told", pk)
        return False


def _tell(pk: int) -> bool:
    with transaction.atomic():
        claimed = BudgetAlert.objects.filter(pk=pk, told_at=None).update(told_at=now())
        if not claimed:
            return False
        alert = BudgetAlert.objects.select_related("window").get(pk=pk)
        for handler in _handlers:
            handler(alert)
    return True
