"""Whose picture is it: the candidate's own, and members who may read conversations."""

from uuid import UUID

from django.http import Http404, HttpRequest

from accounts.access import role_in
from accounts.permissions import VIEW, is_allowed
from assistant.models import Attachment
from interviews.access import find_as_candidate


def find_image(request: HttpRequest, interview_id: UUID, image_id: UUID) -> Attachment:
    """Return a picture of this very interview for who may see it; others get Http404.

    Whichever organisation a member picked for the back office does not matter: the
    page where somebody watches an interview has none picked.
    """
    image = (
        Attachment.objects.select_related("interview__organisation")
        .filter(pk=image_id, interview=interview_id)
        .first()
    )
    if image is None:
        raise Http404
    if find_as_candidate(request.COOKIES, interview_id) is not None:
        return image
    role = role_in(request.user, image.interview.organisation)
    if role is None or not is_allowed(role, VIEW, "conversation"):
        raise Http404
    return image
