"""Putting a chunk on record whose bytes lie in their place, whichever way they came."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from base.clock import now
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import append_event
from recordings.enums import ChunkState
from recordings.errors import ChunkConflictError, FormatUnsupportedError
from recordings.events import ChunkStored
from recordings.media.errors import HeaderInvalidError
from recordings.media.headers import read_header
from recordings.media.tracks import StreamHeader
from recordings.models import Chunk, Recording, Segment
from recordings.schemas import ChunkFacts
from recordings.services.intake import lock_recording, note_arrival
from recordings.services.quota import require_room

# A header is a few hundred bytes; this much of chunk 0 is looked at for it.
FRONT = 256 * 1024


@dataclass(frozen=True)
class Arrived:
    """A chunk that lies in its place: where, how large, and what begins with it."""

    key: str
    size: int
    header: StreamHeader | None = None


def is_stored(segment: Segment, index: int, sha256: str) -> bool:
    """Say whether this very chunk is there; a damaged one may be sent again.

    Raises ChunkConflictError where other bytes have its number.
    """
    return _judge(segment.chunks.filter(index=index).first(), sha256)


def _judge(known: Chunk | None, sha256: str) -> bool:
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


@transaction.atomic
def note_chunk(
    interview: Interview, segment: Segment, facts: ChunkFacts, arrived: Arrived
) -> bool:
    """Write the row, the event and what follows; False where it was written before.

    Of two requests with the same number one comes first: the recording is locked.
    The chunk's ticket ends, and its room is the chunk's; without one there must be
    room. Raises ChunkConflictError and RecordingFullError.
    """
    recording = lock_recording(interview, segment.recording.track)
    known = segment.chunks.filter(index=facts.index).first()
    is_known = _judge(known, facts.sha256)
    had_room, _rows = segment.tickets.filter(
        index=facts.index, sha256=facts.sha256, size=arrived.size
    ).delete()
    if is_known:
        return False
    if known is None and not had_room:
        require_room(interview, arrived.size)
    _write(segment, facts, arrived, known)
    if arrived.header is not None:
        _note_header(segment, arrived.header)
    if known is None:
        _count_stored(recording, facts.duration_ms)
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
    note_arrival(recording)
    return True


def _write(
    segment: Segment, facts: ChunkFacts, arrived: Arrived, known: Chunk | None
) -> None:
    """Make the row, or mend it: what is said of a chunk's time stays as it was."""
    if known is not None:
        known.size, known.key = arrived.size, arrived.key
        known.state, known.stored_at = ChunkState.STORED, now()
        known.save(update_fields=["size", "key", "state", "stored_at"])
        return
    segment.chunks.create(
        index=facts.index,
        sha256=facts.sha256,
        size=arrived.size,
        start_ms=facts.start_ms,
        duration_ms=facts.duration_ms,
        key=arrived.key,
        stored_at=now(),
    )


def _note_header(segment: Segment, header: StreamHeader) -> None:
    """Keep the header: without it nothing of the segment could be read."""
    segment.header = header.data
    segment.codecs = ",".join(header.codecs)
    if header.video is not None:
        segment.width, segment.height = header.video.width, header.video.height
    segment.save(update_fields=["header", "codecs", "width", "height"])


def _count_stored(recording: Recording, duration_ms: int) -> None:
    Recording.objects.filter(pk=recording.pk).update(
        stored_ms=F("stored_ms") + duration_ms
    )
