"""Facts of presence as reviewers and candidates read them: the same lines for both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from base.text import utf16_length
from interviews.enums import Origin
from interviews.fact_words import FACT_WORDINGS, describe_away, describe_paste
from interviews.models import Interview
from interviews.selectors.review import event_time, format_clock
from interviews.timeline.kinds import DocumentUpdated
from interviews.timeline.presence_kinds import FocusLost, FocusRegained

MOST_LINES = 1000
_FROM_OUTSIDE = ("paste", "drop")


@dataclass(frozen=True)
class FactLine:
    """One fact; `t_ms` is on the interview's clock."""

    seq: int
    at: datetime
    t_ms: int | None
    title: str
    detail: str

    @property
    def time(self) -> str:
        """The time on the interview's clock."""
        return format_clock(self.t_ms)


@dataclass(frozen=True)
class Presence:
    """What was noted; `is_noted` says whether the assessment has it noted at all."""

    is_noted: bool
    summary: str = ""
    lines: tuple[FactLine, ...] = ()
    cut: int = 0


def read_presence(interview: Interview) -> Presence:
    """Return the facts in the order of their times, in two queries.

    Moves between windows stand there in any case: the room makes them, not a page.
    Pastes come from the timeline of the files and are kept nowhere else.
    """
    is_noted = interview.assessment_version.notes_presence
    rows = list(
        interview.events.filter(kind__in=FACT_WORDINGS)
        .order_by("seq")
        .values_list("seq", "t_ms", "at", "kind", "payload")
    )
    lines = [
        FactLine(
            seq, at, event_time(interview, t_ms, at), *FACT_WORDINGS[kind](payload)
        )
        for seq, t_ms, at, kind, payload in rows
    ]
    if is_noted:
        lines += _list_pastes(interview)
    lines.sort(key=lambda line: (line.at, line.seq))
    return Presence(
        is_noted,
        _summarise([(kind, payload) for *_when, kind, payload in rows]),
        tuple(lines[:MOST_LINES]),
        max(0, len(lines) - MOST_LINES),
    )


def _summarise(facts: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    times, away_ms = 0, 0
    for kind, payload in facts:
        times += kind == FocusLost.kind
        if kind == FocusRegained.kind:
            away_ms += int(payload.get("away_ms", 0))
    return describe_away(times, round(away_ms / 1000)) if times else ""


@dataclass
class _Paste:
    """Text from outside that may have come in several updates of one file."""

    key: tuple[str, str, int]
    seq: int
    at: datetime
    t_ms: int | None
    units: int = 0
    breaks: int = 0

    def add(self, changes: Iterable[Any]) -> None:
        for part in changes:
            if isinstance(part, list) and len(part) > 1:
                inserted = [str(line) for line in part[1:]]
                self.breaks += len(inserted) - 1
                self.units += sum(map(utf16_length, inserted)) + len(inserted) - 1

    @property
    def is_whole(self) -> bool:
        return self.units >= self.key[2]

    def as_line(self) -> FactLine:
        path, kind, size = self.key
        words = describe_paste(size, self.breaks + 1, path, is_drop=kind == "drop")
        return FactLine(self.seq, self.at, self.t_ms, *words)


def _list_pastes(interview: Interview) -> list[FactLine]:
    rows = (
        interview.events.filter(
            kind=DocumentUpdated.kind, origin=Origin.CANDIDATE, version__gte=2
        )
        .annotate(text=Cast("payload", TextField()))
        .filter(text__contains='"outside"')
        .order_by("seq")
        .values_list("seq", "t_ms", "at", "payload")
    )
    found: list[_Paste] = []
    for seq, t_ms, at, payload in rows:
        for update in payload["updates"]:
            told = update.get("input") or {}
            if told.get("source") != "outside" or told.get("kind") not in _FROM_OUTSIDE:
                continue
            key = (payload["path"], told["kind"], told["size"])
            if not found or found[-1].key != key or found[-1].is_whole:
                found.append(_Paste(key, seq, at, event_time(interview, t_ms, at)))
            found[-1].add(update["changes"])
    return [paste.as_line() for paste in found]
