"""The page about money, and its figures as a file."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import Standing, require, standing_of
from interviewlm.costs.export import write_csv
from interviewlm.costs.page import build_page, filter_of, read_form


def find_standing(request: HttpRequest) -> Standing:
    """Return who asks, if they may see money; 404 or 403 otherwise."""
    standing = standing_of(request)
    if standing is None:
        raise Http404
    require(request, standing.organisation, "view", "cost")
    return standing


@require_GET
def show_costs(request: HttpRequest) -> HttpResponse:
    """Show the figures of a choice; a choice that cannot be says why."""
    standing = find_standing(request)
    form = read_form(standing, request.GET.dict())
    context = build_page(standing, form)
    status = 200 if form.is_valid() else 400
    return render(request, "costs/page.html", context, status=status)


@require_GET
def download_csv(request: HttpRequest) -> HttpResponse:
    """Return the same figures as a table, exact to the last decimal."""
    standing = find_standing(request)
    form = read_form(standing, request.GET.dict())
    if not form.is_valid():
        lines = [str(error) for errors in form.errors.values() for error in errors]
        return HttpResponse(
            "\n".join(lines), content_type="text/plain; charset=utf-8", status=400
        )
    period = form.cleaned_data["days"]
    chosen = filter_of(standing, form.cleaned_data)
    answer = HttpResponse(
        write_csv(standing, chosen), content_type="text/csv; charset=utf-8"
    )
    kind = "simulated-costs" if chosen.is_simulated else "costs"
    name = f"{kind}-{period.start}-{period.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
