"""Decisions on their way to the model, and turns that go on once all are made."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Exists, Q, QuerySet

from assistant.configuration import read_configuration
from assistant.context.files import describe_context
from assistant.enums import HunkState, MessageRole, PromptPurpose, TurnState
from assistant.errors import AssistantError
from assistant.events import TurnFollowed
from assistant.models import (
    CandidateQuestion,
    Conversation,
    EditProposal,
    Message,
    ProposalHunk,
    Turn,
)
from assistant.services.limits import require_allowance
from assistant.services.metering import require_chat_budget
from assistant.services.prompts import choose_prompt
from base.clock import now
from base.commits import after_commit, joined_atomic
from interviews.enums import Origin, Policy
from interviews.errors import InterviewError
from interviews.models import Interview
from interviews.notifications import interview_group, tell_group
from interviews.services.lifecycle import lock_interview, require_active
from interviews.timeline.log import append_event

PARKED = "parked"
# A turn that was cut off may not have told it: twice is better than never.
_UNTOLD = Q(told_in=None) | Q(
    told_in__state__in=(TurnState.FAILED, TurnState.INTERRUPTED, TurnState.STOPPED)
)
_WORDS = {
    HunkState.ACCEPTED: "accepted",
    HunkState.EDITED: "accepted with changes of the candidate's own",
    HunkState.REFUSED: "refused",
    HunkState.APPLIED: "applied at once, as the policy says",
    HunkState.TAKEN_BACK: "applied at once, and taken back by the candidate",
}


def take_decisions(turn: Turn) -> list[str]:
    """Return what the candidate decided and the model does not know, a text for each.

    It counts as told by this turn, which gets the same again when it asks again.
    """
    with joined_atomic():
        hunks = ProposalHunk.objects.filter(
            proposal__turn__conversation=turn.conversation_id
        )
        questions = CandidateQuestion.objects.filter(
            turn__conversation=turn.conversation_id
        )
        conversation = (
            Conversation.objects.select_for_update(of=("self",), no_key=True)
            .annotate(is_asked=Exists(hunks) | Exists(questions))
            .get(pk=turn.conversation_id)
        )
        if not conversation.is_asked:
            return []
        # What the policy applied in this turn, the result of its call has told.
        told_hunks = hunks.filter(told_in=turn).exclude(proposal__turn=turn)
        told = told_hunks, questions.filter(told_in=turn)
        if not any(part.exists() for part in told):
            decided = hunks.exclude(state=HunkState.UNDECIDED)
            decided.filter(_UNTOLD).update(told_in=turn)
            answered = questions.filter(answered_at__isnull=False)
            answered.filter(_UNTOLD).update(told_in=turn)
        # Evaluated again: these are other rows now.
        return [*_edit_texts(told[0].all()), *_answer_texts(told[1].all())]


def _edit_texts(hunks: QuerySet[ProposalHunk]) -> Iterator[str]:
    decided: dict[EditProposal, list[ProposalHunk]] = {}
    for hunk in hunks.select_related("proposal").order_by(
        "proposal__created_at", "number"
    ):
        decided.setdefault(hunk.proposal, []).append(hunk)
    for proposal, parts in decided.items():
        lines = [
            f"- {hunk.path}, line {hunk.line}: {_WORDS[HunkState(hunk.state)]}"
            for hunk in parts
        ]
        head = f"What became of the edit you proposed ({proposal.summary}):"
        yield "\n".join([head, *lines])


def _answer_texts(questions: QuerySet[CandidateQuestion]) -> Iterator[str]:
    for question in questions.order_by("created_at"):
        chosen = [question.options[number] for number in question.answer or ()]
        answer = "; ".join(chosen) if chosen else "skipped, without an answer"
        yield f"You asked: {question.text}\nThe candidate chose: {answer}"


def follow_up(turn_id: UUID) -> UUID | None:
    """Queue the turn that goes on after a parked one, once; None where it may not.

    It may when the candidate has decided all that the parked turn waits for and has
    asked nothing since: a question takes the decisions along by itself.
    """
    with transaction.atomic():
        turn = _lock_parked(turn_id)
        if turn is None or _is_undecided(turn):
            return None
        interview = turn.conversation.interview
        following = _create(interview, turn)
        after_commit(_announce, interview.pk, following.pk)
        return following.pk


def follow_ups(interview_id: UUID) -> list[UUID]:
    """Queue every turn of an interview that may go on; see `follow_up`."""
    parked = Turn.objects.filter(
        conversation__interview=interview_id,
        state=TurnState.FINISHED,
        follow_up=None,
        messages__role=MessageRole.ASSISTANT,
        messages__stop_reason=PARKED,
    )
    begun = [follow_up(turn_id) for turn_id in parked.values_list("pk", flat=True)]
    return [turn_id for turn_id in begun if turn_id is not None]


def _lock_parked(turn_id: UUID) -> Turn | None:
    """Return a parked turn, the last of its conversation, with the interview locked."""
    found = Turn.objects.filter(pk=turn_id, state=TurnState.FINISHED, follow_up=None)
    parked = found.filter(
        messages__role=MessageRole.ASSISTANT, messages__stop_reason=PARKED
    )
    key = parked.values_list("conversation__interview", flat=True).first()
    if key is None:
        return None
    interview = lock_interview(key)
    turn = parked.select_related("conversation").first()
    if turn is None or interview.assessment_version.policy == Policy.OFF:
        return None
    later = turn.conversation.turns.filter(created_at__gt=turn.created_at)
    if later.exists():
        return None
    try:
        require_active(interview)
        require_chat_budget(interview, read_configuration())
        require_allowance(interview, now())
    except (InterviewError, AssistantError):
        # The decisions go along with the next question.
        return None
    turn.conversation.interview = interview
    return turn


def _is_undecided(turn: Turn) -> bool:
    hunks = ProposalHunk.objects.filter(
        proposal__turn=turn, proposal__is_parking=True, state=HunkState.UNDECIDED
    )
    questions = turn.questions.filter(is_parking=True, answered_at=None)
    return hunks.exists() or questions.exists()


def _create(interview: Interview, parked: Turn) -> Turn:
    turn = Turn.objects.create(
        conversation=parked.conversation,
        client_id=f"follows:{parked.pk}",
        state=TurnState.QUEUED,
        prompt_version=choose_prompt(PromptPurpose.CHAT, interview),
        heartbeat_at=now(),
        follows=parked,
    )
    context, _hashes = describe_context(interview, _list_files(parked))
    message = Message.objects.create(
        turn=turn, role=MessageRole.USER, text="", context=context
    )
    append_event(
        interview,
        TurnFollowed(
            turn=str(turn.pk),
            conversation=str(turn.conversation_id),
            message=str(message.pk),
            follows=str(parked.pk),
        ),
        origin=Origin.SYSTEM,
    )
    return turn


def _list_files(parked: Turn) -> Sequence[str]:
    """Return the files of the parked question, and those that were decided on."""
    question = parked.messages.get(role=MessageRole.USER)
    asked = [file["path"] for file in question.context.get("files", [])]
    hunks = ProposalHunk.objects.filter(proposal__turn=parked)
    return [*asked, *hunks.values_list("path", flat=True)]


def _announce(interview_id: UUID, turn_id: UUID) -> None:
    """Have the open pages follow the new turn."""
    message = {"type": "turn.began", "turn": str(turn_id)}
    async_to_sync(tell_group)(interview_group(interview_id), message)
