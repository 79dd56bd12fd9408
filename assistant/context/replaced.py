"""What the model is told of a question that was edited: what was sent stays."""

from assistant.models import ContextEpoch, Turn

REPLACED = (
    "<note>The candidate has edited their last question: the one below takes the place "
    "of the one above. Answer the one below.</note>"
)


def replaced_note(turn: Turn, epoch: ContextEpoch) -> str:
    """Return the note that belongs before a question, or nothing.

    There is none where the model never saw the question that was replaced.
    """
    if turn.replaces_id is None:
        return ""
    was_sent = epoch.items.filter(turn_id=turn.replaces_id).exists()
    return REPLACED if was_sent else ""
