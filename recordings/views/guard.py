"""What the upload routes share: who may call them, and refusals as JSON."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from pydantic import BaseModel, ValidationError

from base.errors import DomainError
from base.refusals import check_csrf, refuse
from interviews.models import Interview
from recordings.access import get_as_candidate
from recordings.errors import ChunkTooLargeError, InvalidUploadError, RecordingError

P = ParamSpec("P")
Sent = TypeVar("Sent", bound=BaseModel)
View = Callable[Concatenate[HttpRequest, Interview, P], HttpResponse]


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
        @csrf_exempt  # checked below, with an answer in JSON
        @never_cache
        @wraps(view)
        def wrapper(
            request: HttpRequest, interview_id: UUID, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if request.method != method:
                response = refuse(_WrongMethodError(_("Use %s here.") % method))
                response["Allow"] = method
                return response
            try:
                interview = get_as_candidate(request.COOKIES, interview_id)
                refusal = check_csrf(request)
                return refusal or view(request, interview, *args, **kwargs)
            except DomainError as error:
                return refuse(error)

        return wrapper

    return decorate


def read_json(request: HttpRequest, schema: type[Sent]) -> Sent:
    """Return the typed body. Raises InvalidUploadError or ChunkTooLargeError."""
    try:
        return schema.model_validate_json(request.body)
    except ValidationError as error:
        raise InvalidUploadError from error
    except RequestDataTooBig as error:
        raise ChunkTooLargeError from error
