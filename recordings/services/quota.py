"""How many bytes an interview's recording may take, and how many are spoken for."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from interviews.models import Interview
from recordings.errors import RecordingFullError
from recordings.models import UploadTicket

# One statement for all of it, and not the ORM's: this is asked for every chunk.
_USE = """
SELECT chunks.bytes, tickets.bytes, tickets.rows FROM
(SELECT COALESCE(SUM(c.size), 0) AS bytes
FROM recordings_chunk c
JOIN recordings_segment s ON s.id = c.segment_id
JOIN recordings_recording r ON r.id = s.recording_id
WHERE r.interview_id = %s) chunks,
(SELECT COALESCE(SUM(t.size), 0) AS bytes, COUNT(*) AS rows
FROM recordings_uploadticket t
JOIN recordings_segment s ON s.id = t.segment_id
JOIN recordings_recording r ON r.id = s.recording_id
WHERE r.interview_id = %s AND t.id <> %s) tickets"""
_NO_ROW = 0


@dataclass(frozen=True)
class Use:
    """What is stored and what is announced, and how many chunks are announced."""

    bytes: int
    waiting: int


def most_bytes() -> int:
    """Return how many bytes the chunks of one interview may take."""
    limit: int = settings.LIMITS["recording_bytes"]
    return limit


def read_use(interview: Interview, *, own: UploadTicket | None = None) -> Use:
    """Return what of the interview's room is taken, but for one's own ticket."""
    key = Interview._meta.pk.get_db_prep_value(interview.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(_USE, [key, key, own.pk if own else _NO_ROW])
        chunks, tickets, waiting = cursor.fetchone()
    return Use(int(chunks) + int(tickets), int(waiting))


def require_room(
    interview: Interview, size: int, *, own: UploadTicket | None = None
) -> Use:
    """Raise RecordingFullError unless `size` more bytes fit; `own` is for them.

    Exact with the recording locked (`lock_recording`), which locks both tracks.
    """
    use = read_use(interview, own=own)
    if use.bytes + size > most_bytes():
        raise RecordingFullError
    return use
