"""Pictures sent along with a question: taken in, attached, read for the model."""

import base64
import hashlib
import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from assistant.enums import ModelPurpose
from assistant.errors import (
    BadPictureError,
    NoPicturesError,
    PictureNotReadError,
    PictureNotStoredError,
    TooManyPicturesError,
    UnknownPictureError,
)
from assistant.events import TurnPictured
from assistant.models import Attachment, Message
from assistant.pictures import LONG_EDGE, CleanPicture, clean_picture
from assistant.services.catalogue import expected_models, find_facts
from assistant.services.loose_contents import adopt_content, note_content
from base.ids import new_token, new_uuid
from interviews.enums import Origin, Policy
from interviews.models import Interview
from interviews.services.lifecycle import lock_interview, require_active
from interviews.timeline.log import append_event

logger = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024
PER_QUESTION = 3
PER_INTERVIEW = 60
# Pasted and never sent; beyond these the oldest goes.
MOST_UNSENT = 6
GONE = "[A picture was here that is not kept any more.]"


def takes_images(interview: Interview) -> bool:
    """Say whether every model that may answer this interview reads pictures."""
    if interview.assessment_version.policy == Policy.OFF:
        return False
    models = expected_models(ModelPurpose.CHAT, interview)
    return all(find_facts(name).images for name in models)


def store_image(interview_id: UUID, *, client_id: str, data: bytes) -> Attachment:
    """Keep a pasted picture until its question is sent; repeatable by `client_id`.

    It is cleaned and stored before anything is locked: a storage that takes its time
    keeps nobody of the interview waiting. Raises NoPicturesError, BadPictureError,
    TooManyPicturesError, PictureNotStoredError, and InterviewError when time is up.
    """
    interview = Interview.objects.select_related("assessment_version").get(
        pk=interview_id
    )
    known = _find_sent(interview, client_id)
    if known is not None:
        return known
    _require_room(interview)
    picture = clean_picture(data)
    if picture is None or len(picture.data) > MOST_BYTES:
        raise BadPictureError
    content = _save(interview_id, picture)
    return _keep(interview_id, client_id, picture, content)


@transaction.atomic
def _keep(
    interview_id: UUID, client_id: str, picture: CleanPicture, content: str
) -> Attachment:
    """Write the row of a stored picture; what is refused here is swept."""
    interview = lock_interview(interview_id)
    known = _find_sent(interview, client_id)
    if known is not None:
        return known
    _require_room(interview)
    _forget_oldest(interview)
    adopt_content(content)
    return Attachment.objects.create(
        interview=interview,
        client_id=client_id,
        content=content,
        content_type=picture.content_type,
        hash=hashlib.sha256(picture.data).hexdigest(),
        size=len(picture.data),
        width=picture.width,
        height=picture.height,
    )


def _find_sent(interview: Interview, client_id: str) -> Attachment | None:
    return interview.attachments.filter(client_id=client_id).first()


def _require_room(interview: Interview) -> None:
    """Raise where an interview takes no picture, or no more of them."""
    require_active(interview)
    if not takes_images(interview):
        raise NoPicturesError
    if interview.attachments.count() >= PER_INTERVIEW:
        raise TooManyPicturesError(
            _("This interview has as many pictures as it can have.")
        )


def _forget_oldest(interview: Interview) -> None:
    """Make room for one more that is not sent yet."""
    unsent = interview.attachments.filter(message=None).order_by("-created_at")
    for old in unsent[MOST_UNSENT - 1 :]:
        old.delete()


def _save(interview_id: UUID, picture: CleanPicture) -> str:
    name = f"images/{interview_id.hex}/{new_token()}"
    note_content(name)
    try:
        return default_storage.save(name, ContentFile(picture.data))
    except OSError as error:
        logger.exception("A picture of %s could not be kept", interview_id)
        raise PictureNotStoredError from error


def attach_images(message: Message, images: Sequence[UUID]) -> None:
    """Give a question its pictures, in this order, and log it; the caller holds the lock.

    One that was sent before, with a question that is asked again, is given to this one
    too. Raises NoPicturesError, TooManyPicturesError, or UnknownPictureError for one
    that is not there or another interview's.
    """
    wanted = list(dict.fromkeys(images))
    if not wanted:
        return
    if len(wanted) > PER_QUESTION:
        raise TooManyPicturesError(
            _("A question can have %(count)d pictures at most.")
            % {"count": PER_QUESTION}
        )
    interview = message.turn.conversation.interview
    if not takes_images(interview):
        raise NoPicturesError
    found = interview.attachments.in_bulk(wanted)
    if len(found) < len(wanted):
        raise UnknownPictureError
    for position, image in enumerate(wanted):
        attachment = found[image]
        if attachment.message_id is not None:
            _make_copy(attachment)
        attachment.message, attachment.position = message, position
        attachment.save()
    sent = TurnPictured(
        turn=str(message.turn_id),
        message=str(message.pk),
        images=[str(found[image].pk) for image in wanted],
    )
    append_event(interview, sent, origin=Origin.CANDIDATE)


def _make_copy(attachment: Attachment) -> None:
    """Make it another picture of the same content; both go with the interview."""
    attachment.pk = new_uuid()
    attachment.client_id = f"again-{new_token()}"
    attachment._state.adding = True


def image_blocks(message: Message) -> list[dict[str, Any]]:
    """Return a question's pictures as the Messages API takes them, in their order.

    One that is not kept any more is a sentence in its place. Raises
    PictureNotReadError.
    """
    return [_as_block(each) for each in message.attachments.order_by("position")]


def _as_block(attachment: Attachment) -> dict[str, Any]:
    data = read_image(attachment)
    if data is None:
        return {"type": "text", "text": GONE}
    return {
        "type": "image",
        "source": {
            "type": "base64",
            "media_type": attachment.content_type,
            "data": base64.b64encode(data).decode(),
        },
    }


def read_image(attachment: Attachment) -> bytes | None:
    """Return the bytes of a picture, None where they are not kept any more.

    Raises PictureNotReadError where the storage does not answer.
    """
    try:
        with default_storage.open(attachment.content) as source:
            return bytes(source.read())
    except FileNotFoundError:
        logger.error("The content of picture %s is gone", attachment.pk)
        return None
    except OSError as error:
        logger.exception("Picture %s could not be read", attachment.pk)
        raise PictureNotReadError from error


def describe_images(message: Message) -> list[dict[str, Any]]:
    """Return what a page needs to show a question's pictures."""
    interview_id = message.turn.conversation.interview_id
    return [image_frame(each, interview_id) for each in message.attachments.all()]


def image_frame(attachment: Attachment, interview_id: UUID) -> dict[str, Any]:
    """Return a picture as pages get it."""
    address = reverse("assistant:image", args=[interview_id, attachment.pk])
    return {
        "image": str(attachment.pk),
        "url": address,
        "width": attachment.width,
        "height": attachment.height,
    }


def describe_intake(interview: Interview) -> dict[str, Any] | None:
    """Return how a page sends pictures, or None where the model takes none."""
    if not takes_images(interview):
        return None
    return {
        "url": reverse("assistant:image-upload", args=[interview.pk]),
        "bytes": MOST_BYTES,
        "long_edge": LONG_EDGE,
        "per_question": PER_QUESTION,
    }
