"""The friendly page for a link that does not open an interview."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from base.clock import now
from interviews.errors import InterviewError, InvalidLinkError
from interviews.models import Interview
from interviews.tokens import read_token


def find_interview_of_token(token: str) -> Interview | None:
    """Return the interview a genuine link was made for, whatever became of it."""
    try:
        invitation_id, _generation = read_token(token)
    except InvalidLinkError:
        return None
    return (
        Interview.objects.select_related(
            "invitation", "candidate", "organisation", "assessment_version"
        )
        .filter(invitation_id=invitation_id)
        .first()
    )


def render_link_error(
    request: HttpRequest, error: InterviewError, token: str
) -> HttpResponse:
    """Say why the link does not open, and whom to ask where the company is known."""
    interview = find_interview_of_token(token)
    context = {
        "code": error.code,
        "interview": interview,
        "organisation": interview.organisation if interview else None,
        "invitation": interview.invitation if interview else None,
        "time_zone": interview.invitation.time_zone if interview else "",
        "server_time": now(),
        "is_link_page": True,
    }
    if interview is not None:
        context["report_url"] = reverse("interviews:candidate-report", args=[token])
    return render(request, "interviews/link_error.html", context, status=error.status)
