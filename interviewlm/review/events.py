"""The timeline in words: one line for each event a reviewer may care about."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from assistant.tools.catalogue import name_call
from base.text import shorten
from interviewlm.review.terminals import TERMINAL_WORDINGS
from interviews.enums import Decision, InterviewState, RunKind, TimeEntryKind
from interviews.fact_words import FACT_WORDINGS
from interviews.models import Interview
from interviews.selectors.review import event_time, format_clock
from interviews.timewords import format_seconds
from recordings.capture_words import describe_capture

MAX_LINES = 3000
SAME_EDIT_MS = 30_000
# Pieces of something that has an event of its own.
_BLOCKS = (
    "run.output",
    "turn.text",
    "recording.chunk_stored",
    "tool.ended",
    "terminal.output",
    "terminal.resized",
)
_EDIT = "document.updated"
_RUN_END = "run.finished"
_RESULTS = ("scorecard.created", "review.recorded")
_DETAIL_CHARS = 300
Payload = Mapping[str, Any]


@dataclass(frozen=True)
class EventLine:
    """One line; edits of one file in a row are one line from `first` to `last`."""

    first: int
    last: int
    t_ms: int | None
    end_ms: int | None
    origin: str
    kind: str
    title: str
    detail: str = ""
    count: int = 1

    @property
    def time(self) -> str:
        """The time on the interview's clock."""
        return format_clock(self.t_ms)

    @property
    def track(self) -> str:
        """The lane of the event."""
        return track_of(self.kind)


def track_of(kind: str) -> str:
    """Return the lane a kind belongs to."""
    noun = kind.split(".", 1)[0]
    chat = dict.fromkeys(("turn", "tool", "edit", "question", "hint", "policy"), "chat")
    lanes = chat | {"run": "runs", "terminal": "terminal"}
    code = dict.fromkeys(("document", "file", "other_file", "folder"), "code")
    return (code | lanes).get(noun, "session")


def list_events(
    interview: Interview, *, with_chat: bool, with_scores: bool = True
) -> list[EventLine]:
    """Return the lines in order.

    Without the right to see chats, not their words; without the right to see scores,
    neither scores and decisions nor how the hidden tests went.
    """
    events = interview.events.exclude(kind__in=_BLOCKS)
    secret_runs: set[str] = set()
    if not with_scores:
        events = events.exclude(kind__in=_RESULTS)
        hidden = interview.runs.filter(kind=RunKind.HIDDEN)
        secret_runs = {str(pk) for pk in hidden.values_list("pk", flat=True)}
    columns = ("seq", "t_ms", "at", "origin", "kind")
    full = events.exclude(kind=_EDIT).values_list(*columns, "payload")
    edits = events.filter(kind=_EDIT).values_list(*columns, "payload__path")
    rows: list[tuple[Any, ...]] = [*full, *edits]
    rows.sort(key=lambda row: int(row[0]))
    lines: list[EventLine] = []
    for seq, t_ms, at, origin, kind, payload in rows:
        t_ms = event_time(interview, t_ms, at)
        if kind == _EDIT:
            title = _("Edited %(path)s") % {"path": payload}
            _add_edit(lines, EventLine(seq, seq, t_ms, t_ms, origin, kind, title))
            continue
        if kind == _RUN_END and payload.get("run") in secret_runs:
            continue
        title, detail = describe(kind, payload, with_chat=with_chat)
        lines.append(EventLine(seq, seq, t_ms, t_ms, origin, kind, title, detail))
    return lines


def _add_edit(lines: list[EventLine], line: EventLine) -> None:
    """Join an edit to the line before, if it is of the same file and soon after."""
    before = lines[-1] if lines else None
    is_same = before is not None and (before.kind, before.title) == (
        line.kind,
        line.title,
    )
    if before is None or not is_same:
        lines.append(replace(line, detail=_count_changes(1)))
        return
    if (line.t_ms or 0) - (before.end_ms or 0) > SAME_EDIT_MS:
        lines.append(replace(line, detail=_count_changes(1)))
        return
    count = before.count + 1
    lines[-1] = replace(
        before,
        last=line.last,
        end_ms=line.t_ms,
        count=count,
        detail=_count_changes(count),
    )


def _count_changes(count: int) -> str:
    return ngettext("%d change", "%d changes", count) % count


def describe(kind: str, payload: Payload, *, with_chat: bool) -> tuple[str, str]:
    """Return title and detail of an event; an unknown kind is its own title."""
    if kind == "turn.asked":
        text = str(payload.get("text", "")) if with_chat else ""
        return _("Asked the assistant"), shorten(text, _DETAIL_CHARS)
    if kind == "tool.called":
        text = _name_tool(payload) if with_chat else ""
        return _("The assistant used a tool"), shorten(text, _DETAIL_CHARS)
    wording = _WORDINGS.get(kind)
    if wording is None:
        return kind, ""
    title, detail = wording(payload)
    return title, shorten(detail, _DETAIL_CHARS)


def _name_tool(payload: Payload) -> str:
    return name_call(str(payload.get("name", "")), payload.get("input") or {})


def _state(payload: Payload) -> tuple[str, str]:
    labels = dict(InterviewState.choices)
    before, after = payload.get("before", ""), payload.get("after", "")
    title = f"{labels.get(before, before)} → {labels.get(after, after)}"
    return title, str(payload.get("reason", ""))


def _clock(payload: Payload) -> tuple[str, str]:
    labels = dict(TimeEntryKind.choices)
    entry = payload.get("entry", "")
    seconds = int(payload.get("seconds", 0))
    sign = "+" if seconds > 0 else ""
    title = f"{labels.get(entry, entry)}: {sign}{format_seconds(seconds)}"
    return title, str(payload.get("reason", ""))


def _late(payload: Payload) -> tuple[str, str]:
    title = _("Arrived after the end: %(path)s") % {"path": payload.get("path", "")}
    words = (
        _("%(time)s late, still taken")
        if payload.get("is_applied")
        else _("%(time)s late, kept and not judged")
    )
    return title, words % {"time": format_seconds(int(payload.get("seconds", 0)))}


def _device(payload: Payload) -> tuple[str, str]:
    parts = ("camera", "microphone", "socket", "upload")
    detail = ", ".join(f"{part} {payload.get(part, '')}" for part in parts)
    return _("Checked the devices"), detail


def _run_started(payload: Payload) -> tuple[str, str]:
    labels = dict(RunKind.choices)
    kind = payload.get("run_kind", "")
    title = _("Ran: %(what)s") % {"what": labels.get(kind, kind)}
    return title, shlex.join(str(word) for word in payload.get("argv", []))


def _run_finished(payload: Payload) -> tuple[str, str]:
    passed, failed = payload.get("passed"), payload.get("failed")
    if passed is not None and failed is not None:
        counts = {"passed": passed, "failed": failed}
        return _("Run ended"), _("%(passed)d passed, %(failed)d failed") % counts
    code = payload.get("exit_code")
    detail = _("exit code %(code)s") % {"code": code} if code is not None else ""
    return _("Run ended"), ", ".join(
        part for part in (str(payload.get("reason", "")), detail) if part
    )


def _run_in_browser(payload: Payload) -> tuple[str, str]:
    counts = {"passed": payload.get("passed", 0), "failed": payload.get("failed", 0)}
    detail = _("Unverified: %(passed)d passed, %(failed)d failed, says the browser")
    return _("Ran the tests in the browser"), detail % counts


def _decision(payload: Payload) -> tuple[str, str]:
    labels = dict(Decision.choices)
    decision = payload.get("decision", "")
    return _("Decided: %(what)s") % {"what": labels.get(decision, decision)}, ""


def _proposed(payload: Payload) -> tuple[str, str]:
    paths = dict.fromkeys(str(part.get("path")) for part in payload.get("parts", []))
    return _("The assistant proposed an edit"), ", ".join(paths)


def _edit_decided(payload: Payload) -> tuple[str, str]:
    counts = {
        "accepted": len(payload.get("accepted", [])),
        "edited": len(payload.get("edited", [])),
        "refused": len(payload.get("refused", [])),
    }
    if payload.get("by") == "policy":
        detail = _("%(accepted)d applied at once, without being asked for")
        return _("The policy applied a proposed edit"), detail % counts
    detail = _("%(accepted)d accepted, %(edited)d changed first, %(refused)d refused")
    return _("Decided on a proposed edit"), detail % counts


def _taken_back(payload: Payload) -> tuple[str, str]:
    count = len(payload.get("parts", []))
    title = _("Took back what the policy had applied")
    return title, ngettext("%d part", "%d parts", count) % count


def _kept(payload: Payload) -> tuple[str, str]:
    parts = payload.get("parts", {}).values()
    counts = {"units": sum(p[0] for p in parts), "kept": sum(p[1] for p in parts)}
    detail = _("%(kept)d of %(units)d characters are still there") % counts
    return _("What was left of an accepted edit"), detail


def _hint(payload: Payload) -> tuple[str, str]:
    title = _("Took hint %(number)d of problem %(problem)d") % {
        "number": int(payload.get("number", 0)),
        "problem": int(payload.get("section", 0)) + 1,
    }
    is_own = payload.get("source") == "problem"
    source = _("written with the problem") if is_own else _("by the assistant")
    since = format_seconds(int(payload.get("ms", 0)) // 1000)
    return title, _("%(source)s, %(time)s into the problem") % {
        "source": source,
        "time": since,
    }


def _withheld(payload: Payload) -> tuple[str, str]:
    count = int(payload.get("lines", 0))
    detail = ngettext("%d line", "%d lines", count) % count
    return _("Code was left out of the assistant's words"), detail


def _path(words: str) -> Callable[[Payload], tuple[str, str]]:
    def wording(payload: Payload) -> tuple[str, str]:
        to = payload.get("to", "")
        path = f"{payload.get('path', '')} → {to}" if to else payload.get("path", "")
        return _(words) % {"path": path}, str(payload.get("source", ""))

    return wording


_WORDINGS: dict[str, Callable[[Payload], tuple[str, str]]] = {
    **FACT_WORDINGS,
    **TERMINAL_WORDINGS,
    "interview.state_changed": _state,
    "clock.changed": _clock,
    "consent.given": lambda p: (_("Agreed"), str(p.get("consent_version", ""))),
    "device.checked": _device,
    "problem.reported": lambda p: (_("Reported a problem"), str(p.get("page", ""))),
    "section.opened": lambda p: (
        _("Opened problem %(number)d") % {"number": int(p.get("section", 0)) + 1},
        "",
    ),
    "document.applied": lambda p: (
        _("Took a block of the answer into %(path)s") % {"path": p.get("path", "")},
        str(p.get("mode", "")),
    ),
    "document.late": _late,
    "file.created": _path(gettext_noop("File created: %(path)s")),
    "file.renamed": _path(gettext_noop("File renamed: %(path)s")),
    "file.deleted": _path(gettext_noop("File deleted: %(path)s")),
    "file.restored": _path(gettext_noop("File brought back: %(path)s")),
    "other_file.kept": _path(gettext_noop("Other file stored: %(path)s")),
    "other_file.renamed": _path(gettext_noop("File renamed: %(path)s")),
    "other_file.dropped": _path(gettext_noop("File deleted: %(path)s")),
    "other_file.restored": _path(gettext_noop("File brought back: %(path)s")),
    "folder.renamed": _path(gettext_noop("Folder renamed: %(path)s")),
    "folder.deleted": _path(gettext_noop("Folder deleted: %(path)s")),
    "folder.restored": _path(gettext_noop("Folder brought back: %(path)s")),
    "run.started": _run_started,
    _RUN_END: _run_finished,
    "run.in_browser": _run_in_browser,
    "turn.pictured": lambda payload: (
        _("Sent pictures along"),
        str(len(payload.get("images", []))),
    ),
    "turn.replaced": lambda _payload: (_("Edited the last question"), ""),
    "edit.proposed": _proposed,
    "edit.decided": _edit_decided,
    "edit.taken_back": _taken_back,
    "edit.kept": _kept,
    "question.asked": lambda _p: (_("The assistant asked the candidate to choose"), ""),
    "question.answered": lambda p: (
        _("Skipped a question") if p.get("is_skipped") else _("Answered a question"),
        "",
    ),
    "hint.taken": _hint,
    "policy.withheld": _withheld,
    "turn.followed": lambda _p: (_("The assistant went on after the decisions"), ""),
    "turn.finished": lambda p: (
        _("The assistant answered"),
        str(p.get("stop_reason", "")),
    ),
    "turn.failed": lambda p: (_("The assistant failed"), str(p.get("code", ""))),
    "message.rated": lambda p: (_("Rated an answer"), str(p.get("rating") or "")),
    "turn.fallback": lambda p: (
        _("Answered by %(model)s instead of %(chosen)s")
        % {"model": p.get("model", ""), "chosen": p.get("chosen", "")},
        str(p.get("code", "")),
    ),
    "budget.reached": lambda _p: (_("Reached a limit of its budget"), ""),
    "recording.segment_opened": lambda _p: (_("The recording began"), ""),
    "recording.segment_closed": lambda _p: (_("The recording stopped"), ""),
    "recording.capture_noted": describe_capture,
    "scorecard.created": lambda p: (
        _("Scored"),
        _("scorecard %(number)s") % {"number": p.get("number", "")},
    ),
    "interviewer.joined": lambda p: (
        _("Watched by %(name)s") % {"name": p.get("name", "")},
        "",
    ),
    "review.recorded": _decision,
}
