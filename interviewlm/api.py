"""The HTTP API `/api/v1/`: composed from the apps' routers, errors in one shape."""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Router, Schema
from ninja.errors import HttpError, ValidationError

from assistant.api.access import CandidateCookie, candidate
from assistant.api.description import EVENTS, PROBLEMS
from assistant.api.routes import router as chat_router
from assistant.api.sse import MEDIA_TYPE, stream_response
from base.errors import DomainError
from base.refusals import refuse
from interviewlm.api_docs import PlainDocs, describe_models
from interviewlm.lines import Line, send_to_line
from recordings.api import describe_uploads

logger = logging.getLogger(__name__)

View = Callable[..., Awaitable[HttpResponseBase]]

DESCRIPTION = """\
Every refusal is `{code, message, retryable, retry_after?}` with a 4xx or 5xx status;
`code` is stable, `retry_after` is in seconds and stands in `Retry-After`, too.
The routes below are those of the candidate's own pages: the cookie that the invitation's
link sets, and the header `X-CSRFToken` with whatever changes something."""


class Api(NinjaAPI):
    """Ninja, with what it can not see in the OpenAPI document."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """Return the document: ninja's routes, the uploads, the events of a stream."""
        document = super().get_openapi_schema(**options)
        uploads = describe_uploads()
        document["paths"].update(uploads.paths)
        models = describe_models([*EVENTS, *uploads.models])
        document["components"]["schemas"].update(models)
        return document

    def _get_urls(self) -> list[Any]:
        """Return ninja's addresses, refusing other methods as all else is refused."""
        urls: list[Any] = super()._get_urls()
        for url in urls:
            if iscoroutinefunction(url.callback):
                url.callback = _in_one_shape(url.callback)
        return urls


def _in_one_shape(view: View) -> View:
    @wraps(view)
    async def wrapper(request: HttpRequest, **named: Any) -> HttpResponseBase:
        response = await view(request, **named)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        allowed = response["Allow"]
        refusal = refuse(_WrongMethodError(_("Use %s here.") % allowed))
        refusal["Allow"] = allowed
        return refusal

    return wrapper


class _WrongMethodError(DomainError):
    code = "method_not_allowed"
    status = 405


api = Api(
    title="InterviewLM",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs=PlainDocs(),
)


class _NoSuchAddressError(DomainError):
    code = "not_found"
    status = 404


class _BadRequestError(DomainError):
    code = "bad_request"

    def __init__(self, message: object, status: int) -> None:
        super().__init__(message)
        self.status = status


class _NotStoredError(DomainError):
    code = "not_stored"
    status = 503
    retryable = True


class _InternalError(DomainError):
    code = "internal_error"
    status = 500
    retryable = True


@api.exception_handler(DomainError)
def _refuse(request: HttpRequest, error: DomainError) -> HttpResponse:
    return refuse(error)


@api.exception_handler(ValidationError)
def _refuse_invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Say what is wrong where, never with what was sent."""
    faults = [
        f"{'.'.join(str(part) for part in one['loc'][-2:])}: {one['msg']}"
        for one in error.errors[:5]
    ]
    return refuse(_BadRequestError("; ".join(faults), 422))


@api.exception_handler(HttpError)
def _refuse_unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return refuse(_BadRequestError(error.message, error.status_code))


@api.exception_handler(RequestDataTooBig)
def _refuse_too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return refuse(_BadRequestError(_("This is too large to send at once."), 413))


@api.exception_handler(Http404)
def _refuse_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return refuse(_NoSuchAddressError(_("There is nothing at this address.")))


@api.exception_handler(DatabaseError)
def _refuse_unstored(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    logger.error("A request could not be stored", exc_info=error)
    message = _("This could not be stored. Try again in a moment.")
    return refuse(_NotStoredError(message, retry_after=2.0))


@api.exception_handler(Exception)
def _refuse_unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("A request of the API failed", exc_info=error)
    return refuse(_InternalError(_("Something went wrong on our side.")))


def answer_unknown(request: HttpRequest, address: str) -> HttpResponse:
    """Answer for every address below `/api/v1/` that does not exist."""
    return _refuse_missing(request, Http404())


# The line of a page that can open no WebSocket

line_router = Router(tags=["chat"])
_CHAT = "/interviews/{uuid:interview_id}/chat"


class SentFrame(Schema):
    """One frame of the assistant's socket, for the line that `line` names."""

    line: str
    frame: dict[str, Any]


@line_router.get(
    f"{_CHAT}/events",
    auth=CandidateCookie(is_over_ok=True),
    response=PROBLEMS,
    summary="The socket's frames as events",
    openapi_extra={
        "responses": {
            200: {
                "description": "Events: line, frame (docs/protocol.md) and close.",
                "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
            }
        }
    },
)
async def open_line(request: HttpRequest, interview_id: UUID) -> HttpResponseBase:
    """Everything the assistant's socket would send, from `hello` on.

    `line {line}` comes first: its name goes with each frame that is sent by POST.
    """
    events = Line(interview_id, request.COOKIES).events()
    return stream_response(events, kind="assistant_events")


@line_router.post(
    f"{_CHAT}/frames",
    auth=candidate,
    response={202: None, **PROBLEMS},
    summary="Send a frame",
)
async def send_frame(
    request: HttpRequest, interview_id: UUID, sent: SentFrame
) -> HttpResponse:
    """Do what the frame says, as on the socket; replies come as events of the line."""
    await send_to_line(interview_id, sent.line, sent.frame)
    return JsonResponse({}, status=202)


api.add_router("", chat_router)
api.add_router("", line_router)
