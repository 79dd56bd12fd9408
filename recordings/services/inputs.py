"""What assembly reads: the rows of a recording as inputs, and chunks that are unsound."""

from functools import partial

from recordings.enums import ChunkState
from recordings.media.segments import ChunkInput, SegmentInput
from recordings.models import Chunk, Recording, Segment
from recordings.schemas import Manifest
from recordings.services.release import unreleased
from recordings.storage import MediaStore

Faults = set[int]


def segment_inputs(
    recording: Recording, store: MediaStore
) -> tuple[list[SegmentInput], Faults]:
    """Return the segments, and a set that fills with unsound chunks as they are read.

    Segments whose chunks were released are in a finished file already.
    """
    faults: Faults = set()
    segments = unreleased(recording).prefetch_related("chunks").order_by("started_ms")
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
        chunk.index,
        chunk.size,
        chunk.sha256,
        open=partial(store.stream, chunk.key),
        on_fault=partial(faults.add, chunk.pk),
    )


def mark_damaged(faults: Faults) -> None:
    """Note which chunks were not what their rows say; they may be sent again."""
    Chunk.objects.filter(pk__in=faults).update(state=ChunkState.DAMAGED)
