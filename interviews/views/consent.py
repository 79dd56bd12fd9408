"""Consent: the text, the tick, and what declining means."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from interviews.enums import InterviewState
from interviews.errors import WrongStateError
from interviews.forms import ConsentForm
from interviews.models import Interview
from interviews.packages import list_packages
from interviews.services.candidates import (
    OutdatedConsentError,
    consent_for,
    record_consent,
)
from interviews.views.candidate import candidate_page, page_context, redirect_to_stage


@require_http_methods(["GET", "HEAD", "POST"])
@candidate_page
def give_consent(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Show the text; POST stores the agreement and goes on to the check."""
    if interview.state != InterviewState.INVITED:
        return redirect_to_stage(interview)
    if request.method != "POST":
        return _show(request, interview, None, status=200)
    form = ConsentForm(request.POST)
    if not form.is_valid():
        return _show(request, interview, form, status=400)
    try:
        record_consent(
            interview.pk,
            version=form.cleaned_data["version"],
            language=get_language() or "",
        )
    except OutdatedConsentError:
        return _show(request, interview, None, status=409)
    except WrongStateError:
        interview.refresh_from_db()
        return redirect_to_stage(interview)
    return redirect("interviews:interview-check", interview.pk)


@require_safe
@candidate_page
def decline(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Say calmly what not agreeing means; nothing is stored."""
    if interview.state != InterviewState.INVITED:
        return redirect_to_stage(interview)
    context = page_context(interview, "declined")
    return render(request, "interviews/declined.html", context)


def _show(
    request: HttpRequest, interview: Interview, form: ConsentForm | None, *, status: int
) -> HttpResponse:
    consent = consent_for(interview, get_language() or "")
    context = page_context(interview, "consent", step=1)
    context |= {
        "form": form or ConsentForm(initial={"version": consent.version}),
        "consent": consent,
        "is_outdated": status == 409,
        "packages": list_packages(),
    }
    return render(request, "interviews/consent.html", context, status=status)
