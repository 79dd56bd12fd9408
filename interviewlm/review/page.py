"""Everything the review desk shows to one member, by what their role may see."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import Standing
from assistant.context.caching import read_cache_uses
from interviewlm.review.authorship import read_authorship
from interviewlm.review.chat import read_chat, read_hints
from interviewlm.review.code import list_files, list_other_files
from interviewlm.review.events import MAX_LINES, list_events
from interviewlm.review.lanes import LANE_HEIGHT, build_lanes, total_ms, worked_ms
from interviewlm.review.made_by import read_score
from interviewlm.review.media import Media, read_media
from interviewlm.review.money import read_money
from interviewlm.review.operations import OPERATIONS, Operation
from interviewlm.review.runs import list_runs
from interviewlm.review.terminals import list_shells, list_stretches
from interviewlm.review.timing import describe_losses, read_time
from interviews.access import find_watcher
from interviews.enums import InterviewState, StepState
from interviews.models import Interview
from interviews.selectors.back_office import is_stuck
from interviews.selectors.facts import read_presence
from interviews.selectors.review import (
    ScoreView,
    StepLine,
    format_clock,
    read_reviews,
    read_scorecard,
    read_steps,
)
from interviews.services.lifecycle import OPEN_STATES

STATE_TONES = {
    InterviewState.ACTIVE: "busy",
    InterviewState.COMPLETED: "good",
    InterviewState.ABANDONED: "warning",
    InterviewState.EXPIRED: "warning",
}


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong, in words, and the tab that says more."""

    tone: str
    text: str
    tab: str = ""


@dataclass(frozen=True)
class Offer:
    """An operation with its form."""

    operation: Operation
    form: forms.Form
    url: str
    label: Any


def build_page(
    interview: Interview,
    standing: Standing,
    bound: Mapping[str, forms.Form] | None = None,
) -> dict[str, Any]:
    """Return the template's context; `bound` are forms that were refused."""
    sees = {
        name: standing.may("view", name)
        for name in ("scorecard", "recording", "conversation", "pipeline", "cost")
    }
    sees["report"] = standing.may("view", "problem_report")
    score = read_scorecard(interview) if sees["scorecard"] else None
    steps = read_steps(interview) if sees["pipeline"] else []
    media = _read_media(interview, standing) if sees["recording"] else Media()
    events = list_events(
        interview, with_chat=sees["conversation"], with_scores=sees["scorecard"]
    )
    length, worked = total_ms(interview, events), worked_ms(interview)
    reports = list(interview.problem_reports.all()) if sees["report"] else []
    reviews = read_reviews(interview) if sees["scorecard"] else []
    chat = read_chat(interview) if sees["conversation"] else []
    shells = list_shells(interview)
    lanes = build_lanes(events, media, length, list_stretches(interview))
    return {
        "interview": interview,
        "assessment": interview.assessment_version,
        "watch_url": _watch_url(interview, standing),
        "ask_url": _ask_url(interview, standing),
        "state_tone": STATE_TONES.get(InterviewState(interview.state), ""),
        "length": format_clock(worked) if worked else "",
        "sees": sees,
        "score": score,
        "score_made": read_score(interview, score),
        "decision": reviews[0] if reviews else None,
        "reviews": reviews,
        "media": media,
        "media_json": media.as_json(),
        "lanes": lanes,
        "lanes_height": LANE_HEIGHT * len(lanes),
        "shells": shells,
        "terminal_names": sorted({shell.name for shell in shells}),
        "length_ms": length,
        "events": events[:MAX_LINES],
        "events_cut": max(0, len(events) - MAX_LINES),
        "files": list_files(interview),
        "other_files": list_other_files(interview),
        "runs": list_runs(interview, with_hidden=sees["scorecard"]),
        "chat": chat,
        "hints": read_hints(interview) if sees["conversation"] else [],
        "money": read_money(interview) if sees["cost"] else [],
        "caches": list(read_cache_uses(interview).values()) if sees["cost"] else [],
        "steps": steps,
        "is_pending": any(step.is_pending for step in steps),
        "may_retry": standing.may("retry", "pipeline"),
        "reports": reports,
        "may_resolve": standing.may("change", "problem_report"),
        "troubles": list_troubles(interview, score, steps, media, reports, events),
        "offers": _offers(interview, standing, bound or {}),
        "authorship": read_authorship(interview),
        "presence": read_presence(interview),
        **read_time(interview),
        "consents": list(interview.consents.all()),
        "stamp": state_stamp(interview, steps),
    }


def _read_media(interview: Interview, standing: Standing) -> Media:
    may_download = standing.may("download", "recording")
    return read_media(interview, may_download=may_download)


def _offers(
    interview: Interview, standing: Standing, bound: Mapping[str, forms.Form]
) -> dict[str, Offer]:
    return {
        name: Offer(
            operation,
            bound.get(name) or operation.form(auto_id=f"{name}-%s"),
            reverse("admin:interview-review-do", args=[interview.pk, name]),
            operation.label_for(interview),
        )
        for name, operation in OPERATIONS.items()
        if operation.is_offered(interview, standing)
    }


def _watch_url(interview: Interview, standing: Standing) -> str:
    """Return where it can be watched, while it runs and for those who may."""
    is_running = interview.state == InterviewState.ACTIVE
    if not is_running or find_watcher(standing.user.pk, interview.pk) is None:
        return ""
    return reverse("interviews:interview-watch", args=[interview.pk])


def _ask_url(interview: Interview, standing: Standing) -> str:
    """Return where members are asked to watch, before it is over."""
    if interview.state not in OPEN_STATES or not standing.may("ask", "interview"):
        return ""
    page = reverse("admin:interviews_interview_change", args=[interview.pk])
    return f"{page}#watchers"


def list_troubles(
    interview: Interview,
    score: ScoreView | None,
    steps: list[StepLine],
    media: Media,
    reports: list[Any],
    events: list[Any],
) -> list[Trouble]:
    """Return what a reviewer must know before trusting what they see."""
    found = []
    if _matches(interview, is_stuck()):
        found.append(
            Trouble("danger", _("Nothing has happened for five minutes."), "events")
        )
    if interview.state == InterviewState.ABANDONED:
        text = _("The candidate was not there when the time was up.")
        found.append(Trouble("warning", text, "events"))
    found += [Trouble("warning", text, "facts") for text in describe_losses(interview)]
    found += [
        Trouble(
            "danger",
            _("%(step)s failed: %(message)s")
            % {"step": line.label, "message": line.step.message},
            "facts",
        )
        for line in steps
        if line.step.state == StepState.FAILED
    ]
    open_reports = [report for report in reports if not report.is_resolved]
    if open_reports:
        text = ngettext(
            "The candidate reported a problem.",
            "The candidate reported %(count)d problems.",
            len(open_reports),
        ) % {"count": len(open_reports)}
        found.append(Trouble("warning", text, "facts"))
    if media.gaps:
        text = ngettext(
            "The recording has a gap.",
            "The recording has %(count)d gaps.",
            len(media.gaps),
        ) % {"count": len(media.gaps)}
        found.append(Trouble("warning", text, "facts"))
    failed = sum(line.kind == "turn.failed" for line in events)
    if failed:
        text = ngettext(
            "The assistant failed to answer once.",
            "The assistant failed to answer %(count)d times.",
            failed,
        ) % {"count": failed}
        found.append(Trouble("warning", text, "chat"))
    if score is not None and score.is_simulated:
        text = _("The scores are simulated: no model judged this interview.")
        found.append(Trouble("warning", text, "scores"))
    return found


def _matches(interview: Interview, condition: Any) -> bool:
    rows = type(interview)._default_manager.filter(condition, pk=interview.pk)
    return rows.exists()


def state_stamp(interview: Interview, steps: list[StepLine]) -> str:
    """Return a word that changes when there is something new to load."""
    cards = interview.scorecards.count()
    ended = sum(not step.is_pending for step in steps)
    return f"{interview.state}.{cards}.{ended}"
