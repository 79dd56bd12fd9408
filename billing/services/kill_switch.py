"""Stopping and resuming spending, with a line in the audit of everybody concerned."""

from collections.abc import Iterable

from django.db import transaction

from accounts.access import Person
from accounts.models import Organisation
from accounts.services.audit import record_audit
from base.text import shorten
from billing.models import Account
from billing.services.stops import resume_spending, stop_spending
from billing.services.windows import INSTALLATION

_REASON_CHARS = 200


@transaction.atomic
def switch_off(payer: str, *, reason: str, actor: Person | None) -> Account:
    """Stop a payer's spending; an empty payer stops everybody's, and says so to each."""
    account = stop_spending(payer, reason=shorten(reason.strip(), _REASON_CHARS))
    details = {"everybody": not payer, "reason": account.stop_reason}
    for organisation in _concerned(payer):
        record_audit(actor, organisation, "spending.stopped", account, details)
    return account


@transaction.atomic
def switch_on(payer: str, *, actor: Person | None) -> bool:
    """Allow a payer's calls again; False when nothing was stopped here."""
    if not Account.objects.filter(payer=payer, stopped_at__isnull=False).exists():
        return False
    account = resume_spending(payer)
    details = {"everybody": not payer}
    for organisation in _concerned(payer):
        record_audit(actor, organisation, "spending.resumed", account, details)
    return True


def _concerned(payer: str) -> Iterable[Organisation]:
    if payer == INSTALLATION:
        return Organisation.objects.all()
    return Organisation.objects.filter(pk=payer) if payer.isdecimal() else ()
