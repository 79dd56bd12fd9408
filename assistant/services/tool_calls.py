"""Calls of tools on record: begun, ended, told to the model, never left open."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from assistant.context.store import (
    Draft,
    append_items,
    is_newest,
    is_same_model,
    keep_contents,
    newest_request,
)
from assistant.context.texts import text_block
from assistant.enums import ContextKind, MessageRole, ToolCallState, TurnState
from assistant.events import ToolCalled, ToolEnded
from assistant.models import ContextItem, ContextRequest, ToolCall, Turn
from assistant.providers.parts import ChatRequest
from assistant.services.requests import keep_request, read_request
from base.clock import now
from base.text import shorten
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.log import append_event

STOPPED = "The call was stopped before its end; it may have had effects."
_THOUGHTS = ("thinking", "redacted_thinking")
_MOST_DETAIL = 200


@dataclass(frozen=True)
class AskedCall:
    """A call the model asked for; `input` is None where it was no JSON object."""

    call_id: str
    name: str
    input: Mapping[str, Any] | None


@transaction.atomic
def begin_calls(
    turn_id: UUID,
    *,
    owner: str,
    blocks: Sequence[Mapping[str, Any]],
    asked: Sequence[AskedCall],
    model: str,
    offset: int,
) -> list[ToolCall]:
    """Add what the model said to the context, and write down what it asks for.

    `offset` counts the code units of the answer shown so far. Returns nothing where
    the turn is no longer the owner's. Locks the turn, then the timeline.
    """
    turn = _lock_own(turn_id, owner)
    request = None if turn is None else newest_request(turn)
    if turn is None or request is None or not is_newest(request):
        return []
    interview = Interview.objects.get(conversations__turns=turn_id)
    append_items(request.epoch, interview.pk, list(_said(turn, request, blocks, model)))
    calls = ToolCall.objects.bulk_create(
        ToolCall(
            turn=turn,
            step=request.step,
            number=number,
            call_id=call.call_id,
            name=shorten(call.name, 128),
            input=dict(call.input or {}),
            offset=offset,
        )
        for number, call in enumerate(asked)
    )
    for call in calls:
        append_event(interview, _called(call), origin=Origin.ASSISTANT)
    return calls


def _called(call: ToolCall) -> ToolCalled:
    return ToolCalled(
        turn=str(call.turn_id),
        call=str(call.pk),
        step=call.step,
        name=call.name,
        input=call.input,
        offset=call.offset,
    )


def _lock_own(turn_id: UUID, owner: str) -> Turn | None:
    """Return the turn, locked, while it is this owner's and goes on."""
    turn = Turn.objects.select_for_update(of=("self",)).get(pk=turn_id)
    is_ours = turn.owner == owner and turn.state == TurnState.RUNNING
    return turn if is_ours and turn.finished_at is None else None


def _said(
    turn: Turn,
    request: ContextRequest,
    blocks: Sequence[Mapping[str, Any]],
    model: str,
) -> list[Draft]:
    """Return an answer's blocks as they go back: unmodified, but for empty text.

    Thinking of another model than the epoch's stays out: it would be refused.
    """
    is_own = is_same_model(request.epoch.model, model)
    return [
        Draft(turn.pk, MessageRole.ASSISTANT, _kind_of(block), block)
        for block in blocks
        if (block["type"] != "text" or block["text"].strip())
        and (is_own or block["type"] not in _THOUGHTS)
    ]


def _kind_of(block: Mapping[str, Any]) -> ContextKind:
    is_call = block["type"] == "tool_use"
    return ContextKind.CALL if is_call else ContextKind.ANSWER


@transaction.atomic
def end_call(
    call_id: UUID,
    *,
    text: str,
    is_error: bool,
    detail: str = "",
    covers: str = "",
) -> bool:
    """Keep what a call gave, once; False where it was stopped meanwhile."""
    call = ToolCall.objects.select_related("turn__conversation").get(pk=call_id)
    state = ToolCallState.FAILED if is_error else ToolCallState.DONE
    return _end(call, state, text, detail=detail, covers=covers)


def _end(
    call: ToolCall, state: str, text: str, *, detail: str = "", covers: str = ""
) -> bool:
    interview = call.turn.conversation.interview
    block = result_block(call.call_id, text, is_error=state != ToolCallState.DONE)
    (key,) = keep_contents(interview.pk, [block])
    is_first = ToolCall.objects.filter(
        pk=call.pk, state=ToolCallState.RUNNING, result=None
    ).update(
        state=state,
        detail=shorten(detail, _MOST_DETAIL),
        covers=covers,
        result_id=key,
        ended_at=now(),
    )
    if is_first:
        append_event(
            interview,
            ToolEnded(turn=str(call.turn_id), call=str(call.pk), state=state),
            origin=Origin.ASSISTANT,
        )
    return bool(is_first)


def result_block(call_id: str, text: str, *, is_error: bool) -> dict[str, Any]:
    """Return what a tool gave as the provider takes it."""
    block: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": call_id,
        "content": text or "(nothing)",
    }
    return block | ({"is_error": True} if is_error else {})


@transaction.atomic
def go_on(
    turn_id: UUID, *, owner: str, shown: int, max_tokens: int, note: str = ""
) -> ChatRequest | None:
    """Tell the results and return the turn's next request; None where it is over.

    `note` is told behind them. `shown` counts the code units shown so far.
    """
    turn = _lock_own(turn_id, owner)
    request = None if turn is None else newest_request(turn)
    if turn is None or request is None:
        return None
    length = _append_results(turn, request, note)
    step = request.step + 1
    keep_request(
        request.epoch,
        turn,
        length=length,
        max_tokens=max_tokens,
        brief=request.shape["brief"],
        step=step,
        shown=shown,
    )
    return read_request(turn, step)


def stop_calls(turn: Turn, request: ContextRequest | None, *, is_last: bool) -> None:
    """End the calls a turn leaves open, so that each has its result in the context.

    `request` is its last call; `is_last` says that nothing was added since: then it
    asked for no tool. Joins the caller's transaction, which holds the turn's lock.
    """
    if request is None or (is_last and request.step == 0):
        return
    for call in turn.tool_calls.filter(state=ToolCallState.RUNNING):
        _end(call, ToolCallState.STOPPED, STOPPED)
    if not is_last:
        _append_results(turn, request)


def _append_results(turn: Turn, request: ContextRequest, note: str = "") -> int:
    """Add the results of a step's calls, in their order; return the new length.

    Those that are there already are not added again.
    """
    own = ContextItem.objects.filter(
        epoch=request.epoch, turn=turn, position__gte=request.length
    )
    is_told = own.filter(kind=ContextKind.RESULT).exists()
    calls = turn.tool_calls.filter(step=request.step).order_by("number")
    drafts = [] if is_told else [_result_draft(turn, call) for call in calls]
    if note:
        drafts.append(_note_draft(turn, note))
    return append_items(request.epoch, turn.conversation.interview_id, drafts)


def _result_draft(turn: Turn, call: ToolCall) -> Draft:
    block = result_block(call.call_id, STOPPED, is_error=True)
    if call.result is not None:
        block = json.loads(call.result.content)
    return Draft(turn.pk, MessageRole.USER, ContextKind.RESULT, block, call.covers)


def _note_draft(turn: Turn, note: str) -> Draft:
    return Draft(turn.pk, MessageRole.USER, ContextKind.NOTE, text_block(note))
