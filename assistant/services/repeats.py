"""The same question twice within a moment is one question: two tabs, two clicks."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from assistant.enums import MessageRole, TurnState
from assistant.models import Message, Turn
from base.clock import now
from interviews.models import Interview

WITHIN = timedelta(seconds=5)
# One that failed or was stopped may be asked again at once.
_STANDING = (
    TurnState.WAITING,
    TurnState.QUEUED,
    TurnState.RUNNING,
    TurnState.FINISHED,
)


def find_same(
    interview: Interview,
    *,
    client_id: str,
    text: str,
    files: Sequence[str],
    conversation_id: UUID | None,
) -> Turn | None:
    """Return the turn that a question is: sent before, or asked a moment ago."""
    turns = Turn.objects.filter(conversation__interview=interview)
    known = turns.filter(client_id=client_id).first()
    if known is not None:
        return known
    conversation = conversation_id or getattr(
        interview.conversations.first(), "pk", None
    )
    recent = turns.filter(
        conversation=conversation,
        state__in=_STANDING,
        created_at__gt=now() - WITHIN,
    )
    paths = list(dict.fromkeys(files))
    asked = Message.objects.filter(
        turn__in=recent, role=MessageRole.USER, text=text
    ).select_related("turn")
    for message in asked.order_by("-created_at"):
        if [file["path"] for file in message.context.get("files", [])] == paths:
            return message.turn
    return None
