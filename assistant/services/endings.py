"""How turns end: the answer, what it took, the closing event; dead owners noticed."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from assistant.context.caching import count_input
from assistant.context.store import (
    append_answer,
    is_newest,
    newest_request,
    said_since,
)
from assistant.context.texts import estimate_tokens
from assistant.enums import MessageRole, TurnState
from assistant.events import TurnFailed, TurnFinished
from assistant.models import ContextRequest, Message, Turn
from assistant.providers.trace import CallTrace
from assistant.selectors import is_behind_another, stored_text
from assistant.services.calls import record_turn_call
from assistant.services.checkpoints import Piece
from assistant.services.tool_calls import stop_calls
from base.clock import now
from base.commits import after_commit
from base.statements import insert_row, update_row
from base.text import utf16_length
from billing.enums import Outcome, ReservationState
from billing.models import Usage
from billing.services.ledger import Report
from billing.services.reservations import release, settle
from interviews.enums import FaultCause, Origin
from interviews.models import Interview
from interviews.services.faults import report_fault
from interviews.timeline.log import NewEvent, append_events

logger = logging.getLogger(__name__)

DEAD_AFTER = timedelta(seconds=20)
_OUTCOMES = {
    TurnState.FINISHED: Outcome.FINISHED,
    TurnState.STOPPED: Outcome.STOPPED,
    TurnState.INTERRUPTED: Outcome.INTERRUPTED,
}


@dataclass(frozen=True)
class TurnOutcome:
    """How an answer ended and what it took.

    `usage` is the provider's object as received, None if none came, and is final once
    the provider gave its last figures; `thought` is the thinking that arrived, in
    characters; `blocks` are the finished content blocks as received. `is_unsent` says
    that no request is under way, `is_unbilled` that the
    provider refused the last one before doing anything, `is_fault` that it, or we,
    failed the candidate. `call` is what the last request was like; `heard` counts the
    characters of text that came of it, shown or not. `usage`, `thought` and `blocks`
    are of the last request, too; `text` is all that was shown.
    """

    state: str
    text: str
    model: str = ""
    request_id: str = ""
    stop_reason: str = ""
    first_token_ms: int | None = None
    usage: Mapping[str, Any] | None = None
    is_usage_final: bool = False
    thought: int = 0
    heard: int | None = None
    error_code: str = ""
    error_message: str = ""
    is_simulated: bool = False
    is_unsent: bool = False
    is_unbilled: bool = False
    is_fault: bool = False
    blocks: tuple[Mapping[str, Any], ...] = ()
    call: CallTrace | None = None


def end_turn(
    turn_id: UUID,
    outcome: TurnOutcome,
    *,
    owner: str | None = None,
    news: Piece | None = None,
) -> Message | None:
    """Write the answer, its usage and the closing event, once; None if it has ended.

    None, too, for an `owner` the turn was taken from: its late words are refused.
    `news` is what arrived since the last checkpoint; the timeline has it before the
    end. A turn stopped from elsewhere keeps that state. The account is locked last of
    all: everybody who pays from it waits for this transaction.
    """
    with transaction.atomic():
        turn = _lock_turn(turn_id)
        if turn.finished_at is not None or owner not in (None, turn.owner):
            return None
        is_begun = turn.state != TurnState.WAITING
        if turn.state != TurnState.STOPPED:
            turn.state = outcome.state
        turn.finished_at = now()
        is_stopped = turn.state == TurnState.STOPPED
        turn.error_code = "" if is_stopped else outcome.error_code
        turn.error_message = "" if is_stopped else outcome.error_message[:300]
        update_row(turn, ("state", "finished_at", "error_code", "error_message"))
        request = _hand_on(turn, outcome)
        message = _make_answer(turn, outcome)
        _log_ending(turn, message, news)
        message.usage = _close_call(turn, outcome, request)
        insert_row(message)
        # What only waited for another answer cost nobody any time.
        if is_begun:
            _tell_fault(turn.conversation.interview_id, turn, outcome)
        return message


def _lock_turn(turn_id: UUID) -> Turn:
    """Return the turn, locked, with all that is asked of it below read at once."""
    turns = Turn.objects.select_for_update(of=("self",), no_key=True)
    return turns.select_related("conversation__interview", "reservation__usage").get(
        pk=turn_id
    )


def _hand_on(turn: Turn, outcome: TurnOutcome) -> ContextRequest | None:
    """Leave the answer to the next question's context, and its place to that question.

    Returns the turn's last call.
    """
    request = newest_request(turn)
    is_last = request is not None and is_newest(request)
    stop_calls(turn, request, is_last=is_last)
    append_answer(
        turn,
        request,
        is_last=is_last,
        text=outcome.text,
        model=outcome.model,
        blocks=outcome.blocks,
        is_whole=turn.state == TurnState.FINISHED,
    )
    # Whoever takes the waiting question up has some time from now on.
    Turn.objects.filter(
        conversation=turn.conversation_id, state=TurnState.WAITING
    ).update(heartbeat_at=turn.finished_at)
    return request


def _log_ending(turn: Turn, answer: Message, news: Piece | None) -> None:
    length = utf16_length(answer.text)
    ending = (
        TurnFailed(turn=str(turn.pk), code=turn.error_code, text_length=length)
        if turn.state in (TurnState.FAILED, TurnState.INTERRUPTED)
        else TurnFinished(
            turn=str(turn.pk),
            message=str(answer.pk),
            stop_reason=answer.stop_reason,
            text_length=length,
        )
    )
    told = [news.event, ending] if news is not None and news.text else [ending]
    append_events(
        turn.conversation.interview,
        [NewEvent(Origin.ASSISTANT, each) for each in told],
    )


def _tell_fault(interview_id: UUID, turn: Turn, outcome: TurnOutcome) -> None:
    """Once all of this is stored, have lost time given back: from the question on.

    Afterwards, because it locks the interview, which comes before the timeline.
    """
    if turn.state == TurnState.INTERRUPTED:
        cause, ended_at = FaultCause.RESTART, turn.heartbeat_at or turn.created_at
    elif turn.state == TurnState.FAILED and outcome.is_fault:
        cause, ended_at = FaultCause.MODEL, now()
    else:
        return
    after_commit(
        report_fault,
        interview_id,
        cause=cause,
        key=f"turn:{turn.pk}",
        began_at=turn.created_at,
        ended_at=ended_at,
        detail=turn.error_code,
    )


def _make_answer(turn: Turn, outcome: TurnOutcome) -> Message:
    return Message(
        turn=turn,
        role=MessageRole.ASSISTANT,
        text=outcome.text,
        model=outcome.model,
        is_simulated=outcome.is_simulated,
        stop_reason=outcome.stop_reason,
        request_id=outcome.request_id,
        first_token_ms=outcome.first_token_ms,
    )


def _close_call(
    turn: Turn, outcome: TurnOutcome, request: ContextRequest | None
) -> Usage | None:
    """Write the call under way; return what that took, or the turn's last one."""
    usage = _meter(turn, outcome, request)
    record_turn_call(
        turn,
        outcome.call,
        usage,
        sent=request,
        stop_reason=outcome.stop_reason,
        error_code=turn.error_code,
    )
    if usage is None:
        return last_usage(turn)
    after_commit(count_input, usage)
    return usage


def _meter(
    turn: Turn, outcome: TurnOutcome, request: ContextRequest | None
) -> Usage | None:
    """Settle what was reserved; a turn that was never sent took nothing."""
    if turn.reservation is None:
        return None
    if outcome.is_unsent:
        release(turn.reservation.pk)
        return None
    if not _is_open(turn):
        # Its process was lost while tools ran: the call before is written already.
        return None
    payer = str(turn.conversation.interview.organisation_id)
    report = _report(turn, outcome, request)
    return settle(turn.reservation.pk, report, payer=payer)


def _is_open(turn: Turn) -> bool:
    """Say whether what was reserved is still to be settled; an expired one is."""
    state = turn.reservation.state if turn.reservation else ""
    return state != ReservationState.SETTLED


def last_usage(turn: Turn) -> Usage | None:
    """Return what the turn's last call took, where that is written already.

    None where it was reserved for and never sent.
    """
    return None if turn.reservation is None else turn.reservation.usage


def _report(turn: Turn, outcome: TurnOutcome, request: ContextRequest | None) -> Report:
    return Report(
        _outcome_of(turn, outcome),
        raw=outcome.usage or {},
        model=outcome.model,
        request_id=outcome.request_id,
        error_code=turn.error_code,
        is_unbilled=outcome.is_unbilled,
        arrived_output_tokens=0
        if outcome.is_usage_final
        else _arrived(outcome, request),
    )


def _arrived(outcome: TurnOutcome, request: ContextRequest | None) -> int:
    """Estimate the output tokens of a call whose final figures never came."""
    heard = outcome.heard
    if heard is None:
        shown = 0 if request is None else request.shown
        heard = len(said_since(outcome.text, shown))
    characters = heard + outcome.thought
    return estimate_tokens(characters) if characters else 0


def _outcome_of(turn: Turn, outcome: TurnOutcome) -> Outcome:
    if outcome.stop_reason == "refusal":
        return Outcome.REFUSED
    if turn.error_code == "timeout_error":
        return Outcome.TIMED_OUT
    return _OUTCOMES.get(TurnState(turn.state), Outcome.FAILED)


def interrupt_dead_turns(interview: Interview | None = None) -> int:
    """End live turns whose owner is gone, keeping what had arrived.

    A question that waits for another answer has no owner yet: it is left alone until
    that answer has ended and no process took it up.
    """
    unended = Turn.objects.filter(
        finished_at=None, heartbeat_at__lt=now() - DEAD_AFTER
    ).exclude(is_behind_another())
    if interview is not None:
        unended = unended.filter(conversation__interview=interview)
    ended = 0
    for turn_id, progress in unended.values_list("pk", "progress"):
        if not _take_from_owner(turn_id):
            continue
        try:
            ended += end_turn(turn_id, _interrupted(turn_id, progress)) is not None
        except Exception:
            # One turn that can not be ended must not keep the others open.
            logger.exception("Turn %s could not be ended", turn_id)
    return ended


def _take_from_owner(turn_id: UUID) -> bool:
    """Fence a silent owner off before its text is read; False where it woke up."""
    return bool(
        Turn.objects.filter(
            pk=turn_id, finished_at=None, heartbeat_at__lt=now() - DEAD_AFTER
        ).update(owner="", epoch=F("epoch") + 1)
    )


def _interrupted(turn_id: UUID, progress: Mapping[str, Any]) -> TurnOutcome:
    return TurnOutcome(
        state=TurnState.INTERRUPTED,
        text=stored_text(turn_id),
        model=progress.get("model", ""),
        request_id=progress.get("request_id", ""),
        is_simulated=progress.get("is_simulated", False),
        stop_reason="interrupted",
        usage=progress.get("usage"),
        error_code="interrupted",
        error_message=_(
            "The answer was interrupted on our side. Ask again when you like."
        ),
    )
