"""What a turn sends: its question put into the conversation's context, once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef

from assistant.configuration import Configuration
from assistant.context.caching import TTL, place_marks
from assistant.context.epochs import (
    Question,
    append_question,
    find_epoch,
    start_epoch,
    why_new_epoch,
)
from assistant.context.estimates import estimate_request
from assistant.context.store import keep_contents, read_items, rebuild_request
from assistant.context.system import build_system
from assistant.context.texts import BRIEF
from assistant.enums import EpochReason, MessageRole
from assistant.errors import UnknownTurnError
from assistant.models import (
    Attachment,
    ContextEpoch,
    ContextItem,
    ContextRequest,
    Message,
    Turn,
)
from assistant.policies.rules import rules_of
from assistant.providers.parts import ChatRequest
from assistant.services.attachments import image_blocks
from assistant.services.decisions import take_decisions
from assistant.services.metering import is_chat_tight
from assistant.tools.catalogue import tools_of
from base.statements import insert_row

ReadImages = Callable[[Message], Sequence[dict[str, Any]]]


@dataclass(frozen=True)
class PreparedRequest:
    """A request as it is kept; `is_large` where it may be too long for its epoch."""

    request: ChatRequest
    is_large: bool


@dataclass(frozen=True)
class _Prefix:
    """What comes before the conversation, by the keys of its blocks."""

    system_key: int
    tools_key: int | None


@transaction.atomic
def build_request(
    turn_id: UUID,
    configuration: Configuration,
    *,
    read_images: ReadImages = image_blocks,
) -> PreparedRequest:
    """Add a turn's question to the context and return what is sent to the model.

    The same turn again returns the same request. Past a soft limit of a budget a
    shorter answer is asked for, and less is carried into a new epoch.
    """
    turn = _lock_turn(turn_id)
    kept = ContextRequest.objects.filter(turn=turn, step=0).first()
    is_first = False
    if kept is None:
        question = _read_question(turn, configuration, read_images)
        prefix = _keep_prefix(question)
        epoch = find_epoch(turn)
        reason = why_new_epoch(
            epoch,
            system_key=prefix.system_key,
            tools_key=prefix.tools_key,
            model=configuration.model,
        )
        if epoch is None or reason is not None:
            why = reason or EpochReason.FIRST
            epoch = _open_epoch(question, prefix, configuration, why, before=epoch)
            is_first = True
        kept = _keep_question(epoch, question, is_first=is_first)
    is_first = is_first or kept.epoch.requests.count() == 1
    items = read_items(kept.epoch, kept.length)
    is_large = not is_first and (
        estimate_request(kept, items) > settings.LIMITS["epoch_tokens"]
    )
    return PreparedRequest(read_request(turn, items=items), is_large)


@transaction.atomic
def renew_epoch(
    turn_id: UUID,
    configuration: Configuration,
    *,
    read_images: ReadImages = image_blocks,
    step: int = 0,
) -> ChatRequest:
    """Put a question into a new epoch, the old one being full.

    One that is not sent yet leaves nothing behind in the old one; one that was sent
    and refused as too long is sent anew as a further `step`.
    """
    turn = _lock_turn(turn_id)
    ContextRequest.objects.filter(turn=turn, step__gte=step).delete()
    question = _read_question(turn, configuration, read_images)
    prefix = _keep_prefix(question)
    epoch = _open_epoch(
        question, prefix, configuration, EpochReason.SIZE, before=find_epoch(turn)
    )
    _keep_question(epoch, question, is_first=True, step=step)
    return read_request(turn, step)


def _lock_turn(turn_id: UUID) -> Turn:
    turns = Turn.objects.select_for_update(of=("self",), no_key=True)
    turn = turns.select_related(
        "prompt_version", "conversation__interview__assessment_version"
    ).get(pk=turn_id)
    if turn.prompt_version_id is None:
        raise UnknownTurnError
    return turn


def _read_question(
    turn: Turn, configuration: Configuration, read_images: ReadImages
) -> Question:
    interview = turn.conversation.interview
    message = turn.messages.annotate(
        has_images=Exists(Attachment.objects.filter(message=OuterRef("pk")))
    ).get(role=MessageRole.USER)
    return Question(
        turn=turn,
        message=message,
        interview=interview,
        is_tight=is_chat_tight(interview, configuration),
        decisions=take_decisions(turn),
        images=read_images(message) if message.has_images else (),
    )


def _keep_prefix(question: Question) -> _Prefix:
    prompt = question.turn.prompt_version
    if prompt is None:
        raise UnknownTurnError
    interview = question.interview
    tools = tools_of(interview.assessment_version.policy)
    system = build_system(interview, prompt, has_tools=bool(tools))
    contents = [system, tools] if tools else [system]
    system_key, *others = keep_contents(interview.pk, contents, is_known=True)
    return _Prefix(system_key, others[0] if others else None)


def _open_epoch(
    question: Question,
    prefix: _Prefix,
    configuration: Configuration,
    reason: EpochReason,
    *,
    before: ContextEpoch | None,
) -> ContextEpoch:
    return start_epoch(
        question,
        before=before,
        reason=reason,
        system_key=prefix.system_key,
        tools_key=prefix.tools_key,
        model=configuration.model,
    )


def _keep_question(
    epoch: ContextEpoch, question: Question, *, is_first: bool, step: int = 0
) -> ContextRequest:
    """Add a question to its epoch; `is_first` where that has just begun."""
    has_items = not is_first or epoch.kept > 0
    length = append_question(epoch, question, has_items=has_items)
    most = rules_of(question.interview).output_tokens
    if question.is_tight:
        most = min(most, settings.LIMITS["output_tokens_tight"])
    return keep_request(
        epoch,
        question.turn,
        length=length,
        max_tokens=most,
        brief=BRIEF if question.is_tight else "",
        step=step,
        is_first=is_first,
    )


def keep_request(
    epoch: ContextEpoch,
    turn: Turn,
    *,
    length: int,
    max_tokens: int,
    brief: str,
    step: int = 0,
    shown: int = 0,
    is_first: bool = False,
) -> ContextRequest:
    """Keep what a call sends: the first `length` items, marked for the cache.

    `is_first` says that nothing was sent of this epoch before.
    """
    sent = epoch.requests.order_by("length").select_related("turn")
    earlier = [] if is_first else list(sent)
    # An earlier call of this turn was answered: its tools were asked for.
    answered = [
        each.length for each in earlier if each.turn_id == turn.pk or each.turn.progress
    ]
    shape: dict[str, Any] = {
        "marks": place_marks(
            kept=epoch.kept,
            first=earlier[0].length if earlier else None,
            answered=answered[-1] if answered else None,
            length=length,
        ),
        "ttl": TTL,
        "max_tokens": max_tokens,
        "reference": str(turn.conversation_id),
        "brief": brief,
    }
    kept = ContextRequest(
        turn=turn, step=step, epoch=epoch, length=length, shown=shown, shape=shape
    )
    insert_row(kept)
    return kept


def read_request(
    turn: Turn, step: int = 0, *, items: Sequence[ContextItem] | None = None
) -> ChatRequest:
    """Return one of a turn's requests as it is sent; `items` as in the rebuilding."""
    kept = rebuild_request(turn, step, items=items)
    return ChatRequest(
        system=kept["system"],
        messages=kept["messages"],
        max_tokens=kept["max_tokens"],
        reference=kept["reference"],
        brief=kept["brief"],
        tools=kept["tools"],
    )
