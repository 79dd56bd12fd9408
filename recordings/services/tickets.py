"""Tickets: a chunk is announced, gets room and a way, and is confirmed or given up."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from base.clock import now
from base.statements import Part, insert_row, read_joined
from interviews.models import Interview
from recordings.access import Place
from recordings.errors import (
    ChunkTooLargeError,
    NotArrivedError,
    RecordingError,
    StorageUnavailableError,
    TicketConflictError,
    TicketUnknownError,
    TooManyTicketsError,
)
from recordings.models import Chunk, Segment, UploadTicket
from recordings.schemas import ChunkFacts, TicketRequest
from recordings.services.arrivals import Arrived, is_stored, note_chunk
from recordings.services.chunks import discard
from recordings.services.examination import examine
from recordings.services.intake import lock_recording, require_intake
from recordings.services.quota import require_room
from recordings.storage import (
    PresignedPut,
    StorageError,
    chunk_key,
    get_store,
    is_direct,
)

logger = logging.getLogger(__name__)

# A page sends three of each track at once; what died left a few more behind.
MOST_WAITING = 64
# A request that began in time may end a little later.
GRACE = timedelta(minutes=1)
_PARTS = (
    Part(Segment, "s", ()),
    Part(
        UploadTicket,
        "t",
        ("segment", "index", "size", "sha256", "key", "is_direct", "expires_at"),
    ),
    Part(Chunk, "c", ("sha256", "state")),
)
_PLACE = """
FROM recordings_segment s
LEFT JOIN recordings_uploadticket t ON t.segment_id = s.id AND t."index" = %s
LEFT JOIN recordings_chunk c ON c.segment_id = s.id AND c."index" = %s
WHERE s.id = %s"""


@dataclass(frozen=True)
class Way:
    """How a chunk is to be sent; without `direct` it goes through this server."""

    expires_at: datetime
    direct: PresignedPut | None


def issue_ticket(
    interview: Interview, segment: Segment, index: int, wanted: TicketRequest
) -> Way | None:
    """Keep room for a chunk and say where it goes; None when it is stored already.

    The same again prolongs the ticket; on the direct way it first looks whether the
    chunk came meanwhile. Raises what `require_intake` and `require_room` raise,
    ChunkConflictError, ChunkTooLargeError, TicketConflictError while other bytes are
    expected in this place, and TooManyTicketsError.
    """
    require_intake(interview)
    if wanted.size > settings.LIMITS["chunk_bytes"]:
        raise ChunkTooLargeError
    if wanted.direct_failed:
        logger.warning(
            "A browser cannot reach the bucket (%s): chunks of interview %s go through "
            "this server",
            wanted.direct_failed,
            interview.pk,
        )
    kept = _keep_room(interview, segment, index, wanted)
    if kept is None:
        return None
    ticket, is_known = kept
    if is_known and ticket.is_direct and _came(interview, segment, ticket):
        return None
    return Way(ticket.expires_at, _presign(segment, ticket))


@transaction.atomic
def _keep_room(
    interview: Interview, segment: Segment, index: int, wanted: TicketRequest
) -> tuple[UploadTicket, bool] | None:
    """Return the ticket and whether it was known; None when the chunk is stored."""
    lock_recording(interview, segment.recording.track)
    known, chunk = _look(segment, index)
    if is_stored(chunk, wanted.sha256):
        return None
    if known is not None and known.sha256 != wanted.sha256:
        _give_up(known)
        known = None
    use = require_room(interview, wanted.size, own=known)
    track = segment.recording.track
    seconds: int = settings.LIMITS["ticket_seconds"]
    ticket = known or UploadTicket(segment=segment, index=index)
    ticket.sha256, ticket.size = wanted.sha256, wanted.size
    ticket.start_ms, ticket.duration_ms = wanted.start_ms, wanted.duration_ms
    ticket.key = chunk_key(interview, track, segment.pk, index, wanted.sha256)
    ticket.is_direct = is_direct() and wanted.route != "web"
    ticket.issued_at = now()
    ticket.expires_at = ticket.issued_at + timedelta(seconds=seconds)
    if known is None:
        if use.waiting >= MOST_WAITING:
            raise TooManyTicketsError
        insert_row(ticket)
    else:
        ticket.save()
    return ticket, known is not None


def _look(segment: Segment, index: int) -> tuple[UploadTicket | None, Chunk | None]:
    """Return what is known of a place, as it is now that the recording is locked."""
    keys = (
        (UploadTicket, "index", index),
        (Chunk, "index", index),
        (Segment, "pk", segment.pk),
    )
    [(_segment, ticket, chunk)] = read_joined(_PARTS, _PLACE, keys)
    return ticket, chunk


def _give_up(ticket: UploadTicket) -> None:
    """End a ticket that ran out. Raises TicketConflictError while it may be used."""
    left = (ticket.expires_at - now()).total_seconds()
    if left > 0:
        raise TicketConflictError(retry_after=left)
    ticket.delete()
    if ticket.is_direct:
        transaction.on_commit(lambda: discard(ticket.key), robust=True)


def _presign(segment: Segment, ticket: UploadTicket) -> PresignedPut | None:
    if not ticket.is_direct:
        return None
    try:
        return get_store().presign_put(
            ticket.key,
            size=ticket.size,
            sha256=ticket.sha256,
            content_type=segment.mime_type.split(";")[0],
            expires=ticket.expires_at - now(),
        )
    except StorageError as error:
        raise StorageUnavailableError from error


def _came(interview: Interview, segment: Segment, ticket: UploadTicket) -> bool:
    """Take what an earlier try put there, where its answer was lost."""
    try:
        return _take(interview, segment, ticket) or True
    except (NotArrivedError, StorageUnavailableError):
        return False


def confirm_chunk(place: Place, sha256: str) -> bool:
    """Take a chunk that was put into the bucket; a repeat gives False.

    A ticket that ran out still counts as long as it is known. Raises what
    `require_intake` and `note_chunk` raise, TicketUnknownError, NotArrivedError,
    and what is wrong with the object: then it is removed.
    """
    require_intake(place.interview)
    if is_stored(place.chunk, sha256):
        return False
    ticket = place.ticket
    if ticket is None or ticket.sha256 != sha256:
        raise TicketUnknownError
    return _take(place.interview, place.segment, ticket)


def _take(interview: Interview, segment: Segment, ticket: UploadTicket) -> bool:
    facts = ChunkFacts(
        index=ticket.index,
        sha256=ticket.sha256,
        start_ms=ticket.start_ms,
        duration_ms=ticket.duration_ms,
    )
    try:
        header = examine(get_store(), ticket)
        return note_chunk(
            interview, segment, facts, Arrived(ticket.key, ticket.size, header)
        )
    except FileNotFoundError as error:
        raise NotArrivedError from error
    except OSError as error:
        raise StorageUnavailableError from error
    except RecordingError as error:
        discard(ticket.key)
        if not error.retryable:
            ticket.delete()
        raise


def sweep_tickets() -> int:
    """Settle what ran out: take what came unconfirmed, give up the rest; count them."""
    due = UploadTicket.objects.filter(expires_at__lt=now() - GRACE).select_related(
        "segment__recording__interview__assessment_version"
    )
    return sum(_settle(ticket) for ticket in due)


def _settle(ticket: UploadTicket) -> bool:
    """End one ticket; False where the store cannot be asked now."""
    segment = ticket.segment
    interview = segment.recording.interview
    try:
        if ticket.is_direct:
            require_intake(interview)
            _take(interview, segment, ticket)
    except StorageUnavailableError:
        return False
    except RecordingError as error:
        logger.info("Chunk %s of %s given up: %s", ticket.index, segment, error.code)
        if ticket.is_direct:
            discard(ticket.key)
    UploadTicket.objects.filter(pk=ticket.pk, expires_at=ticket.expires_at).delete()
    return True
