"""Terminals on the desk: which shells there were, and their output to play again."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from interviews.models import Interview
from interviews.selectors.review import event_time, format_clock
from interviews.terminals import NAMES, unpack_chunks
from interviews.timeline.terminals import (
    TerminalEnded,
    TerminalOutput,
    TerminalRecordingFull,
    TerminalResized,
    TerminalStarted,
)

Payload = Mapping[str, Any]

# What one answer holds at least, as long as there is more.
PAGE_BYTES = 512 * 1024
# Output with shorter silence than this is one stretch of the lane.
SAME_STRETCH_MS = 10_000
_COLUMNS = ("seq", "t_ms", "at", "kind", "payload")
_REASONS = {
    "exit": gettext_noop("left with code %(code)s"),
    "killed": gettext_noop("ended by the interview or the candidate"),
    "idle": gettext_noop("ended: nobody used it"),
    "memory": gettext_noop("ended: it took too much memory"),
    "workspace_closed": gettext_noop("ended with the interview"),
    "restart": gettext_noop("gone with a restart of the runner"),
}


@dataclass(frozen=True)
class ShellLine:
    """One shell of a terminal."""

    name: str
    seq: int
    t_ms: int | None
    ended: str = ""

    @property
    def time(self) -> str:
        """The time on the interview's clock."""
        return format_clock(self.t_ms)


@dataclass(frozen=True)
class Stretch:
    """A time in which a terminal showed something."""

    seq: int
    start_ms: int
    end_ms: int


def list_shells(interview: Interview) -> list[ShellLine]:
    """Return the shells there were, in order."""
    found: dict[str, list[ShellLine]] = {}
    kinds = (TerminalStarted.kind, TerminalEnded.kind)
    for seq, t_ms, at, kind, payload in _read(interview, kinds):
        shells = found.setdefault(str(payload["name"]), [])
        if kind == TerminalStarted.kind:
            time = event_time(interview, t_ms, at)
            shells.append(ShellLine(str(payload["name"]), seq, time))
        elif shells:
            shells[-1] = replace(shells[-1], ended=describe_end(payload))
    every = [line for shells in found.values() for line in shells]
    return sorted(every, key=lambda line: line.seq)


def describe_end(payload: Any) -> str:
    """Return why a shell ended."""
    words = _REASONS.get(str(payload.get("reason")))
    return "" if words is None else _(words) % {"code": payload.get("code")}


def list_stretches(interview: Interview) -> list[Stretch]:
    """Return when terminals showed something, without asking for what."""
    rows = interview.events.filter(kind=TerminalOutput.kind, t_ms__gte=0)
    found: list[Stretch] = []
    for seq, found_ms in rows.order_by("t_ms").values_list("seq", "t_ms"):
        t_ms = found_ms or 0
        if found and t_ms - found[-1].end_ms < SAME_STRETCH_MS:
            found[-1] = replace(found[-1], end_ms=t_ms + 1000)
        else:
            found.append(Stretch(seq, t_ms, t_ms + 1000))
    return found


def read_film(interview: Interview, name: str, after: int) -> dict[str, Any] | None:
    """Return what a terminal showed, from behind an event on, as much as one answer
    holds; `next` is where to go on, None at the end. None for an unknown terminal.
    """
    if name not in NAMES:
        return None
    items: list[dict[str, Any]] = []
    size = 0
    for seq, t_ms, at, kind, payload in _read(interview, name=name, after=after):
        time = event_time(interview, t_ms, at) or 0
        items += _describe(kind, time, payload)
        size += payload.get("size", 0)
        if size >= PAGE_BYTES:
            return {"items": items, "next": seq}
    return {"items": items, "next": None}


def _read(
    interview: Interview,
    kinds: tuple[str, ...] = (),
    *,
    name: str = "",
    after: int = 0,
) -> Iterator[tuple[int, int | None, Any, str, Any]]:
    events = interview.events.filter(kind__startswith="terminal.", seq__gt=after)
    if kinds:
        events = events.filter(kind__in=kinds)
    for row in events.order_by("seq").values_list(*_COLUMNS).iterator(chunk_size=200):
        if not name or row[4].get("name", name) == name:
            yield row


def _describe(kind: str, time: int, payload: Any) -> list[dict[str, Any]]:
    match kind:
        case TerminalStarted.kind:
            size = {"rows": payload["rows"], "cols": payload["cols"]}
            return [{"t": time, "kind": "start", **size}]
        case TerminalResized.kind:
            size = {"rows": payload["rows"], "cols": payload["cols"]}
            return [{"t": time, "kind": "size", **size}]
        case TerminalEnded.kind:
            return [{"t": time, "kind": "end", "words": describe_end(payload)}]
        case TerminalRecordingFull.kind:
            words = _("The limit is reached: what followed is not kept.")
            return [{"t": time, "kind": "end", "words": words}]
        case TerminalOutput.kind:
            return list(_describe_output(time, payload))
    return []


def _describe_output(time: int, payload: Any) -> Iterator[dict[str, Any]]:
    if payload["cut"]:
        yield {"t": time, "kind": "cut", "bytes": payload["cut"]}
    for at, data in unpack_chunks(payload["data"]):
        yield {"t": time + at, "kind": "out", "data": b64encode(data).decode()}


def _started(payload: Payload) -> tuple[str, str]:
    title = _("Opened terminal %(name)s") % {"name": payload.get("name", "")}
    return title, ""


def _ended(payload: Payload) -> tuple[str, str]:
    title = _("Terminal %(name)s ended") % {"name": payload.get("name", "")}
    return title, describe_end(payload)


def _full(_payload: Payload) -> tuple[str, str]:
    return _("The record of the terminals is full"), ""


TERMINAL_WORDINGS: dict[str, Callable[[Payload], tuple[str, str]]] = {
    TerminalStarted.kind: _started,
    TerminalEnded.kind: _ended,
    TerminalRecordingFull.kind: _full,
}
