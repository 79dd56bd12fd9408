"""What assembly reads: the rows of a recording as inputs, and chunks that are unsound."""

import hashlib
from collections.abc import Callable
from typing import BinaryIO

from recordings.enums import ChunkState
from recordings.media.segments import ByteReader, ChunkInput, SegmentInput
from recordings.models import Chunk, Recording, Segment
from recordings.schemas import Manifest
from recordings.storage import MediaStore

Faults = set[int]


class WatchedReader:
    """Reads a chunk and, when it is read to its end, compares it with its row."""

    def __init__(self, source: BinaryIO, chunk: Chunk, faults: Faults) -> None:
        self._source = source
        self._chunk = chunk
        self._faults = faults
        self._digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Read on."""
        data = self._source.read(size)
        self._digest.update(data)
        return data

    def close(self) -> None:
        """Judge what was read."""
        self._source.close()
        if self._digest.hexdigest() != self._chunk.sha256:
            self._faults.add(self._chunk.pk)


def segment_inputs(
    recording: Recording, store: MediaStore
) -> tuple[list[SegmentInput], Faults]:
    """Return the segments, and a set that fills with unsound chunks as they are read."""
    faults: Faults = set()
    segments = recording.segments.prefetch_related("chunks").order_by("started_ms")
    return [_segment(one, store, faults) for one in segments], faults


def _segment(segment: Segment, store: MediaStore, faults: Faults) -> SegmentInput:
    manifest = None
    if segment.manifest is not None:
        manifest = Manifest.model_validate(segment.manifest)
    has_chunks = manifest is not None and manifest.last_index >= 0
    return SegmentInput(
        name=str(segment.pk),
        start_ms=segment.started_ms,
        chunks=[_chunk(one, store, faults) for one in segment.chunks.all()],
        header=bytes(segment.header) if segment.header else None,
        last_index=manifest.last_index if manifest and has_chunks else None,
        duration_ms=manifest.duration_ms if manifest else None,
    )


def _chunk(chunk: Chunk, store: MediaStore, faults: Faults) -> ChunkInput:
    return ChunkInput(
        chunk.index, chunk.size, chunk.sha256, _opener(chunk, store, faults)
    )


def _opener(
    chunk: Chunk, store: MediaStore, faults: Faults
) -> Callable[[], ByteReader]:
    def opened() -> ByteReader:
        try:
            source = store.open(chunk.key)
        except FileNotFoundError:
            faults.add(chunk.pk)
            raise
        return WatchedReader(source, chunk, faults)

    return opened


def mark_damaged(faults: Faults) -> None:
    """Note which chunks were not what their rows say; they may be sent again."""
    Chunk.objects.filter(pk__in=faults).update(state=ChunkState.DAMAGED)
