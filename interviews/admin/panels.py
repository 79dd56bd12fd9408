"""What needs a person today, on the first page of the admin."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import Standing
from accounts.dashboard import register_panel
from accounts.enums import Role
from interviews.admin.interview_filters import REVIEW
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.selectors.back_office import (
    annotate_interviews,
    awaits_review,
    list_flags,
    raised_flags,
)
from interviews.services.lifecycle import OPEN_STATES

SHOWN = 8


def build_today(standing: Standing) -> Mapping[str, Any] | None:
    """Count what waits, and name the interviews that run or need somebody."""
    if not standing.may("view", "interview"):
        return None
    own = Interview.objects.filter(organisation=standing.organisation, is_preview=False)
    address = reverse("admin:interviews_interview_changelist")
    questions = [(REVIEW, _("Waiting for review"), "busy", own.filter(awaits_review()))]
    questions += [
        (flag.name, flag.question, flag.tone, own.filter(flag.condition()))
        for flag in list_flags()
    ]
    counts = [
        {
            "label": label,
            "tone": tone,
            "count": count,
            "url": f"{address}?needs={name}",
        }
        for name, label, tone, rows in questions
        if (count := rows.count())
    ]
    running = annotate_interviews(
        own.filter(state__in=[InterviewState.ACTIVE, InterviewState.PREPARING])
    ).select_related("candidate", "assessment_version")
    return {
        "counts": counts,
        "running": [(row, raised_flags(row)) for row in running[:SHOWN]],
        "address": address,
        "invite": reverse("admin:interviews_invitation_add")
        if standing.may("add", "invitation")
        else "",
    }


def build_asked(standing: Standing) -> Mapping[str, Any] | None:
    """List the interviews this person is asked to watch, those that run first.

    Interviewers learn from an empty list what it is for; for others it is left out.
    """
    asked = (
        Interview.objects.filter(
            organisation=standing.organisation,
            interviewers__user=standing.user,
            state__in=OPEN_STATES,
        )
        .select_related("candidate", "assessment_version")
        .order_by("-started_at", "created_at")[:SHOWN]
    )
    rows = sorted(asked, key=lambda row: row.state != InterviewState.ACTIVE)
    if not rows and standing.role != Role.INTERVIEWER:
        return None
    return {"rows": [_asked_row(row) for row in rows]}


def _asked_row(interview: Interview) -> dict[str, Any]:
    is_running = interview.state == InterviewState.ACTIVE
    return {
        "interview": interview,
        "url": reverse("interviews:interview-watch", args=[interview.pk]),
        "tone": "good" if is_running else "",
        "words": _("Watch live") if is_running else interview.get_state_display(),
    }


register_panel(
    "interviews.asked",
    template="admin/interviews/_asked.html",
    build=build_asked,
    position=5,
)
register_panel(
    "interviews.today",
    template="admin/interviews/_today.html",
    build=build_today,
    position=10,
)
