"""Audit rows: who did what to which object."""

from collections.abc import Mapping

from django.db.models import Model

from accounts.access import Person
from accounts.models import AuditEntry, Organisation, User


def record_audit(
    actor: Person | None,
    organisation: Organisation,
    action: str,
    target: Model,
    details: Mapping[str, object] | None = None,
) -> AuditEntry:
    """Write down what was done, in the caller's transaction.

    `action` is dotted (`member.removed`); `details` holds facts and ids, never
    what a candidate wrote. Without an `actor` the system or the operator's shell
    did it.
    """
    return AuditEntry.objects.create(
        organisation=organisation,
        actor=actor if isinstance(actor, User) else None,
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        details=dict(details or {}),
    )
