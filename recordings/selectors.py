"""Reads: how much of an interview was captured and stored, and where gaps are."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Max, Prefetch, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTransform

from interviews.models import Interview
from recordings.enums import AssetKind, ChunkState, RecordingState, Track
from recordings.models import Asset, Chunk, Recording

# The last slice of a recorder may be counted a little differently on both sides.
ROUNDING_MS = 1000


@dataclass(frozen=True)
class Sums:
    """What has arrived of a recording."""

    segments: int
    closed: int
    chunks: int
    captured_ms: int
    stored_ms: int
    last_at: datetime | None


@dataclass(frozen=True)
class Holder:
    """Whose media are stored: an organisation's own, or those of its sample."""

    organisation_id: int
    is_sample: bool


@dataclass(frozen=True)
class Gap:
    """A stretch of the interview clock that nobody can watch."""

    start_ms: int
    end_ms: int
    reason: str

    @property
    def duration_ms(self) -> int:
        """How long it is."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True)
class TrackReceipt:
    """The receipt of one track; `hashes` are the SHA-256 of its finished files."""

    track: str
    state: str
    captured_ms: int
    stored_ms: int
    gaps: tuple[Gap, ...]
    hashes: tuple[str, ...]
    deleted_at: datetime | None = None

    @property
    def label(self) -> str:
        """What is recorded, in words."""
        return str(Track(self.track).label)

    @property
    def is_incomplete(self) -> bool:
        """Whether less is stored than was captured."""
        return self.captured_ms - self.stored_ms > ROUNDING_MS


@dataclass(frozen=True)
class RecordingReceipt:
    """What was captured and what of it is safe; `state` is None where nothing is.

    Times are sums over all tracks.
    """

    state: str | None
    captured_ms: int
    stored_ms: int
    gaps: tuple[Gap, ...]
    tracks: tuple[TrackReceipt, ...] = ()

    @property
    def is_incomplete(self) -> bool:
        """Whether less is stored than was captured."""
        return self.captured_ms - self.stored_ms > ROUNDING_MS

    @property
    def has_gaps(self) -> bool:
        """Whether something is missing in the middle, or was never stored."""
        return bool(self.gaps) or self.is_incomplete

    @property
    def is_ready(self) -> bool:
        """Whether there is something to play."""
        return self.state == RecordingState.ASSEMBLED

    @property
    def missing_ms(self) -> int:
        """How much cannot be watched."""
        unsent = max(0, self.captured_ms - self.stored_ms)
        return max(unsent, sum(gap.duration_ms for gap in self.gaps))


def sum_up(recording: Recording) -> Sums:
    """Count what there is of a recording at this moment.

    A closed segment counts with what its manifest says, an open one with the end of
    its last chunk. A damaged chunk has arrived, but is not stored.
    """
    # Only the number of each manifest: one lists up to ten thousand chunks.
    segments = recording.segments.annotate(
        reached_ms=Max(F("chunks__start_ms") + F("chunks__duration_ms")),
        told_ms=KeyTransform("duration_ms", "manifest"),
    ).values_list("reached_ms", "told_ms", "closed_at")
    captured = closed = 0
    for reached_ms, told_ms, closed_at in segments:
        captured += max(reached_ms or 0, told_ms or 0)
        closed += closed_at is not None
    totals = Chunk.objects.filter(segment__recording=recording).aggregate(
        count=Count("pk"),
        stored=Sum("duration_ms", filter=~Q(state=ChunkState.DAMAGED)),
        last_at=Max("stored_at"),
    )
    return Sums(
        segments=len(segments),
        closed=closed,
        chunks=totals["count"],
        captured_ms=captured,
        stored_ms=totals["stored"] or 0,
        last_at=totals["last_at"],
    )


def read_receipt(interview: Interview) -> RecordingReceipt:
    """Return captured, stored and missing over all tracks, whatever stage they are at."""
    playable = Asset.objects.filter(kind=AssetKind.PLAYABLE).order_by("part")
    recordings = interview.recordings.order_by("track").prefetch_related(
        Prefetch("assets", playable, to_attr="playable")
    )
    tracks = tuple(_read_track(one) for one in recordings)
    return RecordingReceipt(
        state=_overall({one.state for one in tracks}),
        captured_ms=sum(one.captured_ms for one in tracks),
        stored_ms=sum(one.stored_ms for one in tracks),
        gaps=tuple(gap for one in tracks for gap in one.gaps),
        tracks=tracks,
    )


def _read_track(recording: Recording) -> TrackReceipt:
    sums = sum_up(recording)
    playable: list[Asset] = recording.playable  # type: ignore[attr-defined]
    return TrackReceipt(
        track=recording.track,
        state=recording.state,
        captured_ms=sums.captured_ms,
        stored_ms=sums.stored_ms,
        gaps=tuple(gaps_of(recording)),
        hashes=tuple(asset.sha256 for asset in playable),
        deleted_at=recording.deleted_at,
    )


def _overall(states: set[str]) -> str | None:
    for state in (
        RecordingState.FAILED,
        RecordingState.RECORDING,
        RecordingState.ASSEMBLED,
        RecordingState.DELETED,
        RecordingState.EMPTY,
    ):
        if state in states:
            return state
    return None


def gaps_of(recording: Recording) -> list[Gap]:
    """Return the gaps found when the recording was assembled."""
    return [Gap(**hole) for hole in recording.holes]


def with_gaps() -> Q:
    """Return the condition for recordings with gaps, for lists and filters."""
    return ~Q(holes=[])


def recordings_with_gaps() -> QuerySet[Recording]:
    """Return the recordings in which something is missing."""
    return Recording.objects.filter(with_gaps())


def list_playable(interview: Interview) -> QuerySet[Asset]:
    """Return the files a player plays one after another, by track and part."""
    return (
        Asset.objects.filter(
            recording__interview=interview,
            kind=AssetKind.PLAYABLE,
            deleted_at__isnull=True,
        )
        .select_related("recording")
        .order_by("recording__track", "part")
    )


def find_poster(interview: Interview) -> Asset | None:
    """Return the picture to show before playing."""
    return Asset.objects.filter(
        recording__interview=interview, kind=AssetKind.POSTER, deleted_at__isnull=True
    ).first()


def list_holders() -> list[Holder]:
    """Return who has recordings, in the order of organisations."""
    pairs = Recording.objects.values_list(
        "interview__organisation_id", "interview__is_sample"
    )
    found = pairs.distinct().order_by(
        "interview__organisation_id", "interview__is_sample"
    )
    return [Holder(*pair) for pair in found]


def sum_stored_bytes(holder: Holder) -> int:
    """Return the bytes of a holder's chunks and finished files, as on record.

    A damaged chunk counts: what is left of it lies there until it is sent again.
    """
    interviews = Interview.objects.filter(
        organisation=holder.organisation_id, is_sample=holder.is_sample
    )
    chunks = Chunk.objects.filter(segment__recording__interview__in=interviews).exclude(
        state=ChunkState.RELEASED
    )
    assets = Asset.objects.filter(
        recording__interview__in=interviews, deleted_at__isnull=True
    )
    return sum(
        rows.aggregate(total=Sum("size"))["total"] or 0 for rows in (chunks, assets)
    )
