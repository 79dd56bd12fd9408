"""Player and lanes: which recording parts there are, and marks along the clock."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from interviewlm.review.events import EventLine
from interviews.models import Interview
from interviews.selectors.review import format_clock
from recordings.enums import AssetKind
from recordings.models import Asset, Recording

WIDTH = 1000.0
_LEAST = 2.0


class Gap(BaseModel):
    """A stretch of the clock without a picture."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    start_ms: int = 0
    end_ms: int = 0
    reason: str = ""

    @property
    def time(self) -> str:
        """Where it begins on the interview's clock."""
        return format_clock(self.start_ms)

    @property
    def seconds(self) -> int:
        """How long it is."""
        return max(0, self.end_ms - self.start_ms) // 1000

    @property
    def words(self) -> str:
        """Why, as the assembly noted it."""
        return self.reason.replace("_", " ")


_gaps: TypeAdapter[list[Gap]] = TypeAdapter(list[Gap])


@dataclass(frozen=True)
class Part:
    """One file of the player's list."""

    url: str
    mime_type: str
    start_ms: int
    duration_ms: int
    track: str
    poster: str

    @property
    def time(self) -> str:
        """Where it begins on the interview's clock."""
        return format_clock(self.start_ms)

    def as_json(self) -> dict[str, object]:
        """Return what the player needs."""
        return {
            "url": self.url,
            "type": self.mime_type,
            "start": self.start_ms,
            "duration": self.duration_ms,
            "poster": self.poster,
        }


@dataclass(frozen=True)
class Mark:
    """A rectangle of a lane."""

    x: float
    width: float
    seq: int
    t_ms: int
    title: str
    origin: str


@dataclass(frozen=True)
class Lane:
    """Marks of one kind."""

    name: str
    label: str
    y: int
    marks: list[Mark]


@dataclass(frozen=True)
class Media:
    """Everything recorded."""

    parts: list[Part]
    gaps: list[Gap]
    recordings: list[Recording]


def read_media(interview: Interview) -> Media:
    """Return playable parts in order, and what is missing."""
    recordings = list(interview.recordings.order_by("track"))
    assets = list(
        Asset.objects.filter(recording__interview=interview)
        .select_related("recording")
        .order_by("recording__track", "part")
    )
    posters = {
        (asset.recording_id, asset.part): _url(interview, asset)
        for asset in assets
        if asset.kind == AssetKind.POSTER
    }
    parts = [
        Part(
            url=_url(interview, asset),
            mime_type=asset.mime_type,
            start_ms=asset.start_ms,
            duration_ms=asset.duration_ms,
            track=asset.recording.track,
            poster=posters.get((asset.recording_id, asset.part), ""),
        )
        for asset in assets
        if asset.kind == AssetKind.PLAYABLE
    ]
    gaps = [gap for recording in recordings for gap in read_gaps(recording)]
    return Media(parts, gaps, recordings)


def _url(interview: Interview, asset: Asset) -> str:
    return reverse("recordings:asset", args=[interview.pk, asset.pk])


def read_gaps(recording: Recording) -> list[Gap]:
    """Return the gaps on record; one that cannot be read still counts as one."""
    try:
        return _gaps.validate_python(recording.holes)
    except ValidationError:
        return [Gap() for _hole in recording.holes]


def worked_ms(interview: Interview) -> int:
    """Return how long the candidate had, or has until the time is up."""
    end = interview.ended_at or interview.ends_at
    if interview.started_at is None or end is None:
        return 0
    return int((end - interview.started_at).total_seconds() * 1000)


def total_ms(interview: Interview, lines: Sequence[EventLine]) -> int:
    """Return how long the lanes are: to the last moment, hidden tests included."""
    if interview.started_at is None:
        return 0
    inside = [line.t_ms or 0 for line in lines if line.track != "session"]
    return max(1, worked_ms(interview), *inside)


def build_lanes(lines: Sequence[EventLine], media: Media, length_ms: int) -> list[Lane]:
    """Return the lanes from the start to `length_ms`; empty before the start."""
    if length_ms <= 1:
        return []
    names = (("code", _("Code")), ("chat", _("Chat")), ("runs", _("Runs")))
    lanes = [
        (
            name,
            label,
            [
                mark
                for line in lines
                if line.track == name and (mark := _mark(line, length_ms))
            ],
        )
        for name, label in names
    ]
    spans = [_span(part, length_ms) for part in media.parts]
    if spans:
        lanes.insert(0, ("recording", _("Recording"), spans))
    return [
        Lane(name, label, at * 16 + 3, marks)
        for at, (name, label, marks) in enumerate(lanes)
    ]


def _mark(line: EventLine, length_ms: int) -> Mark | None:
    if line.t_ms is None or line.t_ms < 0:
        return None
    x = min(WIDTH - _LEAST, line.t_ms / length_ms * WIDTH)
    width = max(_LEAST, ((line.end_ms or line.t_ms) - line.t_ms) / length_ms * WIDTH)
    title = f"{line.time} {line.title}"
    return Mark(round(x, 1), round(width, 1), line.first, line.t_ms, title, line.origin)


def _span(part: Part, length_ms: int) -> Mark:
    x = max(0.0, part.start_ms / length_ms * WIDTH)
    width = max(_LEAST, part.duration_ms / length_ms * WIDTH)
    return Mark(
        round(x, 1), round(min(width, WIDTH - x), 1), 0, part.start_ms, part.time, ""
    )
