"""The page about models' figures."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import require, standing_of
from interviewlm.figures.page import build_page, read_form


@require_GET
def show_figures(request: HttpRequest) -> HttpResponse:
    """Show the figures of a choice; a choice that cannot be says why."""
    standing = standing_of(request)
    if standing is None:
        raise Http404
    require(request, standing.organisation, "view", "model_call")
    form = read_form(standing, request.GET.dict())
    context = build_page(standing, form)
    status = 200 if form.is_valid() else 400
    return render(request, "figures/page.html", context, status=status)
