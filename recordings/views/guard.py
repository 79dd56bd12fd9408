"""What the upload routes share: who may call them, and refusals as JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, ValidationError

from base.errors import DomainError
from base.refusals import check_csrf, refuse
from interviews.access import holds_cookie
from interviews.models import Interview
from recordings.access import Place, get_as_candidate, get_place
from recordings.errors import (
    ChunkTooLargeError,
    InvalidUploadError,
    RecordingError,
    UnknownRecordingError,
)
from recordings.schemas import MOST_CHUNKS

P = ParamSpec("P")
Sent = TypeVar("Sent", bound=BaseModel)
View = Callable[Concatenate[HttpRequest, Interview, P], HttpResponse]
ChunkView = Callable[[HttpRequest, Place, int], HttpResponse]


class _WrongMethodError(RecordingError):
    code = "method_not_allowed"
    status = 405


def upload_route(
    method: str,
) -> Callable[[View[P]], Callable[..., HttpResponse]]:
    """Give the view the interview of this browser's candidate.

    The page's uploader reads codes, so that nothing here redirects or answers HTML:
    404 for strangers, 403 without the CSRF token, 405 for another method.
    """

    def decorate(view: View[P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(
            request: HttpRequest, interview_id: UUID, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            interview = get_as_candidate(request.COOKIES, interview_id)
            refusal = check_csrf(request)
            return refusal or view(request, interview, *args, **kwargs)

        return _guard(method, answer)

    return decorate


def chunk_route(method: str) -> Callable[[ChunkView], Callable[..., HttpResponse]]:
    """Give the view the place of a chunk, and answer as `upload_route` does.

    What the cookie says by itself is looked at first: place and interview are one
    statement, for a browser that has the right to neither as for any other.
    """

    def decorate(view: ChunkView) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(
            request: HttpRequest, interview_id: UUID, segment_id: UUID, index: int
        ) -> HttpResponse:
            if not holds_cookie(request.COOKIES, interview_id):
                raise UnknownRecordingError
            refusal = check_csrf(request)
            if refusal is not None:
                return refusal
            # The database knows no such number.
            if index >= MOST_CHUNKS:
                raise InvalidUploadError
            place = get_place(request.COOKIES, interview_id, segment_id, index)
            return view(request, place, index)

        return _guard(method, answer)

    return decorate


def _guard(
    method: str, answer: Callable[..., HttpResponse]
) -> Callable[..., HttpResponse]:
    """Refuse other methods, and answer what the view raises."""

    @csrf_exempt  # checked by the answer, which refuses in JSON
    @never_cache
    @wraps(answer)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != method:
            response = refuse(_WrongMethodError(_("Use %s here.") % method))
            response["Allow"] = method
            return response
        try:
            return answer(request, *args, **kwargs)
        except DomainError as error:
            return refuse(error)

    return wrapper


def read_json(request: HttpRequest, schema: type[Sent]) -> Sent:
    """Return the typed body. Raises InvalidUploadError or ChunkTooLargeError."""
    try:
        return schema.model_validate_json(request.body)
    except ValidationError as error:
        raise InvalidUploadError from error
    except RequestDataTooBig as error:
        raise ChunkTooLargeError from error
