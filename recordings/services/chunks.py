"""Taking chunks: streamed to the store, checked by their hash, acknowledged last."""

import hashlib
import logging
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Sum

from base.clock import now
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import append_event
from recordings.enums import ChunkState
from recordings.errors import (
    ChunkConflictError,
    ChunkTooLargeError,
    FormatUnsupportedError,
    HashMismatchError,
    InvalidUploadError,
    RecordingFullError,
    StorageUnavailableError,
)
from recordings.events import ChunkStored
from recordings.media.errors import HeaderInvalidError
from recordings.media.headers import read_header
from recordings.media.sinks import Writer
from recordings.media.tracks import StreamHeader
from recordings.models import Chunk, Recording, Segment
from recordings.schemas import ChunkFacts
from recordings.services.intake import lock_recording, note_arrival, require_intake
from recordings.storage import get_store

logger = logging.getLogger(__name__)

INTERVIEW_BYTES = 8 * 1024**3
BLOCK = 64 * 1024
# A header is a few hundred bytes; this much of chunk 0 is looked at for it.
FRONT = 256 * 1024


class Body(Protocol):
    """A request, as far as it is read here."""

    def read(self, size: int = -1, /) -> bytes: ...


def store_chunk(
    interview: Interview, segment: Segment, facts: ChunkFacts, body: Body
) -> bool:
    """Store a chunk; a repeat of the same bytes changes nothing and gives False.

    The bytes lie in their place before the row is written, under a key with their
    hash: a process killed between the two leaves a file that the repeat overwrites.
    Raises what `require_intake` raises, ChunkConflictError for other bytes than
    those stored, and an error of its own for each fault of the upload.
    """
    require_intake(interview)
    if _is_stored(segment, facts):
        return False
    _require_room(interview)
    key = _key(interview, segment, facts)
    try:
        size, header = _receive(key, segment, facts, body)
    except OSError as error:
        logger.warning("Chunk of segment %s was not stored: %s", segment.pk, error)
        raise StorageUnavailableError from error
    try:
        _write_row(interview, segment, facts, key=key, size=size, header=header)
    except IntegrityError:
        # Another request stored this number first, from the same bytes or others.
        try:
            is_stored = _is_stored(segment, facts)
        except ChunkConflictError:
            get_store().delete(key)
            raise
        if not is_stored:
            raise
        return False
    return True


def _key(interview: Interview, segment: Segment, facts: ChunkFacts) -> str:
    return (
        f"{interview.organisation_id}/{interview.pk}/chunks/{segment.pk}/"
        f"{facts.index:05d}-{facts.sha256[:24]}"
    )


def _is_stored(segment: Segment, facts: ChunkFacts) -> bool:
    """Whether this very chunk is there; a damaged one may be sent again."""
    known = segment.chunks.filter(index=facts.index).first()
    if known is None:
        return False
    if known.sha256 != facts.sha256:
        raise ChunkConflictError
    return known.state == ChunkState.STORED


def _require_room(interview: Interview) -> None:
    """Raise when the interview has stored all it may; one chunk over is accepted."""
    chunks = Chunk.objects.filter(segment__recording__interview=interview)
    stored = chunks.aggregate(total=Sum("size"))["total"] or 0
    if stored >= INTERVIEW_BYTES:
        raise RecordingFullError


def _receive(
    key: str, segment: Segment, facts: ChunkFacts, body: Body
) -> tuple[int, StreamHeader | None]:
    """Stream the body into its place; nothing stays there unless its hash is right."""
    sink = get_store().small(key, segment.mime_type.split(";")[0])
    try:
        size, digest, front = _copy(body, sink.begin())
        if not size:
            raise InvalidUploadError
        if digest != facts.sha256:
            raise HashMismatchError
        header = _read_header(front) if facts.index == 0 else None
        sink.commit()
    finally:
        sink.abort()
    return size, header


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


def _read_header(front: bytes) -> StreamHeader | None:
    """The header, or None where chunk 0 is too short to hold it whole."""
    try:
        return read_header(front)
    except HeaderInvalidError as error:
        raise FormatUnsupportedError from error


@transaction.atomic
def _write_row(
    interview: Interview,
    segment: Segment,
    facts: ChunkFacts,
    *,
    key: str,
    size: int,
    header: StreamHeader | None,
) -> None:
    recording = lock_recording(interview, segment.recording.track)
    values = {
        "size": size,
        "start_ms": facts.start_ms,
        "duration_ms": facts.duration_ms,
        "key": key,
        "state": ChunkState.STORED,
        "stored_at": now(),
    }
    mended = segment.chunks.filter(index=facts.index, sha256=facts.sha256).exclude(
        state=ChunkState.STORED
    )
    if not mended.update(**values):
        segment.chunks.create(index=facts.index, sha256=facts.sha256, **values)
    if header is not None:
        _note_header(segment, header)
    _count_stored(recording)
    append_event(
        interview,
        ChunkStored(
            segment=str(segment.pk),
            index=facts.index,
            size=size,
            sha256=facts.sha256,
            start_ms=facts.start_ms,
            duration_ms=facts.duration_ms,
        ),
        origin=Origin.CANDIDATE,
    )
    note_arrival(recording)


def _note_header(segment: Segment, header: StreamHeader) -> None:
    """Keep the header: without it nothing of the segment could be read."""
    segment.header = header.data
    segment.codecs = ",".join(header.codecs)
    if header.video is not None:
        segment.width, segment.height = header.video.width, header.video.height
    segment.save(update_fields=["header", "codecs", "width", "height"])


def _count_stored(recording: Recording) -> None:
    chunks = Chunk.objects.filter(segment__recording=recording)
    recording.stored_ms = chunks.aggregate(total=Sum("duration_ms"))["total"] or 0
    recording.save(update_fields=["stored_ms"])
