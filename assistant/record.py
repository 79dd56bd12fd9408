"""The conversation as a part of the candidate's own record."""

from typing import Any

from django.utils.translation import gettext as _

from assistant.enums import MessageRole
from assistant.models import Message
from assistant.selectors import conversation_messages, cost_fields, may_see_cost
from interviews.models import Interview
from interviews.room_panels import RecordEntry, RecordPart


def build_conversation_record(interview: Interview) -> RecordPart:
    """Return what was said, in order, to read and to download.

    What it cost is in the data where the candidate may see that.
    """
    messages = conversation_messages(interview)
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
            _describe(message) | (cost_fields(message) if sees_cost else {})
            for message in messages
        ],
    )


def _describe(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "text": message.text,
        "at": message.created_at.isoformat(),
        "simulated": message.is_simulated,
        "state": message.turn.state,
    }
