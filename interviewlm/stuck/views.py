"""The list of live interviews that need a look."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import require, standing_of
from base.clock import now
from interviews.selectors.stuck import (
    POOR_RETURNS,
    POOR_WITHIN,
    SAME_ERROR_RUNS,
    THRESHOLDS,
    read_stuck,
)


@require_GET
def show_stuck(request: HttpRequest) -> HttpResponse:
    """Show who needs a look now; with `part=rows` only the list, to refresh it."""
    standing = standing_of(request)
    if standing is None:
        raise Http404
    require(request, standing.organisation, "view", "interview")
    context = {"live": read_stuck(standing), "at": now()}
    if request.GET.get("part") == "rows":
        return render(request, "stuck/_rows.html", context)
    context |= {
        "organisation": standing.organisation,
        "role": standing.role.label,
        "thresholds": THRESHOLDS,
        "same_error_runs": SAME_ERROR_RUNS,
        "poor_returns": POOR_RETURNS,
        "poor_within": POOR_WITHIN,
    }
    return render(request, "stuck/page.html", context)
