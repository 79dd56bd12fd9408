"""Ratings of answers by the candidate."""

from uuid import UUID

from django.db import transaction

from assistant.enums import MessageRole, Rating
from assistant.errors import UnknownTurnError
from assistant.events import MessageRated
from assistant.models import Feedback, Message
from assistant.selectors import rating_of
from base.clock import now
from interviews.enums import Origin
from interviews.services.lifecycle import lock_interview, require_active
from interviews.timeline.log import append_event


@transaction.atomic
def rate_message(
    interview_id: UUID, message_id: UUID, *, rating: Rating | None
) -> bool:
    """Keep the candidate's rating of an answer, None to take it back.

    Returns False when it was so already, and then writes nothing. Raises
    UnknownTurnError for what is no answer of this interview, and InterviewError once
    the interview is over.
    """
    interview = lock_interview(interview_id)
    require_active(interview)
    message = (
        Message.objects.filter(
            pk=message_id,
            role=MessageRole.ASSISTANT,
            turn__conversation__interview=interview,
        )
        .select_related("feedback")
        .first()
    )
    if message is None:
        raise UnknownTurnError
    if rating_of(message) == rating:
        return False
    if rating is None:
        Feedback.objects.filter(message=message).delete()
    else:
        Feedback.objects.update_or_create(
            message=message, defaults={"rating": rating, "rated_at": now()}
        )
    append_event(
        interview,
        MessageRated(turn=str(message.turn_id), message=str(message.pk), rating=rating),
        origin=Origin.CANDIDATE,
    )
    return True
