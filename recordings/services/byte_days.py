"""What stored media take: the bytes of each organisation, once a day."""

import logging
from datetime import date

from base.clock import now
from billing.enums import Meter
from billing.models import Usage
from billing.services.calls import Call
from billing.services.ledger import record_quantity
from recordings.selectors import Holder, list_holders, sum_stored_bytes

logger = logging.getLogger(__name__)

STORAGE = "storage"
_PROVIDER = "media"


def meter_storage() -> int:
    """Write today's byte-days of every organisation; return how many rows are new.

    Each has one row for a day in UTC, however often this runs: the bytes on record
    when it first finds any that day, taken for the whole of it. What arrives later
    counts from the next day on. A day on which this never ran has no row: what was
    stored then is not known any more, and is not made up.
    """
    today = now().date()
    keys = {holder: _key(holder, today) for holder in list_holders()}
    known = set(
        Usage.objects.filter(idempotency_key__in=keys.values()).values_list(
            "idempotency_key", flat=True
        )
    )
    missing = {holder: key for holder, key in keys.items() if key not in known}
    return sum(_record(holder, key) for holder, key in missing.items())


def _key(holder: Holder, day: date) -> str:
    """Media of the sample are a line of their own: nobody's real figure holds them."""
    sample = ":sample" if holder.is_sample else ""
    return f"storage:{holder.organisation_id}:{day}{sample}"


def _record(holder: Holder, key: str) -> bool:
    """Write a holder's row; one that cannot be written does not keep the others."""
    call = Call(
        payer=str(holder.organisation_id),
        reference="",
        provider=_PROVIDER,
        model="",
        purpose=STORAGE,
        is_simulated=holder.is_sample,
    )
    try:
        stored = sum_stored_bytes(holder)
        if stored:
            record_quantity(call, Meter.STORAGE, stored, idempotency_key=key)
    except Exception:
        logger.exception("Storage of organisation %s not metered", call.payer)
        return False
    return stored > 0
