"""A turn's frames as the chat's events, or as one whole answer."""

import math
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from channels.db import database_sync_to_async
from django.http import JsonResponse

from assistant.api.sse import encode_event
from assistant.context.texts import estimate_tokens
from assistant.errors import UnknownTurnError
from assistant.following import follow_turn
from assistant.models import Message, Turn
from assistant.selectors import cost_fields, find_answer, may_see_cost
from base.text import utf16_length
from interviews.models import Interview

Frame = Mapping[str, Any]

_UNPAID = frozenset({"budget_exceeded", "spending_stopped"})


async def stream_turn(
    interview: Interview, turn: Turn, offset: int
) -> AsyncIterator[bytes]:
    """Yield the events of a turn from an offset on, until its end.

    Whoever stops reading changes nothing: the answer belongs to no request.
    """
    yield encode_event("queued", _about(turn))
    async with aclosing(follow_turn(interview.pk, turn.pk, offset)) as frames:
        async for frame in frames:
            yield await _as_event(interview, turn, frame)


async def _as_event(interview: Interview, turn: Turn, frame: Frame) -> bytes:
    kind: str = frame["type"]
    if kind == "turn.delta":
        return _text_event(frame)
    if kind == "turn.finished":
        return encode_event("done", await _describe_done(interview, turn, frame))
    if kind == "turn.failed":
        return encode_event("error", await _describe_failure(interview, turn, frame))
    data = {name: value for name, value in frame.items() if name != "type"}
    return encode_event(_event_names.get(kind) or kind, data)


_event_names = {
    "turn.started": "started",
    "turn.tool": "tool",
    "turn.waiting": "waiting",
}


async def wait_for_answer(interview: Interview, turn: Turn) -> JsonResponse:
    """Return the whole answer once it has ended, or why there is none."""
    closing: Frame = {}
    async with aclosing(follow_turn(interview.pk, turn.pk, 0)) as frames:
        async for frame in frames:
            closing = frame
    if not closing:
        raise UnknownTurnError
    if closing["type"] == "turn.failed":
        data = await _describe_failure(interview, turn, closing)
        message = await _find_answer(turn.pk)
        response = JsonResponse(
            {**data, "reply": message.text if message else ""},
            status=_failure_status(closing),
        )
        if "retry_after" in data:
            response["Retry-After"] = str(math.ceil(data["retry_after"]))
    else:
        data = await _describe_done(interview, turn, closing)
        data["reply"] = data.pop("full_text")
        response = JsonResponse(data)
    response["Cache-Control"] = "no-store"
    return response


def _failure_status(closing: Frame) -> int:
    if closing["code"] in _UNPAID:
        return 402
    return 503 if closing.get("retryable") else 502


def _text_event(delta: Frame) -> bytes:
    after = delta["offset"] + utf16_length(delta["text"])
    data = {
        "turn": delta["turn"],
        "text": delta["text"],
        "offset": delta["offset"],
        "token_count": estimate_tokens(after),
    }
    return encode_event("text", data, event_id=after)


def _about(turn: Turn) -> dict[str, Any]:
    return {"turn": str(turn.pk), "chat_id": str(turn.conversation_id)}


_find_answer = database_sync_to_async(find_answer)


async def _describe_done(
    interview: Interview, turn: Turn, closing: Frame
) -> dict[str, Any]:
    message = await _find_answer(turn.pk)
    return {
        **_about(turn),
        **_describe_message(interview, turn, message),
        "stop_reason": closing["stop_reason"],
        "full_text": message.text if message else "",
        "simulated": bool(message and message.is_simulated),
    }


async def _describe_failure(
    interview: Interview, turn: Turn, closing: Frame
) -> dict[str, Any]:
    message = await _find_answer(turn.pk)
    known = ("code", "message", "retryable", "retry_after")
    return {
        **_about(turn),
        **_describe_message(interview, turn, message),
        **{name: closing[name] for name in known if name in closing},
    }


def _describe_message(
    interview: Interview, turn: Turn, message: Message | None
) -> dict[str, Any]:
    """Return what every end says of the stored answer; cost where it may be seen."""
    if message is None:
        return {"message_id": None, "created_at": turn.created_at.isoformat()}
    cost = cost_fields(message) if may_see_cost(interview, None) else {}
    created_at = message.created_at.isoformat()
    return {"message_id": str(message.pk), "created_at": created_at, **cost}
