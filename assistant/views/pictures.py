"""Pictures over HTTP: the candidate's browser sends them, who may read shows them."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.access import find_image
from assistant.errors import BadPictureError, BadUploadError, PictureNotReadError
from assistant.services.attachments import (
    MOST_BYTES,
    image_frame,
    read_image,
    store_image,
)
from base.errors import DomainError
from base.refusals import check_csrf, refuse
from interviews.access import find_as_candidate
from interviews.models import Interview

# What a request holds beside the picture itself.
ENVELOPE_BYTES = 16 * 1024


class UploadFields(BaseModel):
    """What comes along with a picture; `id` makes sending it again harmless."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(min_length=8, max_length=64)


@csrf_exempt  # checked below: Django's own check reads the whole body before the view
@require_POST
@never_cache
def upload(request: HttpRequest, interview_id: UUID) -> HttpResponse:
    """Take one picture as multipart/form-data; its length is asked before it is read."""
    interview = find_as_candidate(request.COOKIES, interview_id)
    if interview is None:
        raise Http404
    try:
        _check_length(request)
        return check_csrf(request) or _store(request, interview)
    except DomainError as error:
        return refuse(error)


def _check_length(request: HttpRequest) -> None:
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise BadUploadError
    if int(length) > MOST_BYTES + ENVELOPE_BYTES:
        raise BadPictureError


def _store(request: HttpRequest, interview: Interview) -> HttpResponse:
    file = request.FILES.get("file")
    try:
        fields = UploadFields.model_validate(request.POST.dict())
    except ValidationError as error:
        raise BadUploadError from error
    if file is None:
        raise BadUploadError
    image = store_image(interview.pk, client_id=fields.id, data=file.read())
    return JsonResponse(image_frame(image, interview.pk))


@require_safe
def show(request: HttpRequest, interview_id: UUID, image_id: UUID) -> HttpResponse:
    """Give a picture to the interview's candidate and to members who may read it.

    It is a download whose bytes were looked at: a page can draw it, no browser opens it
    as anything else.
    """
    image = find_image(request, interview_id, image_id)
    try:
        data = read_image(image)
    except PictureNotReadError as error:
        return refuse(error)
    if data is None:
        raise Http404
    response = HttpResponse(data, content_type=image.content_type)
    name = f"image-{str(image.pk)[:8]}.{image.content_type.removeprefix('image/')}"
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=name
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, max-age=3600"
    return response
