"""Taking chunks through Django: streamed to the store, checked by their hash."""

import hashlib
import logging
from typing import Protocol

from django.conf import settings

from interviews.models import Interview
from recordings.errors import (
    ChunkConflictError,
    ChunkTooLargeError,
    HashMismatchError,
    InvalidUploadError,
    StorageUnavailableError,
    WrongSizeError,
)
from recordings.media.sinks import Writer
from recordings.models import Segment
from recordings.schemas import ChunkFacts
from recordings.services.arrivals import (
    FRONT,
    Arrived,
    find_header,
    is_stored,
    note_chunk,
)
from recordings.services.intake import require_intake
from recordings.services.quota import require_room
from recordings.storage import chunk_key, get_store

logger = logging.getLogger(__name__)

BLOCK = 256 * 1024


class Body(Protocol):
    """A request, as far as it is read here."""

    def read(self, size: int = -1, /) -> bytes: ...


def store_chunk(
    interview: Interview, segment: Segment, facts: ChunkFacts, body: Body
) -> bool:
    """Store a chunk; a repeat of the same bytes changes nothing and gives False.

    The bytes lie in their place before the row is written, under a key with their
    hash: a process killed between the two leaves a file that the repeat overwrites.
    A ticket is not needed: without one there is room only once the bytes are here.
    Raises what `require_intake` raises, ChunkConflictError for other bytes than
    those stored, and an error of its own for each fault of the upload.
    """
    require_intake(interview)
    tickets = segment.tickets.filter(index=facts.index, sha256=facts.sha256)
    ticket = tickets.first()
    if ticket is None:
        if is_stored(segment, facts.index, facts.sha256):
            return False
        require_room(interview, 1)
    try:
        arrived = _receive(
            interview, segment, facts, body, announced=ticket.size if ticket else None
        )
    except OSError as error:
        logger.warning("Chunk of segment %s was not stored: %s", segment.pk, error)
        raise StorageUnavailableError from error
    try:
        return note_chunk(interview, segment, facts, arrived)
    except ChunkConflictError:
        # Other bytes came first: no row will ever have this key. Where there is no
        # room, the same bytes may be on their way again: their file is the sweep's.
        discard(arrived.key)
        raise


def discard(key: str) -> None:
    """Remove an object that was refused; one that stays is the store's sweep's."""
    try:
        get_store().delete(key)
    except OSError as error:
        logger.warning("A refused chunk could not be removed yet: %s", error)


def _receive(
    interview: Interview,
    segment: Segment,
    facts: ChunkFacts,
    body: Body,
    *,
    announced: int | None,
) -> Arrived:
    """Stream the body into its place; nothing stays there unless its hash is right."""
    track = segment.recording.track
    key = chunk_key(interview, track, segment.pk, facts.index, facts.sha256)
    sink = get_store().small(key, segment.mime_type.split(";")[0])
    try:
        size, digest, front = _copy(body, sink.begin())
        if not size:
            raise InvalidUploadError
        if announced is not None and size != announced:
            raise WrongSizeError
        if digest != facts.sha256:
            raise HashMismatchError
        header = find_header(facts.index, front)
        sink.commit()
    finally:
        sink.abort()
    return Arrived(key, size, header)


def _copy(body: Body, writer: Writer) -> tuple[int, str, bytes]:
    """Copy block by block; return size, hash and the first bytes."""
    limit: int = settings.LIMITS["chunk_bytes"]
    digest = hashlib.sha256()
    front = bytearray()
    size = 0
    while block := body.read(BLOCK):
        size += len(block)
        if size > limit:
            raise ChunkTooLargeError
        digest.update(block)
        front += block[: FRONT - len(front)]
        writer.write(block)
    return size, digest.hexdigest(), bytes(front)
