"""Ids for the logs, counts for the metrics, and a header Django does not send."""

import re
from collections.abc import Callable
from time import monotonic

import structlog
from django.http import HttpRequest, HttpResponse

from base.ids import new_token
from interviewlm.metrics import observe_request

GetResponse = Callable[[HttpRequest], HttpResponse]

_INTERVIEW_PATH = re.compile(r"/interviews/([0-9a-f-]{36})(?:/|$)")
_REQUEST_ID = re.compile(r"^[\w-]{8,64}$")
PERMISSIONS_POLICY = (
    "camera=(self), microphone=(self), display-capture=(self), "
    "geolocation=(), payment=(), usb=()"
)


class RequestContextMiddleware:
    """Binds a request id, and the interview's id where the path has one, to the logs."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Take a well-formed X-Request-ID from the proxy or make one; answer with it."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.match(given) else new_token()
        interview = _INTERVIEW_PATH.search(request.path)
        context = {"request": request_id}
        if interview:
            context["interview"] = interview.group(1)
        started = monotonic()
        # Not unbound afterwards: Django logs the answer outside of all middleware.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**context)
        response = self.get_response(request)
        observe_request(request.method, response.status_code, monotonic() - started)
        response["X-Request-ID"] = request_id
        return response


class PermissionsPolicyMiddleware:
    """Camera, microphone and screen for our own pages only."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the header."""
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS_POLICY
        return response
