"""What was recorded of an interview, for the ledger: the time that is stored, no gap."""

from django.db.models import Sum

from billing.enums import Meter
from billing.models import Usage
from billing.services.ledger import record_quantity
from interviews.services.metering import describe_use
from recordings.models import Recording

RECORDING = "recording"
_PROVIDER = "media"


def record_recorded_time(recording: Recording) -> None:
    """Write the milliseconds that were stored since the last time; nothing for none.

    What was captured and never came is not in them. Late chunks add a row when the
    recording is assembled again. Called with the recording locked, and last in its
    transaction: it locks the payer's account.
    """
    begin = f"recording:{recording.pk}:"
    rows = Usage.objects.filter(idempotency_key__startswith=begin)
    before = rows.aggregate(total=Sum("quantity"))["total"] or 0
    if recording.stored_ms <= before:
        return
    record_quantity(
        describe_use(
            recording.interview,
            provider=_PROVIDER,
            purpose=RECORDING,
            labels={"track": recording.track},
        ),
        Meter.RECORDING,
        recording.stored_ms - before,
        idempotency_key=f"{begin}{recording.stored_ms}",
    )
