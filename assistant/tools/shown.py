"""What pages see of tools: one quiet line for each call."""

from typing import Any
from uuid import UUID

from assistant.models import ToolCall
from assistant.tools.catalogue import name_call
from interviews.models import Interview


def tool_frame(
    turn_id: UUID, call: ToolCall, *, state: str | None = None, detail: str = ""
) -> dict[str, Any]:
    """Return `turn.tool`; the same `call` again tells how it stands now."""
    return {
        "type": "turn.tool",
        "turn": str(turn_id),
        "call": str(call.pk),
        "name": call.name,
        "state": state or str(call.state),
        "title": name_call(call.name, call.input),
        "detail": detail or call.detail,
        "offset": call.offset,
    }


def list_tools(interview: Interview) -> dict[str, list[dict[str, Any]]]:
    """Return the calls of every turn of an interview, for pages that come back."""
    calls = ToolCall.objects.filter(turn__conversation__interview=interview)
    shown: dict[str, list[dict[str, Any]]] = {}
    for call in calls.order_by("started_at", "step", "number"):
        shown.setdefault(str(call.turn_id), []).append(tool_frame(call.turn_id, call))
    return shown
