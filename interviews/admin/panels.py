"""What needs a person today, on the first page of the admin."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import Standing
from accounts.dashboard import register_panel
from interviews.admin.interview_filters import REVIEW
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.selectors.back_office import (
    annotate_interviews,
    awaits_review,
    list_flags,
    raised_flags,
)

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


register_panel(
    "interviews.today",
    template="admin/interviews/_today.html",
    build=build_today,
    position=10,
)
