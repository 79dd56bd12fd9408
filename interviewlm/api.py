"""The HTTP API under /api/v1/; the apps' routers are added here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI

from base.errors import DomainError


def _members_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not admin.site.has_permission(request):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


api = NinjaAPI(
    title="InterviewLM",
    version="1",
    urls_namespace="api",
    docs_decorator=_members_only,
)


@api.exception_handler(DomainError)
def answer_domain_error(request: HttpRequest, error: DomainError) -> HttpResponse:
    """Answer with the error's code and its sentence."""
    body = {
        "code": error.code,
        "message": str(error.message),
        "retryable": error.retryable,
    }
    response = api.create_response(request, body, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(int(error.retry_after) + 1)
    return response
