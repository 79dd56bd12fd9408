"""The server's manifest of an interview's recording: what is stored, and what is not."""

from interviews.models import Interview
from recordings.enums import ChunkState
from recordings.errors import RecordingError
from recordings.models import Segment
from recordings.schemas import (
    ChunkStanding,
    HoleStanding,
    Room,
    SegmentStanding,
    Standing,
)
from recordings.services.holes import live_holes
from recordings.services.intake import TAKEN_AFTER_END, require_intake
from recordings.services.quota import most_bytes, read_use


def read_standing(interview: Interview) -> Standing:
    """Return what the candidate's page compares its own store with."""
    segments = (
        Segment.objects.filter(recording__interview=interview)
        .select_related("recording")
        .prefetch_related("chunks")
        .order_by("started_ms")
    )
    most = most_bytes()
    ended_at = interview.ended_at
    return Standing(
        segments=[_segment(one) for one in segments],
        holes=[
            HoleStanding.model_validate(vars(hole)) for hole in live_holes(interview)
        ],
        room=Room(most=most, left=max(0, most - read_use(interview).bytes)),
        is_taken=_is_taken(interview),
        taken_until=ended_at + TAKEN_AFTER_END if ended_at else None,
    )


def _is_taken(interview: Interview) -> bool:
    try:
        require_intake(interview)
    except RecordingError:
        return False
    return True


def _segment(segment: Segment) -> SegmentStanding:
    chunks = sorted(segment.chunks.all(), key=lambda chunk: chunk.index)
    return SegmentStanding(
        segment=segment.pk,
        track=segment.recording.track,
        mime_type=segment.mime_type,
        started_ms=segment.started_ms,
        state="open" if segment.closed_at is None else "closed",
        chunks=[
            ChunkStanding(
                index=chunk.index,
                size=chunk.size,
                sha256=chunk.sha256,
                start_ms=chunk.start_ms,
                duration_ms=chunk.duration_ms,
                # What is only in the finished file is safe too.
                state="damaged" if chunk.state == ChunkState.DAMAGED else "stored",
            )
            for chunk in chunks
        ],
    )
