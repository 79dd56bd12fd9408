"""What a turn sends: its question put into the conversation's context, once."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from assistant.configuration import Configuration
from assistant.context.caching import TTL, place_marks
from assistant.context.epochs import (
    Question,
    append_question,
    estimate_request,
    find_epoch,
    start_epoch,
    why_new_epoch,
)
from assistant.context.store import keep_contents, rebuild_request
from assistant.context.system import build_system
from assistant.context.texts import BRIEF
from assistant.enums import EpochReason, MessageRole
from assistant.errors import UnknownTurnError
from assistant.models import ContextEpoch, ContextRequest, Turn
from assistant.providers.parts import ChatRequest
from assistant.services.metering import is_chat_tight


@dataclass(frozen=True)
class PreparedRequest:
    """A request as it is kept; `is_large` where it may be too long for its epoch."""

    request: ChatRequest
    is_large: bool


@transaction.atomic
def build_request(turn_id: UUID, configuration: Configuration) -> PreparedRequest:
    """Add a turn's question to the context and return what is sent to the model.

    The same turn again returns the same request. Past a soft limit of a budget a
    shorter answer is asked for, and less is carried into a new epoch.
    """
    turn = _lock_turn(turn_id)
    kept = ContextRequest.objects.filter(turn=turn).first()
    if kept is None:
        question = _read_question(turn, configuration)
        system = _build_system(question)
        (key,) = keep_contents(question.interview.pk, [system])
        epoch = find_epoch(turn)
        reason = why_new_epoch(epoch, system_key=key, model=configuration.model)
        if epoch is None or reason is not None:
            epoch = start_epoch(
                question,
                reason=reason or EpochReason.FIRST,
                system=system,
                model=configuration.model,
            )
        kept = _keep_request(epoch, question)
    is_first = kept.epoch.requests.count() == 1
    is_large = not is_first and (
        estimate_request(kept) > settings.LIMITS["epoch_tokens"]
    )
    return PreparedRequest(_as_request(turn), is_large)


@transaction.atomic
def renew_epoch(turn_id: UUID, configuration: Configuration) -> ChatRequest:
    """Put a question that is not sent yet into a new epoch, the old one being full."""
    turn = _lock_turn(turn_id)
    ContextRequest.objects.filter(turn=turn).delete()
    question = _read_question(turn, configuration)
    epoch = start_epoch(
        question,
        reason=EpochReason.SIZE,
        system=_build_system(question),
        model=configuration.model,
    )
    _keep_request(epoch, question)
    return _as_request(turn)


def _lock_turn(turn_id: UUID) -> Turn:
    turn = Turn.objects.select_for_update().get(pk=turn_id)
    if turn.prompt_version_id is None:
        raise UnknownTurnError
    return turn


def _read_question(turn: Turn, configuration: Configuration) -> Question:
    interview = turn.conversation.interview
    return Question(
        turn=turn,
        message=turn.messages.get(role=MessageRole.USER),
        interview=interview,
        is_tight=is_chat_tight(interview, configuration),
    )


def _build_system(question: Question) -> list[dict[str, Any]]:
    prompt = question.turn.prompt_version
    if prompt is None:
        raise UnknownTurnError
    return build_system(question.interview, prompt)


def _keep_request(epoch: ContextEpoch, question: Question) -> ContextRequest:
    length = append_question(epoch, question)
    earlier = list(epoch.requests.order_by("length").select_related("turn"))
    answered = [each.length for each in earlier if each.turn.progress]
    tight = "_tight" if question.is_tight else ""
    return ContextRequest.objects.create(
        turn=question.turn,
        epoch=epoch,
        length=length,
        shape={
            "marks": place_marks(
                kept=epoch.kept,
                first=earlier[0].length if earlier else None,
                answered=answered[-1] if answered else None,
                length=length,
            ),
            "ttl": TTL,
            "max_tokens": settings.LIMITS[f"output_tokens{tight}"],
            "reference": str(question.turn.conversation_id),
            "brief": BRIEF if question.is_tight else "",
        },
    )


def _as_request(turn: Turn) -> ChatRequest:
    kept = rebuild_request(turn)
    return ChatRequest(
        system=kept["system"],
        messages=kept["messages"],
        max_tokens=kept["max_tokens"],
        reference=kept["reference"],
        brief=kept["brief"],
    )
