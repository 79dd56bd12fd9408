"""When the chunks of a recording may go: once the finished file surely replaces them."""

from collections.abc import Sequence

from django.db.models import QuerySet

from base.clock import now
from interviews.enums import ENDED_STATES, StepState
from recordings.enums import AssetKind, ChunkState, RecordingState
from recordings.models import Asset, Chunk, Recording, Segment
from recordings.services.intake import STEP, TAKEN_AFTER_END


def may_release_chunks(recording: Recording) -> bool:
    """Whether the chunks' objects may be removed; rows stay, as RELEASED.

    True once the recording is assembled (which ends only after each file was read
    back: size, hash, length, a seek), nothing came later, no chunk was unsound, no
    finished file was found missing since, and no more is taken. To be asked with the recording's row locked: a chunk that
    arrives takes the same lock and makes the answer no.
    """
    assembled_at = recording.assembled_at
    if recording.state != RecordingState.ASSEMBLED or assembled_at is None:
        return False
    interview = recording.interview
    if interview.state not in ENDED_STATES or interview.ended_at is None:
        return False
    if interview.ended_at + TAKEN_AFTER_END > now():
        return False
    chunks = Chunk.objects.filter(segment__recording=recording)
    has_open_faults = chunks.filter(state=ChunkState.DAMAGED).exists()
    has_newer = chunks.filter(stored_at__gt=assembled_at).exists()
    playable = recording.assets.filter(kind=AssetKind.PLAYABLE)
    return (
        not has_open_faults
        and not has_newer
        and playable.exists()
        and not playable.filter(missing_at__isnull=False).exists()
        and interview.pipeline_steps.filter(name=STEP, state=StepState.DONE).exists()
    )


def note_released(recording: Recording) -> int:
    """Mark the chunks as released, before their objects are removed; return how many.

    From then on assembly leaves the files that were made of them as they are: what
    is recorded after a reopening becomes further files behind them.
    """
    chunks = Chunk.objects.filter(segment__recording=recording)
    return chunks.exclude(state=ChunkState.RELEASED).update(state=ChunkState.RELEASED)


def unreleased(recording: Recording) -> QuerySet[Segment]:
    """Return the segments all of whose chunks are still there to be read."""
    return recording.segments.exclude(chunks__state=ChunkState.RELEASED)


def is_settled(recording: Recording) -> bool:
    """Whether all that was recorded was released, so that nothing can be assembled."""
    chunks = Chunk.objects.filter(segment__recording=recording)
    states = set(chunks.values_list("state", flat=True).distinct())
    return states == {ChunkState.RELEASED}


def list_kept(recording: Recording) -> list[Asset]:
    """Return the files that only they themselves could be made of again."""
    chunks = Chunk.objects.filter(
        segment__recording=recording, state=ChunkState.RELEASED
    )
    return list(recording.assets.all()) if chunks.exists() else []


def next_part(kept: Sequence[Asset], kind: str) -> int:
    """Return the first number that none of these files of a kind has."""
    return max((asset.part + 1 for asset in kept if asset.kind == kind), default=0)
