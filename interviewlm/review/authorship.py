"""Who wrote the code: shares by origin, and a file's lines with where they came from."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from assistant.decided import Acceptance, read_acceptance
from base.errors import DomainError
from interviewlm.costs.words import format_share
from interviews.enums import TextOrigin
from interviews.models import Interview
from interviews.selectors.origins import count_shares, read_origins
from interviews.selectors.review import event_time, format_clock
from interviews.workspace.origins import TextOrigins

logger = logging.getLogger(__name__)

MAX_LINES = 4000
MAX_FILES = 200
# One order on every bar, so that bars can be compared.
_ORDER = (
    TextOrigin.STARTER,
    TextOrigin.TYPED,
    TextOrigin.PASTED_INSIDE,
    TextOrigin.PASTED_OUTSIDE,
    TextOrigin.ASSISTANT,
    TextOrigin.COMMAND,
    TextOrigin.INTERVIEWER,
    TextOrigin.UNKNOWN,
)
# The letters of static/css/origins.css.
_LETTERS = dict(zip(_ORDER, "STRPA$I?", strict=True))
_LEAST_WITH_LETTER = 3.0


@dataclass(frozen=True)
class Share:
    """A part of a bar: `x` and `width` in per cent of it, `letter` where it fits."""

    origin: TextOrigin
    units: int
    words: str
    x: str
    width: str
    letter: str


@dataclass(frozen=True)
class Bar:
    """The shares of some text, in the order of every bar; `words` say them all."""

    shares: list[Share]
    units: int

    @property
    def words(self) -> str:
        """The shares for whoever does not see the bar."""
        return ", ".join(f"{one.origin.label} {one.words}" for one in self.shares)

    @property
    def words_without_starter(self) -> str:
        """The shares of what is not from starter files; empty where that says no more."""
        added = [one for one in self.shares if one.origin != TextOrigin.STARTER]
        total = sum(one.units for one in added)
        if len(added) == len(self.shares):
            return ""
        words = [
            f"{one.origin.label} {format_share(one.units, total)}" for one in added
        ]
        return ", ".join(words)


@dataclass(frozen=True)
class WrittenFile:
    """A file that has text, and its bar."""

    path: str
    bar: Bar


@dataclass(frozen=True)
class Authorship:
    """The bar of all files together, and each file's own; None where it is not known."""

    bar: Bar | None = None
    files: list[WrittenFile] = field(default_factory=list)
    files_cut: int = 0
    acceptance: Acceptance | None = None


def read_authorship(interview: Interview) -> Authorship:
    """Return what the Facts tab shows of who wrote the code, in two queries."""
    texts = _read_texts(interview)
    if texts is None:
        return Authorship()
    files = [
        WrittenFile(path, make_bar([origins]))
        for path, origins in sorted(texts.items())
        if origins.runs
    ]
    return Authorship(
        make_bar(texts.values()),
        files[:MAX_FILES],
        max(0, len(files) - MAX_FILES),
        read_acceptance(interview, texts.values()),
    )


def _read_texts(interview: Interview) -> dict[str, TextOrigins] | None:
    """Return the origins by path; None for a timeline that does not fit together."""
    try:
        return read_origins(interview)
    except (KeyError, DomainError):
        # The rest of the desk is worth more than this one fact.
        logger.exception("The origins of %s cannot be told", interview.pk)
        return None


def make_bar(texts: Iterable[TextOrigins]) -> Bar:
    """Return the bar of these texts together."""
    found = {share.origin: share for share in count_shares(texts)}
    shares, x = [], 0.0
    for origin in _ORDER:
        if origin not in found:
            continue
        share = found[origin]
        shares.append(
            Share(
                origin,
                share.units,
                format_share(share.units, share.total),
                f"{x:.3f}%",
                f"{share.percent:.3f}%",
                _LETTERS[origin] if share.percent >= _LEAST_WITH_LETTER else "",
            )
        )
        x += share.percent
    return Bar(shares, sum(share.units for share in shares))


@dataclass
class _Line:
    """A line: neighbouring text by origin, and the event that changed it last."""

    parts: list[tuple[TextOrigin, str]] = field(default_factory=list)
    seq: int = 0

    def add(self, origin: TextOrigin, text: str, seq: int) -> None:
        if self.parts and self.parts[-1][0] == origin:
            text = self.parts.pop()[1] + text
        self.parts.append((origin, text))
        self.seq = max(self.seq, seq)


def describe_file(interview: Interview, path: str) -> dict[str, Any] | None:
    """Return a file's lines for the page; None where there is no such text.

    A line is (time, t_ms, event, [(origin, text), …]); the moment is that of its
    latest change. `cut` lines beyond the most shown are left out.
    """
    origins = (_read_texts(interview) or {}).get(path)
    if origins is None:
        return None
    lines = _split_lines(origins)
    shown = lines[:MAX_LINES]
    times = _read_times(interview, {line.seq for line in shown})
    return {
        "path": path,
        "labels": {origin.value: origin.label for origin in _ORDER},
        "lines": [
            (*times.get(line.seq, ("", None)), line.seq, line.parts) for line in shown
        ],
        "cut": _describe_cut(len(lines) - len(shown)),
    }


def _split_lines(origins: TextOrigins) -> list[_Line]:
    lines = [_Line()]
    for run, text in origins.pieces():
        first, *rest = text.split("\n")
        if first:
            lines[-1].add(run.origin, first, run.event)
        for part in rest:
            # A line without text is whose end of line it is.
            if not lines[-1].parts:
                lines[-1].add(run.origin, "", run.event)
            lines.append(_Line())
            if part:
                lines[-1].add(run.origin, part, run.event)
    return lines if lines[-1].parts else lines[:-1]


def _read_times(
    interview: Interview, seqs: set[int]
) -> dict[int, tuple[str, int | None]]:
    rows = interview.events.filter(seq__in=seqs).values_list("seq", "t_ms", "at")
    found = {}
    for seq, t_ms, at in rows:
        time = event_time(interview, t_ms, at)
        found[seq] = (format_clock(time), time)
    return found


def _describe_cut(count: int) -> str:
    if count <= 0:
        return ""
    text = _("%(count)d later lines are not shown. The Code tab has the whole file.")
    return text % {"count": count}
