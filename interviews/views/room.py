"""The room: everything its page needs, in one configuration."""

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from interviews.enums import InterviewState
from interviews.markdown import render_markdown
from interviews.models import Interview
from interviews.room_panels import build_panels
from interviews.selectors.sections import Section, list_sections
from interviews.services.candidates import (
    is_media_recorded,
    is_presence_noted,
    is_screen_recorded,
)
from interviews.views.candidate import candidate_page, page_context, redirect_to_stage
from interviews.views.sandbox_frame import browser_config
from interviews.views.terminals import terminals_config


@require_safe
@csp_update({"frame-src": [SELF]})
@candidate_page
def open_room(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Show the room while the interview is active; lead elsewhere otherwise."""
    if interview.state != InterviewState.ACTIVE:
        return redirect_to_stage(interview)
    sections = list_sections(interview)
    context = page_context(interview, "room")
    context |= {
        "sections": sections,
        "config": _room_config(interview, sections),
    }
    return render(request, "interviews/room.html", context)


def _room_config(interview: Interview, sections: list[Section]) -> dict[str, object]:
    """Return what static/js/pages/room.js describes at its top.

    Other apps add theirs under their names (interviews.room_panels).
    """
    return {
        "interview": str(interview.pk),
        "sections": [section_config(section) for section in sections],
        "policy": interview.assessment_version.policy,
        "is_recorded": is_media_recorded(interview),
        "records_screen": is_screen_recorded(interview),
        "notes_presence": is_presence_noted(interview),
        "is_preview": interview.is_preview,
        "in_browser": browser_config(interview),
        "terminals": terminals_config(interview),
        "finish_url": reverse("interviews:interview-finish", args=[interview.pk]),
        "late_url": reverse("interviews:interview-late-work", args=[interview.pk]),
        "files": {
            f"{name}_url": reverse(f"interviews:interview-{route}", args=[interview.pk])
            for name, route in (
                ("upload", "upload"),
                ("content", "file"),
                ("archive", "archive"),
            )
        },
        **build_panels(interview),
    }


def section_config(section: Section) -> dict[str, object]:
    """Return what the pages of the room know of a section."""
    problem = section.problem
    return {
        "folder": section.folder,
        "title": problem.title,
        "language": problem.language,
        "entry": f"{section.folder}/{problem.entry}",
        "statement_html": render_markdown(problem.statement),
    }
