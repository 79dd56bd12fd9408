"""Reads of the assistant app: what a page needs to show a conversation."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from assistant.configuration import read_status
from assistant.enums import MessageRole, TurnState
from assistant.models import Conversation, Message, Turn
from assistant.services.turns import LIVE_STATES, stored_text
from interviews.enums import Policy
from interviews.models import Interview

_UNANSWERED = (TurnState.FAILED, TurnState.INTERRUPTED)


def message_frame(message: Message) -> dict[str, Any]:
    """Return a message as pages get it; a missing answer's reason comes along."""
    turn = message.turn
    frame: dict[str, Any] = {
        "id": str(message.pk),
        "role": message.role,
        "text": message.text,
        "turn": str(turn.pk),
        "created_at": message.created_at.isoformat(),
        "stop_reason": message.stop_reason,
        "simulated": message.is_simulated,
        "state": turn.state,
    }
    if message.role == MessageRole.ASSISTANT and turn.state in _UNANSWERED:
        frame["error"] = {"code": turn.error_code, "message": turn.error_message}
    return frame


def conversation_messages(interview: Interview) -> list[Message]:
    """Return every message of the interview, in the order it was said."""
    return list(
        Message.objects.filter(turn__conversation__interview=interview)
        .select_related("turn", "usage")
        .order_by("turn__created_at", "-role", "created_at")
    )


def live_turn(interview: Interview) -> Turn | None:
    """Return the turn being answered, in whichever process."""
    return Turn.objects.filter(
        conversation__interview=interview, state__in=LIVE_STATES
    ).first()


def find_turn(interview_id: UUID, turn_id: UUID) -> Turn | None:
    """Return a turn of this interview."""
    return Turn.objects.filter(
        pk=turn_id, conversation__interview_id=interview_id
    ).first()


def find_answer(turn_id: UUID) -> Message | None:
    """Return the stored answer of a turn."""
    return (
        Message.objects.select_related("turn")
        .filter(turn_id=turn_id, role=MessageRole.ASSISTANT)
        .first()
    )


def describe_assistant(interview: Interview) -> dict[str, Any]:
    """Return whether this interview's assistant can be asked, in the candidate's words."""
    status = read_status()
    message = "" if status.is_available else str(_("The assistant is not configured."))
    if interview.assessment_version.policy == Policy.OFF:
        return {"available": False, "simulated": False, "message": ""}
    return {
        "available": status.is_available,
        "simulated": status.is_simulated,
        "message": message,
    }


def build_hello(interview_id: UUID) -> dict[str, Any]:
    """Return what the assistant panel needs to resume, the live turn included."""
    interview = Interview.objects.select_related("assessment_version").get(
        pk=interview_id
    )
    conversation = Conversation.objects.filter(interview=interview).first()
    turn = live_turn(interview)
    return {
        "conversation": str(conversation.pk) if conversation else None,
        "policy": interview.assessment_version.policy,
        "messages": [message_frame(m) for m in conversation_messages(interview)],
        "live_turn": turn.pk if turn else None,
        "live_text": stored_text(turn.pk) if turn else "",
        "assistant": describe_assistant(interview),
    }
