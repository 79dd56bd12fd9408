"""The link: a page that changes nothing, and the button that lets the browser in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from interviews.access import grant_candidate
from interviews.enums import InterviewState
from interviews.errors import InterviewError
from interviews.models import Interview
from interviews.room_panels import build_rules
from interviews.services.candidates import is_media_recorded, is_screen_recorded
from interviews.services.invitations import find_by_link
from interviews.views.candidate import (
    page_context,
    redirect_to_stage,
    time_context,
)
from interviews.views.errors import render_link_error


# Without a cookie there is nothing a foreign page could ride on: the token in the
# address is the whole right, and a CSRF cookie on GET would be a change.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what happens; POST sets the cookie and leads to the stage."""
    try:
        interview = find_by_link(token)
    except InterviewError as error:
        return render_link_error(request, error, token)
    if request.method != "POST":
        return _show(request, interview, token)
    response = redirect_to_stage(interview)
    grant_candidate(response, interview, is_secure=settings.SESSION_COOKIE_SECURE)
    return response


def _show(request: HttpRequest, interview: Interview, token: str) -> HttpResponse:
    report_url = reverse("interviews:candidate-report", args=[token])
    context = page_context(interview, "entry", step=0, report_url=report_url)
    context |= {
        "is_link_page": True,
        "is_recorded": is_media_recorded(interview),
        "records_screen": is_screen_recorded(interview),
        "is_new": interview.state == InterviewState.INVITED,
        "is_running": interview.state == InterviewState.ACTIVE,
        "is_over": interview.ended_at is not None,
        **time_context(interview),
        "assistant_rules": build_rules(interview),
        "section_count": interview.assessment_version.sections.count(),
    }
    return render(request, "interviews/entry.html", context)
