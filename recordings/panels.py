"""What recordings add to the candidate's pages: where to send, and the receipt."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from interviews.models import Interview
from interviews.room_panels import Panel, ReceiptLine, RecordEntry, RecordPart
from interviews.services.candidates import is_media_recorded
from recordings.selectors import RecordingReceipt, read_receipt


def build_panel(interview: Interview) -> Panel:
    """Return where the page sends its recording; nowhere if nothing is recorded."""
    if not is_media_recorded(interview):
        return {"required": False, "base_url": ""}
    address = reverse("recordings:segment-open", args=[interview.pk])
    return {"required": True, "base_url": address.removesuffix("/segments")}


def build_receipt(interview: Interview) -> Sequence[ReceiptLine]:
    """Return what was captured, what of it is stored, and what is missing."""
    if not is_media_recorded(interview):
        return []
    receipt = read_receipt(interview)
    lines = [ReceiptLine(_("Recording"), _summary(receipt))]
    if receipt.gaps:
        lines.append(ReceiptLine(_("Gaps in the recording"), _gaps(receipt)))
    return lines


def build_record(interview: Interview) -> RecordPart:
    """Return what is kept of the candidate's recording, without the recording."""
    receipt = read_receipt(interview)
    entries = [RecordEntry(line.label, line.value) for line in build_receipt(interview)]
    return RecordPart(
        title=_("Recording"),
        entries=entries,
        data={
            "captured_ms": receipt.captured_ms,
            "stored_ms": receipt.stored_ms,
            "gaps": [
                {
                    "start_ms": gap.start_ms,
                    "end_ms": gap.end_ms,
                    "reason": gap.reason,
                }
                for gap in receipt.gaps
            ],
        },
    )


def _summary(receipt: RecordingReceipt) -> str:
    if not receipt.captured_ms:
        return _("Nothing was recorded.")
    if not receipt.is_incomplete:
        return _("%(time)s, all of it stored") % {"time": format_ms(receipt.stored_ms)}
    return _("%(stored)s of %(captured)s stored") % {
        "stored": format_ms(receipt.stored_ms),
        "captured": format_ms(receipt.captured_ms),
    }


def _gaps(receipt: RecordingReceipt) -> str:
    count = len(receipt.gaps)
    text = ngettext(
        "%(count)d gap, %(time)s in all", "%(count)d gaps, %(time)s in all", count
    )
    missing = sum(gap.duration_ms for gap in receipt.gaps)
    return text % {"count": count, "time": format_ms(missing)}


def format_ms(milliseconds: int) -> str:
    """Return minutes and seconds, with hours where there are any."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"
