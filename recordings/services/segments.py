"""Opening and closing segments: one run of one recorder."""

from django.db import transaction

from base.clock import now
from interviews.enums import Origin
from interviews.models import Interview
from interviews.services.candidates import is_screen_recorded
from interviews.timeline.log import append_event
from recordings.enums import Track
from recordings.errors import (
    NotRecordedError,
    RecordingFullError,
    SegmentConflictError,
)
from recordings.events import SegmentClosed, SegmentOpened
from recordings.models import Recording, Segment
from recordings.schemas import Manifest, SegmentOpening
from recordings.services.intake import (
    lock_recording,
    note_arrival,
    require_intake,
    require_plausible_start,
)

# A page that reloads all the time makes one each time.
MOST_SEGMENTS = 1000


@transaction.atomic
def open_segment(interview: Interview, opening: SegmentOpening) -> tuple[Segment, bool]:
    """Note that a recorder began; the same again gives the same segment, False.

    Raises what `require_intake` raises, NotRecordedError for a screen that the
    assessment does not ask for, and SegmentConflictError when the id stands for
    something else.
    """
    require_intake(interview)
    if opening.track == Track.SCREEN and not is_screen_recorded(interview):
        raise NotRecordedError
    recording = lock_recording(interview, opening.track)
    known = Segment.objects.filter(pk=opening.segment).first()
    if known is not None:
        return _same(known, recording, opening), False
    require_plausible_start(interview, opening.started_ms)
    if recording.segments.count() >= MOST_SEGMENTS:
        raise RecordingFullError
    segment = Segment.objects.create(
        pk=opening.segment,
        recording=recording,
        mime_type=opening.mime_type,
        started_ms=opening.started_ms,
        width=opening.video.width if opening.video else None,
        height=opening.video.height if opening.video else None,
    )
    append_event(
        interview,
        SegmentOpened(
            segment=str(segment.pk),
            track=recording.track,
            mime_type=segment.mime_type,
            started_ms=segment.started_ms,
        ),
        origin=Origin.CANDIDATE,
    )
    return segment, True


def _same(known: Segment, recording: Recording, opening: SegmentOpening) -> Segment:
    is_same = (
        known.recording_id == recording.pk
        and known.mime_type == opening.mime_type
        and known.started_ms == opening.started_ms
    )
    if not is_same:
        raise SegmentConflictError
    return known


@transaction.atomic
def close_segment(interview: Interview, segment: Segment, manifest: Manifest) -> bool:
    """Note what the recorder gave in all; a repeat changes nothing and gives False.

    Raises what `require_intake` raises.
    """
    require_intake(interview)
    recording = lock_recording(interview, segment.recording.track)
    said = manifest.model_dump(mode="json")
    is_first = Segment.objects.filter(pk=segment.pk, closed_at=None).update(
        manifest=said, closed_at=now()
    )
    if not is_first:
        return False
    append_event(
        interview,
        SegmentClosed(
            segment=str(segment.pk),
            last_index=manifest.last_index,
            duration_ms=manifest.duration_ms,
        ),
        origin=Origin.CANDIDATE,
    )
    note_arrival(recording)
    return True
