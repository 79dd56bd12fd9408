"""Taking chunks through Django: streamed to the store, checked by their hash."""

import hashlib
import logging
from typing import Protocol

from django.conf import settings

from recordings.access import Place
from recordings.errors import (
    ChunkConflictError,
    ChunkTooLargeError,
    HashMismatchError,
    InvalidUploadError,
    StorageUnavailableError,
    WrongSizeError,
)
from recordings.media.sinks import Writer
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
from recordings.storage import PartFile, chunk_key, get_store

logger = logging.getLogger(__name__)

BLOCK = 256 * 1024


class Body(Protocol):
    """A request, as far as it is read here."""

    def read(self, size: int = -1, /) -> bytes: ...


def store_chunk(place: Place, facts: ChunkFacts, body: Body | PartFile) -> bool:
    """Store a chunk; a repeat of the same bytes changes nothing and gives False.

    A body that lies on the store's disk is moved from there; others are copied.

    The bytes lie in their place before the row is written, under a key with their
    hash: a process killed between the two leaves a file that the repeat overwrites.
    A ticket is not needed: without one there is room only once the bytes are here.
    Raises what `require_intake` raises, ChunkConflictError for other bytes than
    those stored, and an error of its own for each fault of the upload.
    """
    interview, segment = place.interview, place.segment
    require_intake(interview)
    announced = None
    if place.ticket is not None and place.ticket.sha256 == facts.sha256:
        announced = place.ticket.size
    else:
        if is_stored(place.chunk, facts.sha256):
            return False
        require_room(interview, 1)
    track = segment.recording.track
    key = chunk_key(interview, track, segment.pk, facts.index, facts.sha256)
    try:
        if isinstance(body, PartFile):
            arrived = _take(body, key, facts, announced)
        else:
            content_type = segment.mime_type.split(";")[0]
            arrived = _receive(body, key, facts, announced, content_type)
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


def _take(
    part: PartFile, key: str, facts: ChunkFacts, announced: int | None
) -> Arrived:
    """Move a body that lies on the store's disk into its place, if its hash is right."""
    _check_size(part.size, announced)
    if part.hexdigest() != facts.sha256:
        raise HashMismatchError
    header = find_header(facts.index, part.read(FRONT) if facts.index == 0 else b"")
    get_store().keep_part(part, key)
    return Arrived(key, part.size, header)


def _receive(
    body: Body, key: str, facts: ChunkFacts, announced: int | None, content_type: str
) -> Arrived:
    """Stream the body into its place; nothing stays there unless its hash is right."""
    sink = get_store().small(key, content_type)
    try:
        size, digest, front = _copy(body, sink.begin())
        _check_size(size, announced)
        if digest != facts.sha256:
            raise HashMismatchError
        header = find_header(facts.index, front)
        sink.commit()
    finally:
        sink.abort()
    return Arrived(key, size, header)


def _check_size(size: int, announced: int | None) -> None:
    if not size:
        raise InvalidUploadError
    if size > settings.LIMITS["chunk_bytes"]:
        raise ChunkTooLargeError
    if announced is not None and size != announced:
        raise WrongSizeError


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
