"""Putting a chunk on record whose bytes lie in their place, whichever way they came."""

from dataclasses import dataclass

from django.db import connection, transaction

from base.clock import now
from base.statements import delete_rows, insert_absent, insert_row
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import append_event
from recordings.enums import ChunkState
from recordings.errors import ChunkConflictError, FormatUnsupportedError
from recordings.events import ChunkStored
from recordings.media.errors import HeaderInvalidError
from recordings.media.headers import read_header
from recordings.media.tracks import StreamHeader
from recordings.models import Chunk, Recording, Segment, UploadTicket
from recordings.schemas import ChunkFacts
from recordings.services.intake import lock_recording, note_arrival
from recordings.services.quota import require_room

# A header is a few hundred bytes; this much of chunk 0 is looked at for it.
FRONT = 256 * 1024
# What it tells besides: whether the interview ended while the bytes came.
_COUNT = """
UPDATE recordings_recording SET stored_ms = stored_ms + %s WHERE id = %s
RETURNING state, (SELECT i.state FROM interviews_interview i WHERE i.id = %s)"""


@dataclass(frozen=True)
class Arrived:
    """A chunk that lies in its place: where, how large, and what begins with it."""

    key: str
    size: int
    header: StreamHeader | None = None


def is_stored(known: Chunk | None, sha256: str) -> bool:
    """Say whether this very chunk is there; a damaged one may be sent again.

    Raises ChunkConflictError where other bytes have its number.
    """
    if known is None:
        return False
    if known.sha256 != sha256:
        raise ChunkConflictError
    return known.state != ChunkState.DAMAGED


def find_header(index: int, front: bytes) -> StreamHeader | None:
    """Return the header at the front of chunk 0, None where it is not whole there.

    Raises FormatUnsupportedError for what is no recording.
    """
    if index != 0:
        return None
    try:
        return read_header(front)
    except HeaderInvalidError as error:
        raise FormatUnsupportedError from error


def note_chunk(
    interview: Interview, segment: Segment, facts: ChunkFacts, arrived: Arrived
) -> bool:
    """Write the row, the event and what follows; False where it was written before.

    Of two requests with the same number one comes first: the recording is locked.
    The chunk's ticket ends, and its room is the chunk's; without one there must be
    room. Raises ChunkConflictError and RecordingFullError.
    """
    try:
        _note_announced(interview, segment, facts, arrived)
    except _NotAnnouncedError:
        return _note_other(interview, segment, facts, arrived)
    return True


class _NotAnnouncedError(Exception):
    """There is no ticket for it, or a chunk has its number: nothing was changed."""


@transaction.atomic
def _note_announced(
    interview: Interview, segment: Segment, facts: ChunkFacts, arrived: Arrived
) -> None:
    """Note a new chunk that has a ticket, as nearly all are and have.

    Ticket and chunk change places: how much is spoken for stays as it was, so that the
    other track's row need not be locked. Raises _NotAnnouncedError for all the rest.
    """
    recording = _count_stored(segment, facts.duration_ms)
    if not _end_ticket(segment, facts, arrived):
        raise _NotAnnouncedError
    if not insert_absent([_make_chunk(segment, facts, arrived)], "index"):
        raise _NotAnnouncedError
    _tell(interview, segment, facts, arrived)
    note_arrival(recording)


@transaction.atomic
def _note_other(
    interview: Interview, segment: Segment, facts: ChunkFacts, arrived: Arrived
) -> bool:
    recording = lock_recording(interview, segment.recording.track)
    known = segment.chunks.filter(index=facts.index).first()
    is_known = is_stored(known, facts.sha256)
    had_room = _end_ticket(segment, facts, arrived)
    if is_known:
        return False
    if known is None:
        if not had_room:
            require_room(interview, arrived.size)
        _count_stored(segment, facts.duration_ms)
        insert_row(_make_chunk(segment, facts, arrived))
    else:
        _mend(known, arrived)
    _tell(interview, segment, facts, arrived)
    note_arrival(recording)
    return True


def _count_stored(segment: Segment, duration_ms: int) -> Recording:
    """Lock the track's row, count what is new, and return the row as it is now."""
    known = segment.recording
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            [
                duration_ms,
                known.pk,
                Interview._meta.pk.get_db_prep_value(known.interview_id, connection),
            ],
        )
        row = cursor.fetchone()
    if row is None:
        raise Recording.DoesNotExist
    state, interview_state = row
    if (state, interview_state) == (known.state, known.interview.state):
        return known
    return Recording.objects.select_related("interview").get(pk=known.pk)


def _end_ticket(segment: Segment, facts: ChunkFacts, arrived: Arrived) -> bool:
    """End the chunk's ticket; False where it has none."""
    ended = delete_rows(
        UploadTicket,
        segment=segment.pk,
        index=facts.index,
        sha256=facts.sha256,
        size=arrived.size,
    )
    return ended > 0


def _make_chunk(segment: Segment, facts: ChunkFacts, arrived: Arrived) -> Chunk:
    return Chunk(
        segment=segment,
        index=facts.index,
        sha256=facts.sha256,
        size=arrived.size,
        start_ms=facts.start_ms,
        duration_ms=facts.duration_ms,
        key=arrived.key,
        stored_at=now(),
    )


def _mend(known: Chunk, arrived: Arrived) -> None:
    """Say that it is whole again: what is said of its time stays as it was."""
    known.size, known.key = arrived.size, arrived.key
    known.state, known.stored_at = ChunkState.STORED, now()
    known.save(update_fields=["size", "key", "state", "stored_at"])


def _tell(
    interview: Interview, segment: Segment, facts: ChunkFacts, arrived: Arrived
) -> None:
    """Keep the header that came with it, and write the event."""
    if arrived.header is not None:
        _note_header(segment, arrived.header)
    append_event(
        interview,
        ChunkStored(
            segment=str(segment.pk),
            index=facts.index,
            size=arrived.size,
            sha256=facts.sha256,
            start_ms=facts.start_ms,
            duration_ms=facts.duration_ms,
        ),
        origin=Origin.CANDIDATE,
    )


def _note_header(segment: Segment, header: StreamHeader) -> None:
    """Keep the header: without it nothing of the segment could be read."""
    segment.header = header.data
    segment.codecs = ",".join(header.codecs)
    if header.video is not None:
        segment.width, segment.height = header.video.width, header.video.height
    segment.save(update_fields=["header", "codecs", "width", "height"])
