"""Turns: asking, keeping what arrived, ending, and noticing dead owners."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from assistant.configuration import read_configuration
from assistant.context import (
    build_history,
    build_system,
    build_user_turn,
    collect_files,
    estimate_tokens,
    keep_sent_files,
    latest_test_run,
)
from assistant.enums import MessageRole, PromptPurpose, TurnState
from assistant.errors import (
    AssistantOffError,
    MessageTooLongError,
    TooManyAsksError,
    TurnLiveError,
    UnknownTurnError,
)
from assistant.events import TurnAsked, TurnFailed, TurnFinished, TurnText
from assistant.models import Conversation, Message, Turn
from assistant.providers.parts import ChatRequest
from assistant.services.prompts import active_prompt
from base.clock import now
from base.text import utf16_length
from billing.services import record_usage
from interviews.enums import Origin, Policy
from interviews.models import Event, Interview
from interviews.services.lifecycle import lock_interview, require_active
from interviews.timeline.log import append_event

LIVE_STATES = (TurnState.QUEUED, TurnState.RUNNING)
DEAD_AFTER = timedelta(seconds=20)
_FENCED = re.compile(r"^(`{3,}|~{3,})[^\n]*\n.*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class TurnOutcome:
    """How an answer ended and what it took."""

    state: str
    text: str
    model: str = ""
    request_id: str = ""
    stop_reason: str = ""
    first_token_ms: int | None = None
    usage: Mapping[str, Any] | None = None
    error_code: str = ""
    error_message: str = ""
    is_simulated: bool = False


def check_message(text: str) -> None:
    """Raise MessageTooLongError over 10,000 characters of prose or 50,000 of code."""
    code = sum(len(match.group()) for match in _FENCED.finditer(text))
    prose = len(text) - code
    if prose > settings.LIMITS["message_chars"]:
        raise MessageTooLongError(
            _("Your message has %(count)d characters; the limit is %(limit)d.")
            % {"count": prose, "limit": settings.LIMITS["message_chars"]}
        )
    if code > settings.LIMITS["pasted_code_chars"]:
        raise MessageTooLongError(
            _(
                "The code in your message has %(count)d characters; the limit is %(limit)d."
            )
            % {"count": code, "limit": settings.LIMITS["pasted_code_chars"]}
        )


def _check_rate(interview: Interview) -> None:
    minute_ago = now() - timedelta(minutes=1)
    recent = Turn.objects.filter(created_at__gt=minute_ago)
    own = recent.filter(conversation__interview=interview).order_by("created_at")
    count = own.count()
    if count >= settings.LIMITS["asks_per_minute"]:
        wait = (own[0].created_at - minute_ago).total_seconds()
        raise TooManyAsksError(
            _("That was a lot of questions in one minute. Try again shortly."),
            retry_after=round(max(wait, 1.0), 1),
        )
    organisation = recent.filter(
        conversation__interview__organisation_id=interview.organisation_id
    )
    if organisation.count() >= settings.LIMITS["requests_per_minute"]:
        raise TooManyAsksError(
            _("The assistant is asked too much at the moment. Try again shortly."),
            retry_after=10.0,
        )


def find_conversation(
    interview: Interview, conversation_id: UUID | None
) -> Conversation:
    """Return the named conversation, or the interview's first, made if need be."""
    if conversation_id is not None:
        found = Conversation.objects.filter(pk=conversation_id, interview=interview)
        if not found:
            raise UnknownTurnError
        return found[0]
    return Conversation.objects.filter(interview=interview).first() or (
        Conversation.objects.create(interview=interview)
    )


def ask(
    interview_id: UUID,
    *,
    client_id: str,
    text: str,
    conversation_id: UUID | None = None,
    files: Sequence[str] = (),
) -> tuple[Turn, bool]:
    """Store a question and return (turn, is_new); the same `client_id` asks once.

    Raises AssistantOffError, NotConfiguredError, MessageTooLongError,
    TooManyAsksError, TurnLiveError, and InterviewError when time is up.
    """
    check_message(text)
    read_configuration()
    try:
        return store_question(
            interview_id,
            client_id=client_id,
            text=text,
            conversation_id=conversation_id,
            files=files,
        )
    except IntegrityError:
        raise TurnLiveError from None


@transaction.atomic
def store_question(
    interview_id: UUID,
    *,
    client_id: str,
    text: str,
    conversation_id: UUID | None = None,
    files: Sequence[str] = (),
) -> tuple[Turn, bool]:
    """Write the queued turn, the message with its context, and the event; see `ask`."""
    interview = lock_interview(interview_id)
    known = Turn.objects.filter(
        conversation__interview=interview, client_id=client_id
    ).first()
    if known is not None:
        return known, False
    require_active(interview)
    if interview.assessment_version.policy == Policy.OFF:
        raise AssistantOffError
    _check_rate(interview)
    conversation = find_conversation(interview, conversation_id)
    if conversation.turns.filter(state__in=LIVE_STATES).exists():
        raise TurnLiveError
    turn = Turn.objects.create(
        conversation=conversation,
        client_id=client_id,
        prompt_version=active_prompt(PromptPurpose.CHAT),
        heartbeat_at=now(),
    )
    sent = collect_files(interview, files)
    hashes = keep_sent_files(interview, sent)
    run = latest_test_run(interview)
    run_id = str(run.pk) if run else None
    message = Message.objects.create(
        turn=turn,
        role=MessageRole.USER,
        text=text,
        context={
            "files": [
                {"path": f.path, "version": f.version, "hash": f.hash, "cut": f.is_cut}
                for f in sent
            ],
            "run": run_id,
            "sent": build_user_turn(text, sent, run),
        },
    )
    append_event(
        interview,
        TurnAsked(
            turn=str(turn.pk),
            conversation=str(conversation.pk),
            message=str(message.pk),
            text=text,
            files=hashes,
            run=run_id,
        ),
        origin=Origin.CANDIDATE,
    )
    return turn, True


def claim_turn(turn_id: UUID, *, owner: str) -> bool:
    """Make this process the owner of a queued turn; False when it is not queued."""
    return bool(
        Turn.objects.filter(pk=turn_id, state=TurnState.QUEUED).update(
            state=TurnState.RUNNING, owner=owner, heartbeat_at=now()
        )
    )


def build_request(turn_id: UUID) -> ChatRequest:
    """Return what is sent to the model for a turn."""
    turn = Turn.objects.select_related(
        "conversation__interview__assessment_version", "prompt_version"
    ).get(pk=turn_id)
    if turn.prompt_version is None:
        raise UnknownTurnError
    question = turn.messages.get(role=MessageRole.USER)
    return ChatRequest(
        system=build_system(turn.conversation.interview, turn.prompt_version),
        messages=[
            *build_history(turn),
            {"role": "user", "content": question.context["sent"]},
        ],
        max_tokens=settings.LIMITS["output_tokens"],
        reference=str(turn.conversation_id),
    )


def note_progress(turn_id: UUID, outcome: TurnOutcome) -> None:
    """Keep what the provider said when it accepted the request."""
    Turn.objects.filter(pk=turn_id).update(
        progress={
            "model": outcome.model,
            "request_id": outcome.request_id,
            "is_simulated": outcome.is_simulated,
            "usage": dict(outcome.usage or {}),
        }
    )


def with_output_bound(usage: Mapping[str, Any], text: str) -> dict[str, Any]:
    """Return the usage of an answer that was cut off.

    Input is what the provider said at the start; output is at least an estimate of
    what arrived, and marked as such, because no final figure came.
    """
    stated = int(usage.get("output_tokens") or 0)
    estimate = estimate_tokens(text) if text else 0
    return {**usage, "output_tokens": max(stated, estimate), "is_estimated": True}


def checkpoint_turn(
    turn_id: UUID, *, owner: str, offset: int, text: str, marks: list[list[int]]
) -> bool:
    """Prove life and keep what arrived since the last time.

    Returns False when the turn is no longer this owner's: it was stopped from
    elsewhere or taken for dead.
    """
    with transaction.atomic():
        alive = Turn.objects.filter(
            pk=turn_id, owner=owner, state=TurnState.RUNNING
        ).update(heartbeat_at=now())
        if alive and text:
            append_event(
                _interview_of(turn_id),
                TurnText(turn=str(turn_id), offset=offset, text=text, marks=marks),
                origin=Origin.ASSISTANT,
            )
    return bool(alive)


def _interview_of(turn_id: UUID) -> Interview:
    return Interview.objects.get(conversations__turns=turn_id)


def request_stop(interview: Interview, turn_id: UUID) -> None:
    """Stop a live turn, whoever owns it; the owner notices at its next heartbeat."""
    found = Turn.objects.filter(pk=turn_id, conversation__interview=interview)
    if not found.exists():
        raise UnknownTurnError
    found.filter(state__in=LIVE_STATES).update(state=TurnState.STOPPED)


def end_turn(turn_id: UUID, outcome: TurnOutcome) -> Message | None:
    """Write the answer, its usage and the closing event, once; None if it has ended.

    A turn stopped from elsewhere keeps that state.
    """
    with transaction.atomic():
        turn = Turn.objects.select_for_update().get(pk=turn_id)
        if turn.finished_at is not None:
            return None
        interview = _interview_of(turn_id)
        if turn.state != TurnState.STOPPED:
            turn.state = outcome.state
        turn.finished_at = now()
        turn.error_code = outcome.error_code
        turn.error_message = outcome.error_message[:300]
        turn.save(update_fields=["state", "finished_at", "error_code", "error_message"])
        message = _store_answer(turn, interview, outcome)
        length = utf16_length(outcome.text)
        append_event(
            interview,
            TurnFailed(turn=str(turn_id), code=turn.error_code, text_length=length)
            if turn.state in (TurnState.FAILED, TurnState.INTERRUPTED)
            else TurnFinished(
                turn=str(turn_id),
                message=str(message.pk),
                stop_reason=outcome.stop_reason,
                text_length=length,
            ),
            origin=Origin.ASSISTANT,
        )
        return message


def _store_answer(turn: Turn, interview: Interview, outcome: TurnOutcome) -> Message:
    usage = None
    if outcome.usage is not None:
        usage = record_usage(
            payer=str(interview.organisation_id),
            reference=str(interview.pk),
            provider="anthropic",
            model=outcome.model,
            purpose="chat",
            raw=outcome.usage,
            outcome=turn.state,
            request_id=outcome.request_id,
            labels={"turn": str(turn.pk)},
            is_simulated=outcome.is_simulated,
        )
    return Message.objects.create(
        turn=turn,
        role=MessageRole.ASSISTANT,
        text=outcome.text,
        model=outcome.model,
        is_simulated=outcome.is_simulated,
        stop_reason=outcome.stop_reason,
        request_id=outcome.request_id,
        first_token_ms=outcome.first_token_ms,
        usage=usage,
    )


def stored_text(turn_id: UUID) -> str:
    """Return what the timeline has of a turn's answer."""
    blocks = Event.objects.filter(
        interview__conversations__turns=turn_id,
        kind=TurnText.kind,
        payload__turn=str(turn_id),
    ).order_by("seq")
    return "".join(block.payload["text"] for block in blocks)


def interrupt_dead_turns(interview: Interview | None = None) -> int:
    """End live turns whose owner is gone, keeping what had arrived."""
    unended = Turn.objects.filter(finished_at=None, heartbeat_at__lt=now() - DEAD_AFTER)
    if interview is not None:
        unended = unended.filter(conversation__interview=interview)
    ended = 0
    for turn_id, progress in unended.values_list("pk", "progress"):
        ended += end_turn(turn_id, _interrupted(turn_id, progress)) is not None
    return ended


def _interrupted(turn_id: UUID, progress: Mapping[str, Any]) -> TurnOutcome:
    text = stored_text(turn_id)
    usage = progress.get("usage")
    return TurnOutcome(
        state=TurnState.INTERRUPTED,
        text=text,
        model=progress.get("model", ""),
        request_id=progress.get("request_id", ""),
        is_simulated=progress.get("is_simulated", False),
        stop_reason="interrupted",
        usage=None if usage is None else with_output_bound(usage, text),
        error_code="interrupted",
        error_message=_(
            "The answer was interrupted on our side. Ask again when you like."
        ),
    )
