"""What recordings add to the candidate's pages: where to send, and the receipt."""

from collections.abc import Sequence

from django.contrib.humanize.templatetags.humanize import apnumber
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import JsonValue

from interviews.models import Interview
from interviews.room_panels import Panel, ReceiptLine, RecordEntry, RecordPart
from interviews.services.candidates import is_media_recorded
from recordings.enums import RecordingState
from recordings.selectors import Gap, TrackReceipt, read_receipt
from recordings.services.recovery import recovery_url

# A receipt is read, not searched: the record has them all.
NAMED_GAPS = 8


def build_panel(interview: Interview) -> Panel:
    """Return where the page sends its recording; nowhere if nothing is recorded.

    `recover_url` leads to the page that sends the rest, while a browser may hold one.
    """
    if not is_media_recorded(interview):
        return {"required": False, "base_url": "", "recover_url": ""}
    address = reverse("recordings:segment-open", args=[interview.pk])
    return {
        "required": True,
        "base_url": address.removesuffix("/segments"),
        "recover_url": recovery_url(interview),
    }


def build_receipt(interview: Interview) -> Sequence[ReceiptLine]:
    """Return what was captured, what of it is stored, and what is missing."""
    if not is_media_recorded(interview):
        return []
    receipt = read_receipt(interview)
    if not receipt.captured_ms:
        return [ReceiptLine(_("Recording"), _("Nothing was recorded."))]
    are_several = len(receipt.tracks) > 1
    lines = []
    for track in receipt.tracks:
        words = {"track": track.label}
        label = _("Recording: %(track)s") % words if are_several else _("Recording")
        lines.append(ReceiptLine(label, describe_track(track)))
        if track.hashes:
            label = _("SHA-256: %(track)s") % words if are_several else "SHA-256"
            lines.append(ReceiptLine(label, _hashes(track)))
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
            "gaps": _list_gaps(receipt.gaps),
            "tracks": [
                {
                    "track": track.track,
                    "captured_ms": track.captured_ms,
                    "stored_ms": track.stored_ms,
                    "gaps": _list_gaps(track.gaps),
                    "sha256": list(track.hashes),
                }
                for track in receipt.tracks
            ],
        },
    )


def _list_gaps(gaps: Sequence[Gap]) -> list[JsonValue]:
    return [
        {"start_ms": gap.start_ms, "end_ms": gap.end_ms, "reason": gap.reason}
        for gap in gaps
    ]


def describe_missing(interview: Interview) -> list[str]:
    """Return for whoever judges which stretches were not recorded, in English."""
    return [
        f"The {track.track} recording lacks "
        + ", ".join(_span(gap) for gap in track.gaps)
        + " of the interview. What is missing there says nothing about the candidate."
        for track in read_receipt(interview).tracks
        if track.gaps
    ]


def describe_track(track: TrackReceipt) -> str:
    """Return what is stored, and when it was deleted if it was."""
    text = _describe_stored(track)
    if track.state != RecordingState.DELETED or track.deleted_at is None:
        return text
    day = date_format(localtime(track.deleted_at), "DATE_FORMAT")
    values = {"stored": text, "day": day}
    return _("%(stored)s; deleted on %(day)s, when it had been kept as agreed") % values


def _describe_stored(track: TrackReceipt) -> str:
    """Return “58:12 of 58:20 stored, two gaps (12:40–12:44, 31:02–31:06)”."""
    values = {
        "stored": format_ms(track.stored_ms),
        "captured": format_ms(track.captured_ms),
    }
    if not track.gaps and not track.is_incomplete:
        return _("%(stored)s, all of it stored") % values
    text = _("%(stored)s of %(captured)s stored") % values
    return f"{text}, {describe_gaps(track.gaps)}" if track.gaps else text


def describe_gaps(gaps: Sequence[Gap]) -> str:
    """Return how many gaps there are and where the first of them lie."""
    named = ", ".join(_span(gap) for gap in gaps[:NAMED_GAPS])
    more = len(gaps) - NAMED_GAPS
    if more > 0:
        named = _("%(named)s and %(more)d more") % {"named": named, "more": more}
    text = ngettext(
        "%(count)s gap (%(where)s)", "%(count)s gaps (%(where)s)", len(gaps)
    )
    return text % {"count": apnumber(len(gaps)), "where": named}


def _span(gap: Gap) -> str:
    """Whole seconds that hold the gap: half a second is not “0:07–0:07”."""
    end = -(-gap.end_ms // 1000) * 1000
    return f"{format_ms(gap.start_ms)}–{format_ms(end)}"


def _hashes(track: TrackReceipt) -> str:
    if len(track.hashes) == 1:
        return track.hashes[0]
    return ", ".join(
        _("part %(number)d: %(hash)s") % {"number": number, "hash": one}
        for number, one in enumerate(track.hashes, 1)
    )


def format_ms(milliseconds: int) -> str:
    """Return minutes and seconds, with hours where there are any."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds:02}"
    return f"{minutes}:{seconds:02}"
