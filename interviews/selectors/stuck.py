"""Live interviews that need a look: reasons with their times, in a few queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from uuid import UUID

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Right, RowNumber
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import Standing
from base.clock import now
from base.text import shorten
from interviews.enums import CANDIDATE_RUN_KINDS, InterviewState, Origin, RunState
from interviews.models import Attendance, Event, Interview, Run
from interviews.timeline.presence_kinds import FocusLost, FocusRegained

# Nothing written in files, to the assistant or in a terminal for so long.
NO_KEYSTROKE_AFTER = timedelta(minutes=5)
# Nothing run for so long.
NO_RUN_AFTER = timedelta(minutes=20)
# So many runs in a row ended with the same error.
SAME_ERROR_RUNS = 3
# The page says every fifteen seconds that it is there; two may be lost.
AWAY_AFTER = timedelta(seconds=45)
# The page came back so often within so long: a poor connection.
POOR_RETURNS = 4
POOR_WITHIN = timedelta(minutes=10)
# The room was not in front for so long, where the assessment has that noted.
NOT_IN_FRONT_AFTER = timedelta(minutes=5)

_LAST_RUNS = 8
_OUTPUT_END = 600
_ERROR_CHARS = 160

# What the page says of its own thresholds, so that nobody has to guess.
THRESHOLDS = (
    (gettext_lazy("No keystroke"), NO_KEYSTROKE_AFTER),
    (gettext_lazy("No run"), NO_RUN_AFTER),
    (gettext_lazy("Not connected"), AWAY_AFTER),
    (gettext_lazy("Not in front"), NOT_IN_FRONT_AFTER),
)


@dataclass(frozen=True)
class Reason:
    """Why somebody should look; `since` is when it began."""

    name: str
    tone: str
    text: str
    since: datetime
    detail: str = ""


@dataclass(frozen=True)
class StuckInterview:
    """A live interview with its reasons, the gravest first."""

    interview: Interview
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class LiveInterviews:
    """All that run, and those of them that need a look."""

    running: int
    stuck: tuple[StuckInterview, ...]


def list_live(standing: Standing) -> QuerySet[Interview]:
    """Return the running interviews that this person may watch."""
    own = Interview.objects.filter(
        organisation=standing.organisation,
        state=InterviewState.ACTIVE,
        is_preview=False,
        ends_at__gt=now(),
    )
    if standing.may("watch_any", "interview"):
        return own
    if standing.may("watch", "interview"):
        return own.filter(interviewers__user=standing.user)
    return own.none()


def read_stuck(standing: Standing) -> LiveInterviews:
    """Return who needs a look now, longest first; three queries for any number."""
    live = list(
        _with_signs(list_live(standing)).select_related(
            "candidate", "assessment_version"
        )
    )
    ids = [interview.pk for interview in live]
    errors, returns = _read_errors(ids), _count_returns(ids)
    found = [
        StuckInterview(interview, reasons)
        for interview in live
        if (
            reasons := tuple(
                _list_reasons(
                    interview,
                    errors.get(interview.pk),
                    returns.get(interview.pk, 0),
                )
            )
        )
    ]
    found.sort(key=lambda row: min(reason.since for reason in row.reasons))
    return LiveInterviews(len(live), tuple(found))


def _with_signs(interviews: QuerySet[Interview]) -> QuerySet[Interview]:
    """Add when each kind of thing was last done, one look at an index each."""
    runs = Run.objects.filter(interview=OuterRef("pk"), kind__in=CANDIDATE_RUN_KINDS)
    typed = _events("document.updated").filter(origin=Origin.CANDIDATE)
    return interviews.annotate(
        edited_at=Subquery(typed.values("at")[:1]),
        asked_at=Subquery(_events("turn.asked").values("at")[:1]),
        terminal_at=Subquery(_events("terminal.output").values("at")[:1]),
        run_at=Subquery(runs.order_by("-created_at").values("created_at")[:1]),
        left_at=Subquery(_events(FocusLost.kind).values("at")[:1]),
        left_seq=Subquery(_events(FocusLost.kind).values("seq")[:1]),
        back_seq=Coalesce(Subquery(_events(FocusRegained.kind).values("seq")[:1]), 0),
    )


def _events(kind: str) -> QuerySet[Event]:
    return Event.objects.filter(interview=OuterRef("pk"), kind=kind).order_by("-seq")


def _count_returns(ids: Sequence[UUID]) -> dict[UUID, int]:
    rows = (
        Attendance.objects.filter(interview__in=ids, opened_at__gt=now() - POOR_WITHIN)
        .order_by()
        .values_list("interview")
        .annotate(Count("pk"))
    )
    return dict(rows)


# Runs that end with the same error


def _read_errors(ids: Sequence[UUID]) -> dict[UUID, Reason]:
    """Return the reason for each interview whose last runs ended alike."""
    number = Window(
        RowNumber(), partition_by=F("interview"), order_by=F("created_at").desc()
    )
    rows = (
        Run.objects.filter(
            interview__in=ids, kind__in=CANDIDATE_RUN_KINDS, state=RunState.FINISHED
        )
        .annotate(number=number, end=Right("output", _OUTPUT_END))
        .filter(number__lte=_LAST_RUNS)
        .order_by("interview", "number")
        .values("interview", "created_at", "exit_code", "reason", "tests", "end")
    )
    by_interview: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_interview.setdefault(row["interview"], []).append(row)
    return {
        pk: reason
        for pk, runs in by_interview.items()
        if (reason := _find_repeated(runs)) is not None
    }


def _find_repeated(runs: Sequence[Mapping[str, Any]]) -> Reason | None:
    """`runs` are the newest first."""
    error = name_error(runs[0])
    alike = list(takewhile(lambda run: error and name_error(run) == error, runs))
    if len(alike) < SAME_ERROR_RUNS:
        return None
    count = f"{len(alike)}+" if len(alike) == _LAST_RUNS else str(len(alike))
    text = _("The same error in the last %(count)s runs") % {"count": count}
    return Reason("error", "warning", text, alike[-1]["created_at"], error)


def name_error(run: Mapping[str, Any]) -> str:
    """Return what a run failed with in one line; empty for one that went well."""
    failed = [
        test
        for test in run["tests"] or ()
        if test.get("outcome") in ("failed", "error")
    ]
    if failed:
        first = failed[0]
        message = str(first.get("message") or "").strip().splitlines()
        words = ": ".join([str(first.get("name", "")), *message[:1]])
        return shorten(words, _ERROR_CHARS)
    if run["tests"] or (run["reason"] == "exited" and run["exit_code"] == 0):
        return ""
    lines = [line.strip() for line in str(run["end"]).splitlines() if line.strip()]
    last = lines[-1] if lines else str(run["reason"])
    return shorten(last, _ERROR_CHARS)


# Reasons of one interview


def _list_reasons(
    interview: Any, error: Reason | None, returns: int
) -> Iterable[Reason]:
    at, began = now(), interview.started_at or interview.created_at
    seen = interview.last_seen_at or began
    if at - seen >= AWAY_AFTER:
        yield Reason("away", "danger", _("Not connected"), seen)
    elif returns >= POOR_RETURNS:
        text = _("Poor connection: came back %(count)d times in %(minutes)d minutes")
        counts = {"count": returns, "minutes": POOR_WITHIN // timedelta(minutes=1)}
        yield Reason("poor", "warning", text % counts, max(began, at - POOR_WITHIN))
    if error is not None:
        yield error
    typed = _latest(
        began, interview.edited_at, interview.asked_at, interview.terminal_at
    )
    if at - typed >= NO_KEYSTROKE_AFTER:
        yield Reason("keystroke", "warning", _("No keystroke"), typed)
    ran = _latest(began, interview.run_at, interview.terminal_at)
    if at - ran >= NO_RUN_AFTER:
        yield Reason("run", "", _("Nothing run"), ran)
    is_out = interview.left_at and interview.left_seq > interview.back_seq
    if is_out and at - interview.left_at >= NOT_IN_FRONT_AFTER:
        yield Reason("front", "", _("The room is not in front"), interview.left_at)


def _latest(began: datetime, *times: datetime | None) -> datetime:
    return max([began, *(time for time in times if time is not None)])
