"""What the candidate's browser says about its recording, on the timeline."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from base.clock import now
from interviews.enums import Origin
from interviews.models import Event, Interview
from interviews.services.clock import lock_interview
from interviews.timeline.log import NewEvent, append_events
from recordings.capture_notes import CaptureNote
from recordings.errors import RecordingFullError
from recordings.events import CaptureNoted
from recordings.services.intake import require_intake

MOST_NOTES = 2000


@transaction.atomic
def store_notes(interview: Interview, notes: Sequence[CaptureNote]) -> int:
    """Append what is not there yet and return how many that were; repeatable.

    Raises what `require_intake` raises, and RecordingFullError past 2,000 of them.
    """
    # A page's repeats wait for each other here; the timeline's cursor is locked last.
    interview = lock_interview(interview.pk)
    require_intake(interview)
    by_id = {f"capture:{note.id}": note for note in notes}
    earlier = Event.objects.filter(interview=interview)
    known = set(earlier.filter(client_id__in=by_id).values_list("client_id", flat=True))
    fresh = {key: note for key, note in by_id.items() if key not in known}
    if not fresh:
        return 0
    count = earlier.filter(kind=CaptureNoted.kind).count()
    if count + len(fresh) > MOST_NOTES:
        raise RecordingFullError
    append_events(
        interview,
        [
            NewEvent(
                Origin.CANDIDATE,
                CaptureNoted(code=note.code, track=note.track, detail=note.detail),
                client_id=key,
                at=_moment(interview, note.t_ms),
            )
            for key, note in fresh.items()
        ],
    )
    return len(fresh)


def _moment(interview: Interview, t_ms: int) -> datetime:
    """Return when it was, as the page says, within the interview and not ahead."""
    at = now()
    if interview.started_at is None:
        return at
    said = interview.started_at + timedelta(milliseconds=t_ms)
    return min(max(said, interview.started_at), at)
