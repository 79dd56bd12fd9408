"""“Something is wrong”: from every page, with and without JavaScript."""

import re

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from pydantic import ValidationError

from base.errors import DomainError
from interviews.errors import InvalidLinkError
from interviews.forms import ReportBody, ReportForm, bound_diagnostics
from interviews.models import Interview
from interviews.services.candidates import report_problem
from interviews.views.candidate import candidate_page, page_context
from interviews.views.errors import find_interview_of_token, render_link_error

BODY_BYTES = 64 * 1024
_PAGE = re.compile(r"^[a-z-]{1,40}$")
_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(_METHODS)
@candidate_page
def report(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Take a report from a page behind the cookie."""
    return _answer(request, interview, _page_of(request))


# The same as for the link itself: the token is the right, and there is no cookie.
@csrf_exempt
@never_cache
@require_http_methods(_METHODS)
def report_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Take a report from the page of the link, whatever became of the interview."""
    interview = find_interview_of_token(token)
    if interview is None:
        return render_link_error(request, InvalidLinkError(), token)
    return _answer(
        request,
        interview,
        "entry",
        report_url=reverse("interviews:candidate-report", args=[token]),
    )


def _page_of(request: HttpRequest) -> str:
    page = request.GET.get("page", "")
    return page if _PAGE.match(page) else "unknown"


def _answer(
    request: HttpRequest, interview: Interview, page: str, *, report_url: str = ""
) -> HttpResponse:
    if request.content_type == "application/json":
        return _take_json(request, interview, page)
    context = page_context(interview, page, report_url=report_url)
    context |= {"is_link_page": bool(report_url), "is_sent": "sent" in request.GET}
    if request.method != "POST":
        return render(request, "interviews/report.html", context)
    form = ReportForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            message = form.cleaned_data["message"]
            report_problem(interview.pk, page=page, message=message, diagnostics={})
            return redirect(f"{request.path}?page={page}&sent=1")
        except DomainError as error:
            form.add_error("message", str(error.message))
            status = error.status
    context["form"] = form
    return render(request, "interviews/report.html", context, status=status)


def _take_json(request: HttpRequest, interview: Interview, page: str) -> HttpResponse:
    if len(request.body) > BODY_BYTES:
        return _refuse("too_large", _("The report is too long."), 413)
    try:
        body = ReportBody.model_validate_json(request.body)
    except ValidationError:
        return _refuse("bad_request", _("Write a line about what happened."), 400)
    try:
        report_problem(
            interview.pk,
            page=page,
            message=body.message,
            diagnostics=bound_diagnostics(body.diagnostics),
        )
    except DomainError as error:
        return _refuse(error.code, str(error.message), error.status)
    return JsonResponse({"ok": True})


def _refuse(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "message": message}, status=status)
