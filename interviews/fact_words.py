"""Facts of presence in words: what was seen, never what it may mean."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from interviews.timeline.presence_kinds import (
    DisplaysTold,
    FactsCut,
    FocusLost,
    FocusRegained,
    ViewportNarrowed,
    WritingMoved,
)
from interviews.timewords import format_seconds

Payload = Mapping[str, Any]
Words = tuple[str, str]


def _lost(payload: Payload) -> Words:
    if payload.get("how") == "hidden":
        return _("The room was not in front"), _("another tab, or minimised")
    return _("The room was not in front"), _("another window had the keyboard")


def _regained(payload: Payload) -> Words:
    time = format_seconds(round(int(payload.get("away_ms", 0)) / 1000))
    return _("The room was in front again"), _("after %(time)s") % {"time": time}


def _narrowed(payload: Payload) -> Words:
    width, height = int(payload.get("width", 0)), int(payload.get("height", 0))
    by = [
        _("%(pixels)d pixels narrower") % {"pixels": width} if width else "",
        _("%(pixels)d pixels lower") % {"pixels": height} if height else "",
    ]
    detail = _("%(by)s; developer tools and sidebars do that") % {
        "by": ", ".join(part for part in by if part)
    }
    return _("The page's area got smaller in a window of the same size"), detail


def _displays(payload: Payload) -> Words:
    if payload.get("is_extended"):
        return _("The browser told of more than one display"), ""
    return _("The browser told of one display"), ""


def _moved(payload: Payload) -> Words:
    before = {
        "tab": _("before in another tab of the same browser"),
        "device": _("before in another browser or on another device"),
    }.get(str(payload.get("place", "")), "")
    if payload.get("is_asked"):
        return _("Went on in another window"), before
    return _("Went on in another window after the first was gone"), before


def _cut(payload: Payload) -> Words:
    kept = int(payload.get("kept", 0))
    detail = ngettext("%d is kept", "%d are kept", kept) % kept
    return _("Further facts of presence were not noted"), detail


FACT_WORDINGS: Mapping[str, Callable[[Payload], Words]] = {
    FocusLost.kind: _lost,
    FocusRegained.kind: _regained,
    ViewportNarrowed.kind: _narrowed,
    DisplaysTold.kind: _displays,
    WritingMoved.kind: _moved,
    FactsCut.kind: _cut,
}


def describe_paste(size: int, lines: int, path: str, *, is_drop: bool) -> Words:
    """Return the words for text that came into a file from outside the room."""
    title = _("Dropped from outside the room") if is_drop else ""
    count = ngettext("%(n)d line", "%(n)d lines", lines) % {"n": lines}
    units = ngettext("%(n)d character", "%(n)d characters", size) % {"n": size}
    detail = _("%(lines)s, %(units)s, into %(path)s")
    return title or _("Pasted from outside the room"), detail % {
        "lines": count,
        "units": units,
        "path": path,
    }


def describe_away(times: int, seconds: int) -> str:
    """Return one line on how often and how long the room was not in front."""
    often = ngettext("%(n)d time", "%(n)d times", times) % {"n": times}
    text = _("Not in front %(often)s, together %(time)s.")
    return text % {"often": often, "time": format_seconds(seconds)}
