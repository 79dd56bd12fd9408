"""Turns: asking, keeping what arrived, ending, and noticing dead owners."""

import re
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from assistant.configuration import Configuration, read_configuration
from assistant.context.files import describe_context
from assistant.enums import MessageRole, PromptPurpose, TurnState
from assistant.errors import (
    AssistantOffError,
    MessageTooLongError,
    TooManyConversationsError,
    TurnQueueFullError,
    UnknownTurnError,
)
from assistant.events import TurnAsked, TurnText
from assistant.models import Conversation, Message, Turn
from assistant.selectors import LIVE_STATES
from assistant.services.attachments import attach_images
from assistant.services.checkpoints import KEPT_STATES, timeline_of
from assistant.services.limits import require_within_limits
from assistant.services.metering import require_chat_budget
from assistant.services.prompts import choose_prompt
from assistant.services.queue import place_turn, withdraw
from assistant.services.repeats import find_same
from assistant.services.replacing import (
    NO_EXTRAS,
    Extras,
    log_replacement,
    take_replaced,
)
from assistant.services.request_limits import require_request
from base.clock import now
from base.statements import insert_row, lock_row, update_row
from interviews.enums import Origin, Policy
from interviews.models import Interview
from interviews.services.lifecycle import lock_interview, require_active
from interviews.timeline.log import append_event

_FENCE = re.compile(r"(`{3,}|~{3,})(.*)")


def check_message(text: str) -> None:
    """Raise MessageTooLongError over 10,000 characters of prose or 50,000 of code."""
    code = _count_code(text)
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


def _count_code(text: str) -> int:
    """Count what stands in closed fences, in one pass however many are opened."""
    code, block, opening = 0, 0, ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        block += len(line) + 1
        if fence and not opening:
            opening, block = fence[1], len(line) + 1
        elif fence and fence[1].startswith(opening) and not fence[2].strip():
            code, opening = code + block - 1, ""
    return code


def find_conversation(
    interview: Interview, conversation_id: UUID | None
) -> Conversation:
    """Return the named conversation, or the interview's first, made if need be.

    A name nobody has used begins a conversation; pages make them. Raises
    UnknownTurnError for another interview's, TooManyConversationsError. The caller
    holds the interview's lock.
    """
    own = Conversation.objects.filter(interview=interview)
    if conversation_id is None:
        return own.first() or _begin_conversation(Conversation(interview=interview))
    named = Conversation.objects.filter(pk=conversation_id)
    known = {each.pk: each for each in (own.order_by() | named.order_by())}
    if conversation_id in known:
        if known[conversation_id].interview_id != interview.pk:
            raise UnknownTurnError
        return known[conversation_id]
    if len(known) >= settings.LIMITS["conversations"]:
        raise TooManyConversationsError
    return _begin_conversation(Conversation(pk=conversation_id, interview=interview))


def _begin_conversation(conversation: Conversation) -> Conversation:
    insert_row(conversation)
    return conversation


def ask(
    interview_id: UUID,
    *,
    client_id: str,
    text: str,
    conversation_id: UUID | None = None,
    files: Sequence[str] = (),
    extras: Extras = NO_EXTRAS,
) -> tuple[Turn, bool]:
    """Store a question and return (turn, is_new); the same `client_id` asks once.

    So does the same question within a few seconds, whatever its `client_id`.

    It is queued, or waits where an answer is being written. Raises AssistantOffError,
    NotConfiguredError, MessageTooLongError, TooManyAsksError, LimitReachedError,
    TurnQueueFullError,
    TooManyConversationsError, BudgetSpentError, SpendingStoppedError, what
    `take_replaced` and `attach_images` raise, and InterviewError when time is up.
    """
    check_message(text)
    configuration = read_configuration()
    try:
        return store_question(
            interview_id,
            client_id=client_id,
            text=text,
            configuration=configuration,
            conversation_id=conversation_id,
            files=files,
            extras=extras,
        )
    except IntegrityError:
        raise TurnQueueFullError from None


@transaction.atomic
def store_question(
    interview_id: UUID,
    *,
    client_id: str,
    text: str,
    configuration: Configuration,
    conversation_id: UUID | None = None,
    files: Sequence[str] = (),
    extras: Extras = NO_EXTRAS,
) -> tuple[Turn, bool]:
    """Write the turn, the message with its context, and the event; see `ask`."""
    interview = lock_interview(interview_id)
    known = find_same(
        interview,
        client_id=client_id,
        text=text,
        files=files,
        conversation_id=conversation_id,
        extras=extras,
    )
    if known is not None:
        return known, False
    require_active(interview)
    if interview.assessment_version.policy == Policy.OFF:
        raise AssistantOffError
    require_chat_budget(interview, configuration)
    require_within_limits(interview)
    conversation = find_conversation(interview, conversation_id)
    replaced = take_replaced(conversation, extras.replaces)
    state = place_turn(conversation)
    if state is None:
        raise TurnQueueFullError
    conversation.interview = interview
    turn = Turn(
        conversation=conversation,
        client_id=client_id,
        state=state,
        prompt_version=choose_prompt(PromptPurpose.CHAT, interview),
        heartbeat_at=now(),
        replaces=replaced,
    )
    insert_row(turn)
    message = _store_message(interview, turn, text=text, files=files)
    attach_images(message, extras.images)
    log_replacement(interview, turn)
    # Last of all: others of the organisation wait for this row.
    require_request(interview.organisation_id)
    return turn, True


def _store_message(
    interview: Interview, turn: Turn, *, text: str, files: Sequence[str]
) -> Message:
    """Write the words of a question with what goes along, and the event."""
    context, hashes = describe_context(interview, files)
    message = Message(turn=turn, role=MessageRole.USER, text=text, context=context)
    insert_row(message)
    append_event(
        interview,
        TurnAsked(
            turn=str(turn.pk),
            conversation=str(turn.conversation_id),
            message=str(message.pk),
            text=text,
            files=hashes,
            run=context["run"],
        ),
        origin=Origin.CANDIDATE,
    )
    return message


def claim_turn(turn_id: UUID, *, owner: str) -> bool:
    """Make this process the owner of a queued turn; False when it is not queued."""
    return bool(
        Turn.objects.filter(pk=turn_id, state=TurnState.QUEUED).update(
            state=TurnState.RUNNING, owner=owner, heartbeat_at=now()
        )
    )


def note_progress(turn_id: UUID, **told: object) -> None:
    """Keep what the provider said when it accepted the request.

    `told` has model, request_id, is_simulated and usage.
    """
    Turn.objects.filter(pk=turn_id).update(progress=told)


def checkpoint_turn(
    turn_id: UUID, *, owner: str, offset: int, text: str, marks: list[list[int]]
) -> bool:
    """Prove life and keep what arrived since the last time.

    Returns False when the turn is no longer this owner's: it was stopped from
    elsewhere, then what had arrived is kept all the same, or taken for dead. Waits for
    whoever holds the turn or the timeline; `checkpoint_turns` keeps many and does not.
    """
    with transaction.atomic():
        # Where a row is busy, turns do this each second: the statements are built once.
        turn = lock_row(Turn, ("id", "state", "finished_at"), pk=turn_id, owner=owner)
        if turn is None or turn.finished_at or turn.state not in KEPT_STATES:
            return False
        turn.heartbeat_at = now()
        update_row(turn, ("heartbeat_at",))
        if text:
            append_event(
                timeline_of(turn_id),
                TurnText(turn=str(turn_id), offset=offset, text=text, marks=marks),
                origin=Origin.ASSISTANT,
            )
    return turn.state == TurnState.RUNNING


def request_stop(interview: Interview, turn_id: UUID) -> None:
    """Stop a live turn, whoever owns it; the owner notices at its next heartbeat.

    A question that nobody has begun to answer is taken back.
    """
    found = Turn.objects.filter(pk=turn_id, conversation__interview=interview)
    if not found.exists():
        raise UnknownTurnError
    if withdraw(turn_id):
        return
    found.filter(state__in=LIVE_STATES).update(state=TurnState.STOPPED)
