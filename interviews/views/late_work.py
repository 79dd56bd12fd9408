"""Work that a page could not store before the time was up."""

import json
from typing import Annotated

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from pydantic import Field

from base.errors import DomainError
from interviews.models import Interview
from interviews.protocol import DocumentUpdate, UpdateItem
from interviews.services.late_work import LeftWork, take_late_work
from interviews.views.candidate import candidate_page


class LateUpdate(DocumentUpdate):
    """A document.update as the socket takes it; a long time offline makes it long."""

    updates: Annotated[list[UpdateItem], Field(min_length=1, max_length=50_000)]


@require_POST
@candidate_page
def receive_late_work(request: HttpRequest, interview: Interview) -> JsonResponse:
    """Take one document's left updates; says whether they are in the document."""
    try:
        # Not Pydantic's own parser: it refuses halves of characters, which we mend.
        frame = LateUpdate.model_validate(json.loads(request.body))
    except (ValueError, RecursionError):
        return _refuse("bad_frame", _("The page sent something unexpected."), 400)
    work = LeftWork(
        path=frame.path,
        version=frame.version,
        updates=[item.as_update() for item in frame.updates],
        document=frame.document,
    )
    try:
        is_applied = take_late_work(interview.pk, work, client_id=frame.id)
    except DomainError as error:
        return _refuse(error.code, str(error.message), error.status)
    return JsonResponse({"state": "stored" if is_applied else "kept"})


def _refuse(code: str, message: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "message": message}, status=status)
