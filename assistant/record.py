"""The conversation as a part of the candidate's own record."""

from django.utils.translation import gettext as _

from assistant.enums import MessageRole
from assistant.selectors import conversation_messages
from interviews.models import Interview
from interviews.room_panels import RecordEntry, RecordPart


def build_conversation_record(interview: Interview) -> RecordPart:
    """Return what was said, in order, to read and to download."""
    messages = conversation_messages(interview)
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
            {
                "role": message.role,
                "text": message.text,
                "at": message.created_at.isoformat(),
                "simulated": message.is_simulated,
                "state": message.turn.state,
            }
            for message in messages
        ],
    )
