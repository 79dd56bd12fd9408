"""The watch page: an interview seen live by members of its organisation."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.permissions import VIEW, is_allowed
from interviews.access import Watcher, find_watcher
from interviews.enums import CANDIDATE_RUN_KINDS, Policy
from interviews.models import Interview
from interviews.selectors.sections import list_sections
from interviews.services.candidates import is_media_recorded
from interviews.services.lifecycle import OPEN_STATES
from interviews.views.room import section_config
from interviews.views.terminals import terminals_config


@require_safe
@login_required
@never_cache
def watch(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    """Show the interview live; afterwards lead to where it is reviewed.

    Whoever may not watch it gets 404.
    """
    watcher = find_watcher(request.user.pk, interview_id)
    if watcher is None:
        raise Http404
    interview = watcher.interview
    context = {
        "interview": interview,
        "assessment": interview.assessment_version,
        "organisation": interview.organisation,
        "role": watcher.role.label,
        "may_type": watcher.may_type,
    }
    if interview.state not in OPEN_STATES:
        return render(request, "interviews/watch_over.html", context)
    sections = list_sections(interview)
    config = {
        "interview": str(interview.pk),
        "sections": [section_config(section) for section in sections],
        "candidate": str(interview.candidate),
        "may_type": watcher.may_type,
        "sees_conversation": _sees_conversation(watcher),
        "last_run": _last_run(interview),
        "content_url": reverse("admin:interview-review-content", args=[interview.pk]),
        "terminals": terminals_config(interview),
    }
    context |= {
        "sections": sections,
        "config": config,
        "live_url": _live_url(interview),
    }
    return render(request, "interviews/watch.html", context)


def _live_url(interview: Interview) -> str:
    """Return where the page asks for the camera; empty where nothing is recorded."""
    if not is_media_recorded(interview):
        return ""
    return reverse("recordings:live", args=[interview.pk])


def _sees_conversation(watcher: Watcher) -> bool:
    has_assistant = watcher.interview.assessment_version.policy != Policy.OFF
    return has_assistant and is_allowed(watcher.role, VIEW, "conversation")


def _last_run(interview: Interview) -> str | None:
    runs = interview.runs.filter(kind__in=CANDIDATE_RUN_KINDS).order_by("-created_at")
    found = runs.values_list("pk", flat=True).first()
    return None if found is None else str(found)
