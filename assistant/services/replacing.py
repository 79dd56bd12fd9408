"""A question edited after it was asked: a new one takes its place, both are kept."""

from dataclasses import dataclass
from uuid import UUID

from assistant.enums import MessageRole
from assistant.errors import NotReplaceableError
from assistant.events import TurnReplaced
from assistant.models import Conversation, Turn
from assistant.selectors import LIVE_STATES
from assistant.services.queue import withdraw
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import append_event


@dataclass(frozen=True)
class Extras:
    """What a question may bring along: the turn it replaces, and pictures in order."""

    replaces: UUID | None = None
    images: tuple[UUID, ...] = ()


NO_EXTRAS = Extras()


def take_replaced(conversation: Conversation, turn_id: UUID | None) -> Turn | None:
    """Return the turn to be replaced, None for none; the caller holds the lock.

    A question that nobody has begun to answer is taken back at once. An answer under
    way is for the caller to stop once all is stored: what replaces it waits for its end.
    Raises NotReplaceableError unless it is the conversation's last question.
    """
    if turn_id is None:
        return None
    last = conversation.turns.order_by("created_at").last()
    if last is None or last.pk != turn_id:
        raise NotReplaceableError
    if not last.messages.filter(role=MessageRole.USER).exclude(text="").exists():
        raise NotReplaceableError
    withdraw(last.pk)
    return last


def log_replacement(interview: Interview, turn: Turn) -> None:
    """Write down that a turn takes another's place, where it does."""
    if turn.replaces_id is not None:
        append_event(
            interview,
            TurnReplaced(turn=str(turn.pk), replaced=str(turn.replaces_id)),
            origin=Origin.CANDIDATE,
        )


def is_under_way(turn_id: UUID) -> bool:
    """Say whether an answer that was replaced is still being written."""
    return Turn.objects.filter(pk=turn_id, state__in=LIVE_STATES).exists()
