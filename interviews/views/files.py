"""The candidate's files over HTTP: bringing along, and taking away."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from pydantic import BaseModel, ConfigDict, ValidationError

from base.errors import DomainError
from base.refusals import check_csrf, refuse
from interviews.file_news import read_line, tell_windows, upload_frames
from interviews.file_responses import archive_response, content_response
from interviews.models import Interview
from interviews.protocol import FrameId, Path
from interviews.services.presence import is_tab_writing
from interviews.services.uploads import UploadMode, upload_file
from interviews.views.candidate import candidate_page
from interviews.workspace.errors import (
    BadFrameError,
    FileTooLargeError,
    ReadOnlyError,
)

# What a request holds beside the file itself.
ENVELOPE_BYTES = 16 * 1024


class UploadFields(BaseModel):
    """What comes along with a file; `id` makes sending it again harmless.

    `tab` is the page's name, as in the address of its socket.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: FrameId
    path: Path
    mode: UploadMode = "new"
    tab: str = ""


@csrf_exempt  # checked below: Django's own check reads the whole body before the view
@require_POST
@candidate_page
def upload(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Take one file as multipart/form-data; how large it is is asked before it is read."""
    try:
        _check_length(request)
        return check_csrf(request) or _store(request, interview)
    except DomainError as error:
        return refuse(error)


def _check_length(request: HttpRequest) -> None:
    length = request.headers.get("Content-Length", "")
    most = settings.LIMITS["kept_file_bytes"]
    if not length.isdecimal():
        raise BadFrameError
    if int(length) > most + ENVELOPE_BYTES:
        raise FileTooLargeError(
            _("The file is larger than %(count)d MB.") % {"count": most // 1_048_576}
        )


def _store(request: HttpRequest, interview: Interview) -> HttpResponse:
    file = request.FILES.get("file")
    try:
        fields = UploadFields.model_validate(request.POST.dict())
    except ValidationError as error:
        raise BadFrameError from error
    if file is None:
        raise BadFrameError
    if not is_tab_writing(interview.pk, fields.tab):
        raise ReadOnlyError(_("The interview goes on in another window."))
    uploaded = upload_file(
        interview.pk,
        path=fields.path,
        data=file.read(),
        mode=fields.mode,
        client_id=fields.id,
    )
    if not uploaded.is_repeat:
        tell_windows(interview.pk, upload_frames(interview.pk, uploaded))
    line = read_line(interview.pk, uploaded.path)
    return JsonResponse({"path": uploaded.path, **line})


@require_safe
@candidate_page
def download_file(request: HttpRequest, interview: Interview) -> HttpResponse:
    """Give one file that is no document, named by `path`."""
    try:
        return content_response(interview, request.GET.get("path", ""))
    except DomainError as error:
        return _say(error)


@require_safe
@candidate_page
def download_archive(request: HttpRequest, interview: Interview) -> HttpResponseBase:
    """Give all files as a ZIP."""
    try:
        return archive_response(interview)
    except DomainError as error:
        return _say(error)


def _say(error: DomainError) -> HttpResponse:
    text = f"{error.message}\n"
    return HttpResponse(
        text, content_type="text/plain; charset=utf-8", status=error.status
    )
