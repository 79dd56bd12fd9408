"""The kill switch: no call is made for a payer, or for anybody, until it is undone."""

from django.db import transaction

from base.clock import now
from billing.models import Account
from billing.services.windows import lock_account


@transaction.atomic
def stop_spending(payer: str, *, reason: str) -> Account:
    """Refuse every further call of a payer; an empty payer stops everybody.

    Calls that are under way end by themselves. Stopping again keeps the first time.
    """
    account = lock_account(payer)
    account.stopped_at = account.stopped_at or now()
    account.stop_reason = reason
    account.save(update_fields=["stopped_at", "stop_reason"])
    return account


@transaction.atomic
def resume_spending(payer: str) -> Account:
    """Allow calls again."""
    account = lock_account(payer)
    account.stopped_at, account.stop_reason = None, ""
    account.save(update_fields=["stopped_at", "stop_reason"])
    return account


def find_stop(payer: str) -> Account | None:
    """Return the account whose stop holds a payer: everybody's, or its own."""
    stopped = Account.objects.filter(payer__in={"", payer}, stopped_at__isnull=False)
    return stopped.order_by("payer").first()
