"""The conversation as a part of the candidate's own record."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from assistant.context.store import read_sent
from assistant.enums import MessageRole
from assistant.models import Message
from assistant.selectors import (
    conversation_messages,
    cost_fields,
    may_see_cost,
    rating_of,
    read_calls,
)
from assistant.services.attachments import describe_images
from assistant.services.hints import hint_frame, list_hints
from assistant.services.proposal_frames import list_proposals
from assistant.services.questions import list_questions
from interviews.models import Interview
from interviews.room_panels import RecordEntry, RecordPart


def build_conversation_record(interview: Interview) -> RecordPart:
    """Return what was said, in order, to read and to download.

    What went along with a question is in the data, word for word, and what the
    candidate decided; what it cost is, where the candidate may see that.
    """
    messages = conversation_messages(interview)
    sent = read_sent(interview)
    sees_cost = may_see_cost(interview, None)
    calls = read_calls(messages) if sees_cost else {}
    return RecordPart(
        title=_("Conversation with the assistant"),
        entries=[
            RecordEntry(
                heading=_("You")
                if message.role == MessageRole.USER
                else _("Assistant"),
                text=message.text,
                at=message.created_at,
            )
            for message in messages
        ],
        data=[
            *(
                _describe(message, sent)
                | (cost_fields(message, calls) if sees_cost else {})
                for message in messages
            ),
            *list_proposals(interview.pk),
            *list_questions(interview.pk),
        ],
    )


def build_hint_record(interview: Interview) -> RecordPart:
    """Return the hints taken, to read and to download."""
    hints = list_hints(interview)
    return RecordPart(
        title=_("Hints you took"),
        entries=[
            RecordEntry(
                heading=_("Problem %(problem)d, hint %(number)d")
                % {"problem": hint.section + 1, "number": hint.number},
                text=hint.text,
                at=hint.taken_at,
            )
            for hint in hints
        ],
        data=[hint_frame(hint) | {"section": hint.section} for hint in hints],
    )


def _describe(message: Message, sent: Mapping[UUID, list[str]]) -> dict[str, Any]:
    is_question = message.role == MessageRole.USER
    question: dict[str, Any] = {
        "sent": sent.get(message.turn_id, []),
        "replaces": str(message.turn.replaces_id) if message.turn.replaces_id else None,
        "turn": str(message.turn_id),
        "images": describe_images(message),
    }
    return (question if is_question else {}) | {
        "role": message.role,
        "text": message.text,
        "at": message.created_at.isoformat(),
        "simulated": message.is_simulated,
        "state": message.turn.state,
        "rating": rating_of(message),
    }
