"""The same question twice within a moment is one question: two tabs, two clicks."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from assistant.context.files import collect_files
from assistant.enums import MessageRole, TurnState
from assistant.models import Message, Turn
from assistant.services.replacing import NO_EXTRAS, Extras
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
    extras: Extras = NO_EXTRAS,
) -> Turn | None:
    """Return the turn that a question is: sent before, or asked a moment ago.

    The one that is to be replaced is another, even with the same words, and so is one
    over files that have changed.
    """
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
    if extras.replaces is not None:
        recent = recent.exclude(pk=extras.replaces)
    sent = [(file.path, file.hash) for file in collect_files(interview, files)]
    asked = Message.objects.filter(
        turn__in=recent, role=MessageRole.USER, text=text
    ).select_related("turn")
    for message in asked.order_by("-created_at"):
        before = message.context.get("files", [])
        had = [(file["path"], file["hash"]) for file in before]
        images = message.attachments.order_by("position").values_list("pk", flat=True)
        if had == sent and list(images) == list(extras.images):
            return message.turn
    return None
