"""What the candidate's pages share: who may open them, where they lead, their frame."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from interviews.access import find_as_candidate
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.clock import (
    UNSTARTED_STATES,
    extra_seconds,
    starts_until,
    total_seconds,
)
from interviews.tokens import make_token

CandidateView = Callable[[HttpRequest, Interview], HttpResponseBase]

_STAGES: Mapping[str, str] = {
    InterviewState.INVITED: "interviews:interview-consent",
    InterviewState.PREPARING: "interviews:interview-check",
    InterviewState.ACTIVE: "interviews:interview-room",
    InterviewState.COMPLETED: "interviews:interview-finish",
    InterviewState.ABANDONED: "interviews:interview-finish",
}


def candidate_page(view: CandidateView) -> Callable[..., HttpResponseBase]:
    """Give the view the interview of this browser's candidate; a stranger gets 404.

    Nothing of these pages is kept by the browser, so that Back asks the server.
    """

    @never_cache
    @wraps(view)
    def wrapper(request: HttpRequest, interview_id: UUID) -> HttpResponseBase:
        interview = find_as_candidate(request.COOKIES, interview_id)
        if interview is None:
            return render(request, "interviews/not_found.html", status=404)
        return view(request, interview)

    return wrapper


def redirect_to_stage(interview: Interview) -> HttpResponseRedirect:
    """Lead to the page where the candidate stands.

    Of a cancelled or expired interview the link itself tells.
    """
    stage = _STAGES.get(interview.state)
    if stage is None:
        return redirect("interviews:candidate-entry", make_token(interview.invitation))
    return redirect(stage, interview.pk)


def page_context(
    interview: Interview, page: str, *, step: int | None = None, report_url: str = ""
) -> dict[str, Any]:
    """Return what the frame of a candidate's page needs; `step` counts from 0."""
    address = reverse("interviews:interview-report", args=[interview.pk])
    return {
        "interview": interview,
        "assessment": interview.assessment_version,
        "organisation": interview.organisation,
        "steps": list_steps(step) if step is not None else None,
        "report_url": report_url or f"{address}?page={page}",
    }


def time_context(interview: Interview) -> dict[str, Any]:
    """Return the time this candidate gets, and until when they may begin."""
    invitation = interview.invitation
    is_unstarted = interview.state in UNSTARTED_STATES
    return {
        "time_zone": invitation.time_zone,
        "time_seconds": total_seconds(invitation),
        "extra_seconds": extra_seconds(invitation),
        "begin_until": starts_until(interview) if is_unstarted else None,
    }


def list_steps(current: int) -> list[dict[str, str]]:
    """Return the named steps before the room, as `_steps.html` shows them."""
    names = [_("What happens"), _("Consent"), _("Check"), _("Begin")]
    return [
        {
            "name": name,
            "state": "done"
            if number < current
            else "current"
            if number == current
            else "ahead",
        }
        for number, name in enumerate(names)
    ]
