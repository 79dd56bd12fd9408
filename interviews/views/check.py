"""The device check, its upload, and the page that starts the clock."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from base.clock import now
from interviews.enums import InterviewState
from interviews.errors import WrongStateError
from interviews.forms import DeviceCheckForm, DeviceCode
from interviews.models import Interview
from interviews.selectors.records import last_device_check
from interviews.services.candidates import (
    NotReadyError,
    begin_interview,
    is_media_recorded,
    is_presence_noted,
    is_screen_recorded,
    record_device_check,
)
from interviews.views.candidate import (
    candidate_page,
    page_context,
    redirect_to_stage,
    time_context,
)

UPLOAD_BYTES = 1024 * 1024


@require_http_methods(["GET", "HEAD", "POST"])
@candidate_page
def check_devices(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Show the check; POST notes its result and goes on to the beginning."""
    if interview.state != InterviewState.PREPARING:
        return redirect_to_stage(interview)
    is_recorded = is_media_recorded(interview)
    if request.method == "POST":
        form = DeviceCheckForm(request.POST)
        if form.is_valid():
            return _note(interview, form, is_recorded=is_recorded)
    context = page_context(interview, "check", step=2)
    context |= {
        "is_recorded": is_recorded,
        "records_screen": is_screen_recorded(interview),
        "notes_presence": is_presence_noted(interview),
        "is_incomplete": request.method == "POST",
        "config": _check_config(interview, is_recorded=is_recorded),
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "interviews/check.html", context, status=status)


def _note(
    interview: Interview, form: DeviceCheckForm, *, is_recorded: bool
) -> HttpResponse:
    try:
        record_device_check(interview.pk, result=form.result(is_recorded=is_recorded))
    except WrongStateError:
        interview.refresh_from_db()
        return redirect_to_stage(interview)
    return redirect("interviews:interview-begin", interview.pk)


def _check_config(interview: Interview, *, is_recorded: bool) -> dict[str, object]:
    return {
        "isRecorded": is_recorded,
        "recordsScreen": is_screen_recorded(interview),
        "interview": str(interview.pk),
        "seconds": time_context(interview)["time_seconds"],
        "organisation": interview.organisation.name,
        "socketUrl": f"/ws/interviews/{interview.pk}/workspace/",
        "uploadUrl": reverse("interviews:interview-check-upload", args=[interview.pk]),
        "uploadBytes": UPLOAD_BYTES // 2,
    }


@require_POST
@candidate_page
def receive_check_upload(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Take a trial upload and throw it away; the page measures how long it took."""
    if len(request.body) > UPLOAD_BYTES:
        return JsonResponse(
            {"code": "too_large", "message": _("The trial upload is too large.")},
            status=413,
        )
    return JsonResponse({"bytes": len(request.body)})


@require_http_methods(["GET", "HEAD", "POST"])
@candidate_page
def begin(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Say that the clock starts; POST starts it and leads into the room."""
    if request.method == "POST":
        return _start(interview)
    if interview.state != InterviewState.PREPARING or not interview.device_checked_at:
        return redirect_to_stage(interview)
    result = last_device_check(interview)
    times = time_context(interview)
    context = page_context(interview, "begin", step=3)
    context |= {
        **times,
        "section_count": interview.assessment_version.sections.count(),
        "would_end_at": now() + timedelta(seconds=times["time_seconds"]),
        "is_recorded": is_media_recorded(interview),
        "records_screen": is_screen_recorded(interview),
        "notes_presence": is_presence_noted(interview),
        "has_camera": result is None or result.camera == DeviceCode.OK,
        "has_microphone": result is None
        or result.microphone in (DeviceCode.OK, DeviceCode.SILENT),
    }
    return render(request, "interviews/begin.html", context)


def _start(interview: Interview) -> HttpResponse:
    try:
        interview = begin_interview(interview.pk)
    except NotReadyError:
        return redirect("interviews:interview-check", interview.pk)
    except WrongStateError:
        interview.refresh_from_db()
        return redirect_to_stage(interview)
    return redirect("interviews:interview-room", interview.pk)
