"""Finishing, the thank-you page, and the candidate's own record."""

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from interviews.enums import ENDED_STATES
from interviews.errors import WrongStateError
from interviews.models import Interview
from interviews.room_panels import build_panels
from interviews.selectors.clock import read_faults, read_ledger
from interviews.selectors.records import export_record, read_receipt, read_record
from interviews.services.lifecycle import finish_interview
from interviews.views.candidate import candidate_page, page_context, redirect_to_stage

logger = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@candidate_page
def finish(request: HttpRequest, interview: Interview) -> HttpResponse:
    """POST ends the interview; the page thanks and gives the receipt."""
    if request.method == "POST":
        return _finish(interview)
    if interview.state not in ENDED_STATES:
        return redirect_to_stage(interview)
    context = page_context(interview, "finish")
    recording = build_panels(interview).get("recording", {})
    context |= {
        "receipt": read_receipt(interview),
        "recover_url": recording.get("recover_url", ""),
        "config": {
            "base": recording.get("base_url", ""),
            "csrf": get_token(request),
            "interview": str(interview.pk),
            "late_url": reverse("interviews:interview-late-work", args=[interview.pk]),
        },
    }
    return render(request, "interviews/thanks.html", context)


def _finish(interview: Interview) -> HttpResponse:
    """End it, and lead to wherever the candidate then stands."""
    try:
        finish_interview(interview.pk)
    except WrongStateError:
        logger.info("Interview %s cannot be finished", interview.pk)
    interview.refresh_from_db()
    return redirect_to_stage(interview)


@require_safe
@candidate_page
def show_record(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Show the candidate what is stored about them."""
    context = page_context(interview, "record")
    context |= {
        "record": read_record(interview),
        "consents": interview.consents.all(),
        "reports": interview.problem_reports.order_by("created_at"),
        "ledger": read_ledger(interview),
        "faults": read_faults(interview),
        "recover_url": build_panels(interview)
        .get("recording", {})
        .get("recover_url", ""),
        "is_over": interview.state in ENDED_STATES,
    }
    return render(request, "interviews/record.html", context)


@require_safe
@candidate_page
def download_record(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Give the candidate their record as a file."""
    response = JsonResponse(
        export_record(interview),
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )
    response["Content-Disposition"] = (
        f'attachment; filename="interview-{str(interview.pk)[:8]}.json"'
    )
    return response
