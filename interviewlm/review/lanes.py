"""The lanes under the player: marks and spans along the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from interviewlm.review.events import EventLine
from interviewlm.review.media import Gap, Media, Part
from interviewlm.review.terminals import Stretch
from interviews.models import Interview
from interviews.selectors.review import format_clock
from recordings.enums import Track

WIDTH = 1000.0
LANE_HEIGHT = 16
_LEAST = 2.0


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
    """Marks of one kind; `gaps` are stretches of a recording without a picture."""

    name: str
    label: str
    y: int
    marks: list[Mark]
    gaps: Sequence[Mark] = ()


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


def build_lanes(
    lines: Sequence[EventLine],
    media: Media,
    length_ms: int,
    stretches: Sequence[Stretch] = (),
) -> list[Lane]:
    """Return the lanes from the start to `length_ms`; empty before the start.

    `stretches` are when terminals showed something; without any they have no lane.
    """
    if length_ms <= 1:
        return []
    names = (("code", _("Code")), ("chat", _("Chat")), ("runs", _("Runs")))
    recorded = [
        Lane(
            "recording",
            _lane_label(track.track) if len(media.tracks) > 1 else _("Recording"),
            0,
            [_span(part, length_ms) for part in track.parts],
            [_gap(gap, length_ms) for gap in track.gaps],
        )
        for track in media.tracks
    ]
    others = [
        Lane(
            name,
            label,
            0,
            [
                mark
                for line in lines
                if line.track == name and (mark := _mark(line, length_ms))
            ],
        )
        for name, label in names
    ]
    shown = [_stretch(each, length_ms) for each in stretches]
    terminal = [Lane("terminal", _("Terminal"), 0, shown)] if shown else []
    return [
        replace(lane, y=at * LANE_HEIGHT + 3)
        for at, lane in enumerate([*recorded, *others, *terminal])
    ]


def _lane_label(track: str) -> str:
    """Return a word that leaves the lanes their room."""
    return _("Screen") if track == Track.SCREEN else _("Camera")


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


def _stretch(stretch: Stretch, length_ms: int) -> Mark:
    x = min(WIDTH - _LEAST, stretch.start_ms / length_ms * WIDTH)
    width = max(_LEAST, (stretch.end_ms - stretch.start_ms) / length_ms * WIDTH)
    width = round(min(width, WIDTH - x), 1)
    title = f"{format_clock(stretch.start_ms)} {_('Terminal')}"
    return Mark(round(x, 1), width, stretch.seq, stretch.start_ms, title, "")


def _gap(gap: Gap, length_ms: int) -> Mark:
    x = min(WIDTH - _LEAST, max(0.0, gap.start_ms / length_ms * WIDTH))
    width = max(_LEAST, (gap.end_ms - gap.start_ms) / length_ms * WIDTH)
    title = _("No picture from %(start)s to %(end)s") % {
        "start": format_clock(gap.start_ms),
        "end": format_clock(gap.end_ms),
    }
    width = round(min(width, WIDTH - x), 1)
    return Mark(round(x, 1), width, 0, gap.start_ms, title, "")
