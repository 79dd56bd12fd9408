"""Refusals over HTTP, in the shape that error frames have on the sockets."""

import logging
import math
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _

from base.errors import DomainError

logger = logging.getLogger(__name__)


class CsrfFailedError(DomainError):
    """The page's token is missing or old."""

    code = "csrf_failed"
    status = 403

    def __init__(self) -> None:
        super().__init__(_("Reload this page, then it can go on."))


def describe_error(error: DomainError) -> dict[str, Any]:
    """Return `{code, message, retryable, retry_after?}`; seconds, as on the sockets."""
    frame = dict(error.as_frame())
    del frame["type"]
    return frame


def refuse(error: DomainError) -> JsonResponse:
    """Answer with the error's status, its code and its sentence."""
    response = JsonResponse(describe_error(error), status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(math.ceil(error.retry_after))
    response["Cache-Control"] = "no-store"
    return response


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check, answering as these routes answer."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        logger.warning("Refused by the CSRF check: %s", reason)
        return refuse(CsrfFailedError())


def _answer_nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def check_csrf(request: HttpRequest) -> HttpResponse | None:
    """Return the refusal of a request that changes something without the token."""
    check = _CsrfCheck(_answer_nothing)
    check.process_request(request)
    # Of the view itself it would think that it is exempt.
    return check.process_view(request, _answer_nothing, (), {})
