"""When an interview takes recordings, and what a late one sets in motion again."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from base.clock import now
from base.statements import Part, read_joined
from interviews.enums import ENDED_STATES, InterviewState
from interviews.models import Interview
from interviews.pipeline import ENDED, reset_step, wake_pipeline
from interviews.services.candidates import is_media_recorded
from interviews.timeline.log import elapsed_ms
from recordings.enums import RecordingState
from recordings.errors import (
    InvalidUploadError,
    NotRecordedError,
    RecordingClosedError,
)
from recordings.models import Recording

STEP = "assemble"
TAKEN_AFTER_END = timedelta(hours=72)
# The page reads the server's clock through a network.
CLOCK_TOLERANCE_MS = 60_000
_PARTS = (
    Part(Recording, "r", ("interview", "track", "state")),
    Part(Interview, "i", ("organisation", "state", "started_at", "ended_at")),
)
_TRACKS = """
FROM recordings_recording r JOIN interviews_interview i ON i.id = r.interview_id
WHERE r.interview_id = %s ORDER BY r.id"""


def require_intake(interview: Interview) -> None:
    """Raise unless recordings of the interview are taken now.

    They are while it is active, and for three days after its end: a browser that
    was offline sends what it kept.
    """
    require_recorded(interview)
    if interview.state == InterviewState.ACTIVE:
        return
    ended_at = interview.ended_at
    if interview.state not in ENDED_STATES or ended_at is None:
        raise RecordingClosedError(_("The interview has not begun."))
    if ended_at + TAKEN_AFTER_END <= now():
        raise RecordingClosedError(
            _("The interview ended too long ago to add to its recording.")
        )


def require_recorded(interview: Interview) -> None:
    """Raise unless camera and microphone of the interview are recorded at all."""
    if not is_media_recorded(interview):
        raise NotRecordedError


def require_plausible_start(interview: Interview, started_ms: int) -> None:
    """Raise when a recorder claims to have begun after the end, or in the future."""
    last: datetime = interview.ended_at or now()
    latest = elapsed_ms(interview, last)
    if latest is None or started_ms > latest + CLOCK_TOLERANCE_MS:
        raise InvalidUploadError(
            _("This recording claims to have begun after the interview.")
        )


def lock_recording(interview: Interview, track: str) -> Recording:
    """Return the track's row, made if need be, locked until the transaction ends.

    The other track's is locked with it, always in the same order: an interview's room
    is one for both.
    """
    found = _lock_tracks(interview).get(track)
    if found is None:
        Recording.objects.get_or_create(interview=interview, track=track)
        found = _lock_tracks(interview)[track]
    return found


def _lock_tracks(interview: Interview) -> dict[str, Recording]:
    locked = {}
    # With the interview as it is now: it may have ended while the bytes came.
    keys = [(Recording, "interview", interview.pk)]
    for recording, as_it_is in read_joined(_PARTS, _TRACKS, keys, locked="r"):
        recording.interview = as_it_is
        locked[recording.track] = recording
    return locked


def note_arrival(recording: Recording) -> None:
    """Have a recording that was assembled before assembled again.

    Called in the transaction that stored something, with the recording locked. The
    assembly looks for newcomers under the same lock when it ends its step, so that
    each is seen by one of the two.
    """
    if recording.state != RecordingState.RECORDING:
        recording.state = RecordingState.RECORDING
        recording.save(update_fields=["state"])
    interview = recording.interview
    if interview.state not in ENDED_STATES:
        return
    step = interview.pipeline_steps.filter(name=STEP, state__in=ENDED).first()
    if step is not None:
        reset_step(step)
        wake_pipeline(interview)
