"""Reads of the assistant app: what a page needs to show a conversation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.permissions import VIEW, is_allowed
from assistant.configuration import read_configuration, read_status
from assistant.enums import MessageRole, Rating, TurnState
from assistant.errors import AssistantError
from assistant.events import TurnText
from assistant.models import Conversation, Message, Turn
from assistant.policies.rules import rules_of
from assistant.services.attachments import describe_images, describe_intake
from assistant.services.hints import describe_ladder
from assistant.services.metering import is_chat_tight, require_chat_budget
from assistant.services.proposal_frames import list_proposals
from assistant.services.questions import list_questions
from assistant.tools.shown import list_tools
from billing.enums import Outcome
from billing.models import Usage
from interviews.enums import Policy
from interviews.models import Event, Interview

LIVE_STATES = (TurnState.QUEUED, TurnState.RUNNING)
# A stopped one keeps its place until what had arrived is stored.
UNDER_WAY = Q(state__in=LIVE_STATES) | Q(state=TurnState.STOPPED, finished_at=None)
_UNANSWERED = (TurnState.FAILED, TurnState.INTERRUPTED)


def message_frame(
    message: Message,
    *,
    with_cost: bool = False,
    calls: Mapping[str, Sequence[Usage]] | None = None,
) -> dict[str, Any]:
    """Return a message as pages get it; a missing answer's reason comes along.

    `calls` are the calls of many answers, for `cost_fields`.
    """
    turn = message.turn
    frame: dict[str, Any] = {
        "id": str(message.pk),
        "role": message.role,
        "text": message.text,
        "turn": str(turn.pk),
        "conversation": str(turn.conversation_id),
        "created_at": message.created_at.isoformat(),
        "stop_reason": message.stop_reason,
        "simulated": message.is_simulated,
        "state": turn.state,
    }
    if message.role == MessageRole.USER:
        frame["replaces"] = str(turn.replaces_id) if turn.replaces_id else None
        frame["images"] = describe_images(message)
    if message.role == MessageRole.ASSISTANT:
        frame["rating"] = rating_of(message)
    if message.role == MessageRole.ASSISTANT and turn.state in _UNANSWERED:
        frame["error"] = {"code": turn.error_code, "message": turn.error_message}
    if with_cost:
        frame |= cost_fields(message, calls)
    return frame


def rating_of(message: Message) -> Rating | None:
    """Return what the candidate thinks of an answer, as far as they said."""
    feedback = getattr(message, "feedback", None)
    return Rating(feedback.rating) if feedback else None


def cost_fields(
    message: Message, calls: Mapping[str, Sequence[Usage]] | None = None
) -> dict[str, Any]:
    """Return what an answer took: tokens, and US dollars as a string or null.

    `calls` are those that `read_calls` has read for many answers at once.
    """
    last = message.usage
    if last is None:
        return {}
    if "step" not in last.labels:
        rows = [last]
    else:
        known = read_calls([message]) if calls is None else calls
        others = known.get(last.labels["turn"], ())
        rows = [last, *(row for row in others if row.pk != last.pk)]
    prompt = sum(
        row.input_tokens
        + row.cache_write_5m_tokens
        + row.cache_write_1h_tokens
        + row.cache_read_tokens
        for row in rows
    )
    output = sum(row.output_tokens for row in rows)
    costs = [row.cost_usd for row in rows if row.cost_usd is not None]
    return {
        "usage": {
            "input_tokens": prompt,
            "output_tokens": output,
            "total_tokens": prompt + output,
        },
        "cost_usd": f"{sum(costs):.6f}" if len(costs) == len(rows) else None,
    }


def read_calls(messages: Iterable[Message]) -> dict[str, list[Usage]]:
    """Return the finished calls of answers that used tools, by their turn."""
    lasts = [each.usage for each in messages if each.usage is not None]
    turns = {last.labels["turn"] for last in lasts if "step" in last.labels}
    if not turns:
        return {}
    found: dict[str, list[Usage]] = {}
    for usage in Usage.objects.filter(
        reference__in={last.reference for last in lasts},
        labels__turn__in=turns,
        outcome=Outcome.FINISHED,
    ):
        found.setdefault(usage.labels["turn"], []).append(usage)
    return found


def may_see_cost(interview: Interview, user_id: int | None) -> bool:
    """Say whether money is shown: to a candidate (no user) only by the assessment."""
    if user_id is None:
        return interview.assessment_version.shows_cost
    role = (
        interview.organisation.memberships.filter(user_id=user_id)
        .values_list("role", flat=True)
        .first()
    )
    return role is not None and is_allowed(role, VIEW, "cost")


def conversation_messages(interview: Interview) -> list[Message]:
    """Return every message of the interview, in the order it was said."""
    return list(
        Message.objects.filter(turn__conversation__interview=interview)
        .select_related("turn__conversation", "turn__replacement", "usage", "feedback")
        .prefetch_related("attachments")
        .order_by("turn__created_at", "-role", "created_at")
    )


def live_turns(interview: Interview) -> list[Turn]:
    """Return the turns being answered or waiting, in whichever process, oldest first."""
    return list(
        Turn.objects.filter(
            conversation__interview=interview,
            state__in=(*LIVE_STATES, TurnState.WAITING),
        ).order_by("created_at")
    )


def is_behind_another() -> Q:
    """Say of turns that they wait for one that has not ended."""
    ahead = Turn.objects.filter(UNDER_WAY, conversation=OuterRef("conversation"))
    return Q(Exists(ahead), state=TurnState.WAITING)


def find_turn(interview_id: UUID, turn_id: UUID) -> Turn | None:
    """Return a turn of this interview."""
    return Turn.objects.filter(
        pk=turn_id, conversation__interview_id=interview_id
    ).first()


def describe_question(turn_id: UUID) -> dict[str, Any]:
    """Return what a turn answers, {question, images}; empty where it goes on by itself.

    Pages that did not ask show it as those do that did.
    """
    asked = (
        Message.objects.select_related("turn__conversation")
        .filter(turn_id=turn_id, role=MessageRole.USER)
        .first()
    )
    if asked is None:
        return {"question": "", "images": []}
    return {"question": asked.text, "images": describe_images(asked)}


def find_answer(turn_id: UUID) -> Message | None:
    """Return the stored answer of a turn."""
    return (
        Message.objects.select_related("turn", "usage")
        .filter(turn_id=turn_id, role=MessageRole.ASSISTANT)
        .first()
    )


def describe_assistant(interview: Interview) -> dict[str, Any]:
    """Return whether this interview's assistant can be asked, in the candidate's words.

    `notice` says what is different about it now: answers kept short, or a budget that
    is used up. Asking stays possible then: somebody may raise the budget meanwhile.
    """
    status = read_status()
    if interview.assessment_version.policy == Policy.OFF:
        return {"available": False, "simulated": False, "message": "", "notice": ""}
    message = "" if status.is_available else str(_("The assistant is not configured."))
    return {
        "available": status.is_available,
        "simulated": status.is_simulated,
        "message": message,
        "notice": _describe_budget(interview) if status.is_available else "",
    }


def _describe_budget(interview: Interview) -> str:
    configuration = read_configuration()
    try:
        require_chat_budget(interview, configuration)
    except AssistantError as error:
        return str(error.message)
    return brief_notice() if is_chat_tight(interview, configuration) else ""


def brief_notice() -> str:
    """Return what a candidate reads past a soft limit."""
    return str(_("To make its budget last, the assistant keeps its answers short now."))


def stored_text(turn_id: UUID) -> str:
    """Return what the timeline has of a turn's answer."""
    blocks = Event.objects.filter(
        interview__conversations__turns=turn_id,
        kind=TurnText.kind,
        payload__turn=str(turn_id),
    ).order_by("seq")
    return "".join(block.payload["text"] for block in blocks)


def build_hello(interview_id: UUID, user_id: int | None) -> dict[str, Any]:
    """Return what the assistant panel needs to resume, the live turns included.

    `user_id` is None for the candidate.
    """
    interview = Interview.objects.select_related(
        "assessment_version", "organisation"
    ).get(pk=interview_id)
    conversations = Conversation.objects.filter(interview=interview)
    names = [str(pk) for pk in conversations.values_list("pk", flat=True)]
    sees_cost = may_see_cost(interview, user_id)
    messages = conversation_messages(interview)
    calls = read_calls(messages) if sees_cost else {}
    return {
        "sees_cost": sees_cost,
        "conversation": names[-1] if names else None,
        "conversations": names,
        "policy": interview.assessment_version.policy,
        "messages": [
            message_frame(message, with_cost=sees_cost, calls=calls)
            for message in messages
        ],
        "live": [
            {
                "turn": turn.pk,
                "conversation": str(turn.conversation_id),
                "is_waiting": turn.state == TurnState.WAITING,
                "text": stored_text(turn.pk),
            }
            for turn in live_turns(interview)
        ],
        "assistant": describe_assistant(interview),
        "images": describe_intake(interview),
        "proposals": list_proposals(interview_id),
        "questions": list_questions(interview_id),
        "tools": list_tools(interview),
        "hints": describe_ladder(interview),
        "policy_text": list(rules_of(interview).text),
    }
