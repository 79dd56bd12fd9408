"""Proposals and questions as a model's tool calls make them."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from assistant.models import CandidateQuestion, EditProposal, Turn
from assistant.services.deciding import Decided, decide_edit
from assistant.services.proposals import propose_edit
from assistant.services.questions import ask_candidate
from assistant.tools.base import ToolContext, ToolOutcome
from interviews.models import Interview
from tests.factories.assistant import ConversationFactory, TurnFactory

_numbers = count()


def begin_turn(interview: Interview, state: str = "running") -> Turn:
    conversation = interview.conversations.first()
    if conversation is None:
        conversation = ConversationFactory.create(interview=interview)
    turn: Turn = TurnFactory.create(conversation=conversation, state=state)
    return turn


def call_of(turn: Turn, call_id: str = "", policy: str = "pair") -> ToolContext:
    return ToolContext(
        turn_id=turn.pk,
        interview_id=turn.conversation.interview_id,
        conversation_id=turn.conversation_id,
        policy=policy,
        step=0,
        call_id=call_id or f"call-{next(_numbers)}",
    )


def change(path: str, *pairs: tuple[str, str]) -> dict[str, Any]:
    hunks = [{"old_text": old, "new_text": new, "line": None} for old, new in pairs]
    return {"path": path, "hunks": hunks, "text": None, "delete": None}


def propose(
    turn: Turn, *edits: dict[str, Any], call_id: str = "", policy: str = "pair"
) -> EditProposal:
    outcome = propose_edit(call_of(turn, call_id, policy), edits, "A better loop")
    assert not outcome.is_error, outcome.text
    return EditProposal.objects.latest("created_at")


def inquire(turn: Turn, *, several: bool = False) -> CandidateQuestion:
    outcome: ToolOutcome = ask_candidate(
        call_of(turn, policy="agent"), "Which one?", ["A list", "A heap"], several
    )
    assert not outcome.is_error
    return CandidateQuestion.objects.latest("created_at")


def decide(
    proposal: EditProposal,
    decision: Any = "accept",
    hunks: Sequence[int] | None = None,
    text: str | None = None,
    client_id: str = "",
) -> Decided:
    return decide_edit(
        proposal.turn.conversation.interview_id,
        proposal.pk,
        decision=decision,
        hunks=hunks,
        text=text,
        client_id=client_id or f"decide-{next(_numbers)}",
    )
