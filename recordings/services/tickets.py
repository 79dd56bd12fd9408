"""Tickets: a chunk is announced, gets room and a way, and is confirmed or given up."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from base.clock import now
from base.statements import insert_row
from interviews.models import Interview
from recordings.errors import (
    ChunkTooLargeError,
    NotArrivedError,
    RecordingError,
    StorageUnavailableError,
    TicketConflictError,
    TicketUnknownError,
    TooManyTicketsError,
)
from recordings.models import Segment, UploadTicket
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
    if is_stored(segment, index, wanted.sha256):
        return None
    ticket, is_known = _keep_room(interview, segment, index, wanted)
    if is_known and ticket.is_direct and _came(interview, segment, ticket):
        return None
    return Way(ticket.expires_at, _presign(segment, ticket))


@transaction.atomic
def _keep_room(
    interview: Interview, segment: Segment, index: int, wanted: TicketRequest
) -> tuple[UploadTicket, bool]:
    lock_recording(interview, segment.recording.track)
    known = segment.tickets.filter(index=index).first()
    if known is not None and known.sha256 != wanted.sha256:
        _give_up(known)
        known = None
    require_room(interview, wanted.size, own=known)
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
        _require_few(interview)
        insert_row(ticket)
    else:
        ticket.save()
    return ticket, known is not None


def _require_few(interview: Interview) -> None:
    waiting = UploadTicket.objects.filter(segment__recording__interview=interview)
    if waiting.count() >= MOST_WAITING:
        raise TooManyTicketsError


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


def confirm_chunk(
    interview: Interview, segment: Segment, index: int, sha256: str
) -> bool:
    """Take a chunk that was put into the bucket; a repeat gives False.

    A ticket that ran out still counts as long as it is known. Raises what
    `require_intake` and `note_chunk` raise, TicketUnknownError, NotArrivedError,
    and what is wrong with the object: then it is removed.
    """
    require_intake(interview)
    if is_stored(segment, index, sha256):
        return False
    ticket = segment.tickets.filter(index=index, sha256=sha256).first()
    if ticket is None:
        raise TicketUnknownError
    return _take(interview, segment, ticket)


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
