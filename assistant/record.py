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
)
from interviews.models import Interview
from interviews.room_panels import RecordEntry, RecordPart


def build_conversation_record(interview: Interview) -> RecordPart:
    """Return what was said, in order, to read and to download.

    What went along with a question is in the data, word for word; what it cost is,
    where the candidate may see that.
    """
    messages = conversation_messages(interview)
    sent = read_sent(interview)
    sees_cost = may_see_cost(interview, None)
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
            _describe(message, sent) | (cost_fields(message) if sees_cost else {})
            for message in messages
        ],
    )


def _describe(message: Message, sent: Mapping[UUID, list[str]]) -> dict[str, Any]:
    is_question = message.role == MessageRole.USER
    context = {"sent": sent.get(message.turn_id, [])} if is_question else {}
    return context | {
        "role": message.role,
        "text": message.text,
        "at": message.created_at.isoformat(),
        "simulated": message.is_simulated,
        "state": message.turn.state,
        "rating": rating_of(message),
    }
