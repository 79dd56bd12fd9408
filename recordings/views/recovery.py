"""The recovery page: the candidate's browser sends what it still holds, for 72 hours."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recordings.access import get_as_candidate
from recordings.errors import RecordingError, UnknownRecordingError
from recordings.panels import build_panel
from recordings.services.intake import TAKEN_AFTER_END, require_intake
from recordings.services.recovery import is_incomplete


@require_safe
@never_cache
def show_recovery(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    """Show the page to the candidate's own browser; a stranger gets 404.

    After 72 hours, or where nothing is recorded, it says so and sends nothing (410).
    """
    try:
        interview = get_as_candidate(request.COOKIES, interview_id)
    except UnknownRecordingError:
        return render(request, "interviews/not_found.html", status=404)
    report_url = reverse("interviews:interview-report", args=[interview.pk])
    ended_at = interview.ended_at
    context = {
        "interview": interview,
        "assessment": interview.assessment_version,
        "organisation": interview.organisation,
        "report_url": f"{report_url}?page=recover",
        "until": ended_at + TAKEN_AFTER_END if ended_at else None,
    }
    try:
        require_intake(interview)
    except RecordingError as error:
        context["reason"] = error.message
        return render(request, "recordings/recover.html", context, status=410)
    context["config"] = {
        "base": build_panel(interview)["base_url"],
        "csrf": get_token(request),
        "is_complete": not is_incomplete(interview),
    }
    return render(request, "recordings/recover.html", context)
