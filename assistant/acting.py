"""What a page asks for, whichever way it comes: over its socket or over HTTP."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings

from assistant.enums import Rating, TurnState
from assistant.models import Turn
from assistant.protocol import PROTOCOL
from assistant.selectors import build_hello, find_turn
from assistant.services.endings import interrupt_dead_turns
from assistant.services.feedback import rate_message
from assistant.services.queue import promote_ready
from assistant.services.replacing import NO_EXTRAS, Extras, is_under_way
from assistant.services.turns import ask, request_stop
from assistant.turns.control import order_stop
from assistant.turns.registry import find_live, start_turn
from base.text import utf16_length
from interviews.models import Interview
from interviews.notifications import interview_group, tell_group


async def ask_turn(
    interview_id: UUID,
    *,
    client_id: str,
    text: str,
    conversation_id: UUID | None = None,
    files: Sequence[str] = (),
    extras: Extras = NO_EXTRAS,
) -> tuple[Turn, bool]:
    """Store a question and begin to answer it here; returns (turn, is_new).

    Raises what `assistant.services.turns.ask` raises. Whoever asks tells the other
    pages of a new one: `tell_began`.
    """
    turn, is_new = await database_sync_to_async(ask)(
        interview_id,
        client_id=client_id,
        text=text,
        conversation_id=conversation_id,
        files=files,
        extras=extras,
    )
    # First of all, whatever becomes of who asked; and an earlier ask may have been
    # stored by a process that did not live to answer it.
    if turn.state == TurnState.QUEUED:
        start_turn(turn.pk)
    if is_new and turn.replaces_id is not None:
        await _stop_replaced(interview_id, turn.replaces_id)
    return turn, is_new


async def _stop_replaced(interview_id: UUID, turn_id: UUID) -> None:
    """Stop an answer whose question was edited; the new one waits for its end."""
    if await database_sync_to_async(is_under_way)(turn_id):
        await stop_turn(interview_id, turn_id)


async def tell_began(interview_id: UUID, turn_id: UUID) -> None:
    """Have every page of the interview follow a new turn."""
    message = {"type": "turn.began", "turn": str(turn_id)}
    await tell_group(interview_group(interview_id), message)


async def stop_turn(interview_id: UUID, turn_id: UUID) -> None:
    """Stop an answer, or take back a question that waits. Raises UnknownTurnError.

    Another process that writes it is told at once, and by the store within a second.
    """
    turn = await database_sync_to_async(find_turn)(interview_id, turn_id)
    live = find_live(turn_id)
    if turn is not None and live is not None:
        live.stop()
        return
    await database_sync_to_async(_stop_elsewhere)(interview_id, turn_id)
    await order_stop(turn_id)


def _stop_elsewhere(interview_id: UUID, turn_id: UUID) -> None:
    request_stop(Interview.objects.get(pk=interview_id), turn_id)


async def rate_answer(
    interview_id: UUID,
    message_id: UUID,
    *,
    rating: Rating | None,
    asked: Sequence[str] = ("", ""),
) -> None:
    """Keep a rating and tell every page of the interview.

    `asked` is the channel and the frame id of the socket that asked, if one did.
    Raises what `rate_message` raises.
    """
    await database_sync_to_async(rate_message)(interview_id, message_id, rating=rating)
    await tell_group(
        interview_group(interview_id),
        {
            "type": "message.rated",
            "message": str(message_id),
            "rating": rating.value if rating else None,
            "asked": list(asked),
        },
    )


async def read_hello(interview_id: UUID, user_id: int | None) -> dict[str, Any]:
    """Return what a page needs to resume; turns whose time has come are begun here.

    `lives` are the live and waiting turns as far as they are known here: `text` and
    its `offset`, from which on a page is to be told the rest.
    """
    state = await database_sync_to_async(_read_state)(interview_id, user_id)
    for turn_id in state.pop("ready"):
        start_turn(turn_id)
    lives = [_describe_live(**live) for live in state.pop("live")]
    limits = settings.LIMITS
    return {
        "protocol": PROTOCOL,
        **state,
        "limits": {
            "message_chars": limits["message_chars"],
            "pasted_code_chars": limits["pasted_code_chars"],
        },
        "lives": lives,
        "live": lives[0] if lives else None,
    }


def _read_state(interview_id: UUID, user_id: int | None) -> dict[str, Any]:
    interview = Interview.objects.get(pk=interview_id)
    interrupt_dead_turns(interview)
    ready = promote_ready(interview)
    return {**build_hello(interview_id, user_id), "ready": ready}


def _describe_live(turn: UUID, text: str, **known: Any) -> dict[str, Any]:
    """Return a live turn for a page, which is told of the rest from there on."""
    local = find_live(turn)
    text = local.text.text if local else text
    return {"turn": str(turn), "offset": utf16_length(text), "text": text, **known}
