"""The review desk's page, its small JSON answers, and its operations."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import Standing, require, standing_of
from accounts.services.audit import record_audit
from base.errors import DomainError
from interviewlm.review.authorship import describe_file
from interviewlm.review.code import compare, find_text, list_files
from interviewlm.review.operations import OPERATIONS
from interviewlm.review.page import build_page, state_stamp
from interviewlm.review.runs import find_run
from interviewlm.review.terminals import read_film
from interviews.file_responses import archive_response, content_response
from interviews.models import Interview
from interviews.selectors.review import read_steps
from interviews.services import decisions


def find_interview(
    request: HttpRequest, interview_id: UUID, verb: str, object_name: str
) -> tuple[Interview, Standing]:
    """Return the interview for a member who may do this; 404 or 403 otherwise."""
    standing = standing_of(request)
    interview = (
        Interview.objects.select_related(
            "organisation",
            "candidate",
            "assessment_version__assessment",
            "invitation__invited_by",
        )
        .filter(pk=interview_id)
        .first()
    )
    if interview is None or standing is None:
        raise Http404
    require(request, interview.organisation, "view", "interview")
    require(request, interview.organisation, verb, object_name)
    return interview, standing


@require_GET
def show_review(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    """Show the desk."""
    interview, standing = find_interview(request, interview_id, "view", "interview")
    return _render(request, interview, standing)


def _render(
    request: HttpRequest,
    interview: Interview,
    standing: Standing,
    bound: Any = None,
    status: int = 200,
) -> HttpResponse:
    context = build_page(interview, standing, bound)
    context["role"] = standing.role.label
    return render(request, "review/page.html", context, status=status)


@require_GET
def show_state(request: HttpRequest, interview_id: UUID) -> JsonResponse:
    """Return where the steps stand, for a page that waits for them."""
    interview, _standing = find_interview(request, interview_id, "view", "pipeline")
    steps = read_steps(interview)
    return JsonResponse(
        {
            "stamp": state_stamp(interview, steps),
            "pending": any(step.is_pending for step in steps),
            "steps": [
                {
                    "name": line.step.name,
                    "words": line.words,
                    "tone": line.tone,
                    "attempts": line.step.attempts,
                    "message": line.step.message,
                }
                for line in steps
            ],
        }
    )


@require_GET
def show_file(request: HttpRequest, interview_id: UUID) -> JsonResponse:
    """Return a version of a file as lines, compared with another one if asked."""
    interview, _standing = find_interview(request, interview_id, "view", "interview")
    path = request.GET.get("path", "")
    history = next((one for one in list_files(interview) if one.path == path), None)
    if history is None:
        raise Http404
    versions = history.versions
    at = _index(request.GET.get("version"), len(versions))
    against = _index(request.GET.get("against"), len(versions))
    if at is None:
        at = len(versions) - 1
    text = find_text(interview, path, versions[at].digest)
    before = (
        find_text(interview, path, versions[against].digest)
        if against is not None and against != at
        else None
    )
    return JsonResponse(
        {
            "path": path,
            "version": at,
            "against": against,
            "versions": [
                {"label": one.label, "time": one.time, "t_ms": one.t_ms, "seq": one.seq}
                for one in versions
            ],
            "rows": compare(before, text or ""),
        }
    )


@require_GET
def show_origins(request: HttpRequest, interview_id: UUID) -> JsonResponse:
    """Return the lines of the file `path` as it is, with where their text came from."""
    interview, _standing = find_interview(request, interview_id, "view", "interview")
    found = describe_file(interview, request.GET.get("path", ""))
    if found is None:
        raise Http404
    return JsonResponse(found)


def _index(value: str | None, count: int) -> int | None:
    if value is None or not value.isdecimal() or int(value) >= count:
        return None
    return int(value)


@require_GET
def download_content(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    """Give one file that is no document, named by `path`."""
    interview, _standing = find_interview(request, interview_id, "view", "interview")
    try:
        return content_response(interview, request.GET.get("path", ""))
    except DomainError as error:
        return _say(error)


@require_GET
def download_archive(request: HttpRequest, interview_id: UUID) -> HttpResponseBase:
    """Give all files as a ZIP."""
    interview, _standing = find_interview(request, interview_id, "view", "interview")
    try:
        return archive_response(interview)
    except DomainError as error:
        return _say(error)


def _say(error: DomainError) -> HttpResponse:
    text = f"{error.message}\n"
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", status=error.status
    )


@require_GET
def show_output(request: HttpRequest, interview_id: UUID, run_id: UUID) -> HttpResponse:
    """Return a run's whole output as plain text."""
    interview, standing = find_interview(request, interview_id, "view", "interview")
    sees_hidden = standing.may("view", "scorecard")
    run = find_run(interview, run_id, with_hidden=sees_hidden)
    if run is None:
        raise Http404
    return HttpResponse(run.output, content_type="text/plain; charset=utf-8")


@require_GET
def show_terminal(request: HttpRequest, interview_id: UUID, name: str) -> JsonResponse:
    """Return what a terminal showed, from behind the event `after` on."""
    interview, _standing = find_interview(request, interview_id, "view", "interview")
    after = _index(request.GET.get("after"), 2**31) or 0
    film = read_film(interview, name, after)
    if film is None:
        raise Http404
    return JsonResponse(film)


@require_POST
def operate(request: HttpRequest, interview_id: UUID, name: str) -> HttpResponse:
    """Do one operation and go back to the desk; a refused form is shown again."""
    operation = OPERATIONS.get(name)
    if operation is None:
        raise Http404
    interview, standing = find_interview(
        request, interview_id, operation.verb, operation.object_name
    )
    form = operation.form(request.POST, auto_id=f"{name}-%s")
    if not form.is_valid():
        return _render(request, interview, standing, {name: form}, status=400)
    try:
        operation.run(interview, form.cleaned_data, standing.user)
        messages.success(request, str(operation.done))
    except DomainError as error:
        messages.error(request, str(error.message))
    return _back(interview)


@require_POST
def retry_step(request: HttpRequest, interview_id: UUID, step_id: int) -> HttpResponse:
    """Run one step again."""
    interview, standing = find_interview(request, interview_id, "retry", "pipeline")
    step = interview.pipeline_steps.filter(pk=step_id).first()
    if step is None:
        raise Http404
    try:
        decisions.retry(step, actor=standing.user)
        messages.success(request, _("The step will run again."))
    except DomainError as error:
        messages.error(request, str(error.message))
    return _back(interview)


@require_POST
def resolve_report(
    request: HttpRequest, interview_id: UUID, report_id: int
) -> HttpResponse:
    """Mark a candidate's report as dealt with."""
    interview, standing = find_interview(
        request, interview_id, "change", "problem_report"
    )
    report = interview.problem_reports.filter(pk=report_id).first()
    if report is None:
        raise Http404
    if not report.is_resolved:
        report.is_resolved = True
        report.save(update_fields=["is_resolved"])
        record_audit(
            standing.user, interview.organisation, "problemreport.resolved", report
        )
    messages.success(request, _("The report is marked as dealt with."))
    return _back(interview)


def _back(interview: Interview) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:interview-review", args=[interview.pk]))
