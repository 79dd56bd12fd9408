"""Holes while an interview runs: what should have arrived by now and has not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.timeline.log import elapsed_ms
from recordings.enums import ChunkState
from recordings.models import Chunk, Segment
from recordings.schemas import Manifest

# Three chunks travel at once and may overtake each other.
SETTLED = timedelta(seconds=30)
# A chunk is ten seconds long and takes a while to arrive.
SILENCE = timedelta(seconds=45)

MISSING = "missing"
DAMAGED = "damaged"
SILENT = "silent"


@dataclass(frozen=True)
class Hole:
    """A stretch of the interview clock of which nothing is stored (yet).

    `reason` is missing (a number was left out), damaged (what was stored is not what
    arrived) or silent (nothing comes any more).
    """

    track: str
    segment: UUID
    start_ms: int
    end_ms: int
    reason: str


def live_holes(interview: Interview) -> list[Hole]:
    """Return the holes known at this moment, in the order of tracks and time."""
    at = now()
    segments = list(
        Segment.objects.filter(recording__interview=interview)
        .select_related("recording")
        .prefetch_related("chunks")
        .order_by("recording__track", "started_ms")
    )
    holes = []
    for number, segment in enumerate(segments):
        following = segments[number + 1] if number + 1 < len(segments) else None
        if following and following.recording_id != segment.recording_id:
            following = None
        chunks = sorted(segment.chunks.all(), key=lambda chunk: chunk.index)
        holes += _within(segment, chunks, at)
        holes += _behind(interview, segment, chunks, following, at)
    return holes


def _hole(segment: Segment, start_ms: int, end_ms: int, reason: str) -> list[Hole]:
    """A hole by times that count from the segment's start; none without a length."""
    if end_ms <= start_ms:
        return []
    begin = segment.started_ms
    track = segment.recording.track
    return [Hole(track, segment.pk, begin + start_ms, begin + end_ms, reason)]


def _within(segment: Segment, chunks: Sequence[Chunk], at: datetime) -> list[Hole]:
    """Numbers left out before one that came a while ago, and unsound chunks."""
    holes: list[Hole] = []
    last_settled = max(
        (chunk.index for chunk in chunks if chunk.stored_at <= at - SETTLED),
        default=-1,
    )
    expected, reached = 0, 0
    for chunk in chunks:
        end = chunk.start_ms + chunk.duration_ms
        if chunk.index > expected and chunk.index <= last_settled:
            holes += _hole(segment, reached, chunk.start_ms, MISSING)
        if chunk.state == ChunkState.DAMAGED:
            holes += _hole(segment, chunk.start_ms, end, DAMAGED)
        expected, reached = chunk.index + 1, max(reached, end)
    return holes


def _behind(
    interview: Interview,
    segment: Segment,
    chunks: Sequence[Chunk],
    following: Segment | None,
    at: datetime,
) -> list[Hole]:
    """What is missing after the last chunk that came."""
    reached = max((one.start_ms + one.duration_ms for one in chunks), default=0)
    if segment.manifest is not None:
        if segment.closed_at is None or segment.closed_at > at - SETTLED:
            return []
        manifest = Manifest.model_validate(segment.manifest)
        last = chunks[-1].index if chunks else -1
        if last >= manifest.last_index:
            return []
        return _hole(segment, reached, manifest.duration_ms, MISSING)
    came_at = max((one.stored_at for one in chunks), default=segment.created_at)
    if came_at > at - SILENCE:
        return []
    end_ms = _silent_until(interview, following, at) - segment.started_ms
    return _hole(segment, reached, end_ms, SILENT)


def _silent_until(interview: Interview, following: Segment | None, at: datetime) -> int:
    """Until when an open segment should have gone on, on the interview clock."""
    if following is not None:
        return following.started_ms
    is_over = interview.state != InterviewState.ACTIVE
    until = interview.ended_at if is_over and interview.ended_at else at
    return elapsed_ms(interview, until) or 0
