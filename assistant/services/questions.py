"""Questions of the assistant that the candidate answers by choosing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from assistant.errors import BadAnswerError, UnknownQuestionError
from assistant.events import QuestionAnswered, QuestionAsked
from assistant.models import CandidateQuestion, Turn
from assistant.proposals.hunks import clean
from assistant.tools.base import ToolContext, ToolOutcome
from base.clock import now, to_milliseconds
from base.text import shorten
from interviews.enums import Origin, Policy
from interviews.errors import InterviewError
from interviews.services.sections import lock_workspace
from interviews.timeline.log import append_event, find_event

QUESTION_CHARS = 500
OPTION_CHARS = 200
MOST_OPTIONS = 8
MOST_OPEN = 10


def ask_candidate(
    context: ToolContext,
    question: str,
    options: Sequence[Any],
    allows_several: bool,  # noqa: FBT001 -- the tool's own argument
) -> ToolOutcome:
    """Keep a question for the candidate; the model is told that it is not answered yet.

    The same call again gives the same outcome.
    """
    known = CandidateQuestion.objects.filter(
        turn=context.turn_id, call_id=context.call_key
    ).first()
    if known is not None:
        return _tell(known, context)
    text = shorten(clean(question).strip(), QUESTION_CHARS)
    named = [shorten(clean(str(option)).strip(), OPTION_CHARS) for option in options]
    if not text or not 2 <= len(named) <= MOST_OPTIONS or not all(named):
        return _refuse(f"It needs words, and 2 to {MOST_OPTIONS} options with words.")
    if len(set(named)) < len(named):
        return _refuse("Two options are the same.")
    try:
        return _tell(_store(context, text, named, bool(allows_several)), context)
    except InterviewError as error:
        return _refuse(str(error))


def _refuse(reason: str) -> ToolOutcome:
    return ToolOutcome(f"The question was not asked. {reason}", is_error=True)


@transaction.atomic
def _store(
    context: ToolContext,
    text: str,
    options: list[str],
    allows_several: bool,  # noqa: FBT001 -- the tool's own argument
) -> CandidateQuestion:
    interview = lock_workspace(context.interview_id)
    asked = CandidateQuestion.objects.filter(
        turn__conversation__interview=interview, answered_at=None
    )
    if asked.count() >= MOST_OPEN:
        raise InterviewError("The candidate has too many open questions already.")
    question = CandidateQuestion.objects.create(
        turn=Turn.objects.get(pk=context.turn_id),
        call_id=context.call_key,
        text=text,
        options=options,
        allows_several=allows_several,
        is_parking=context.policy == Policy.AGENT,
    )
    append_event(
        interview,
        QuestionAsked(
            turn=str(question.turn_id),
            question=str(question.pk),
            text=text,
            options=options,
            allows_several=allows_several,
        ),
        origin=Origin.ASSISTANT,
    )
    return question


def _tell(question: CandidateQuestion, context: ToolContext) -> ToolOutcome:
    return ToolOutcome(
        "Asked, not answered yet. You are told what the candidate chose with a later "
        "message. Do not guess it.",
        frames=[question_frame("question.asked", question)],
        parks=context.policy == Policy.AGENT,
    )


def question_frame(kind: str, question: CandidateQuestion) -> dict[str, Any]:
    """Return a question as pages get it, in the state it is in."""
    return {
        "type": kind,
        "turn": str(question.turn_id),
        "question": str(question.pk),
        "text": question.text,
        "options": question.options,
        "allows_several": question.allows_several,
        "answer": question.answer,
        "is_skipped": question.is_skipped,
        "created_at": question.created_at.isoformat(),
    }


def list_questions(interview_id: UUID) -> list[dict[str, Any]]:
    """Return every question of an interview as a page that comes back gets it."""
    questions = CandidateQuestion.objects.filter(
        turn__conversation__interview=interview_id
    )
    return [question_frame("question.asked", question) for question in questions]


def list_asked(turn_id: UUID) -> list[dict[str, Any]]:
    """Return what a turn asked, for a page that follows it through the store."""
    questions = CandidateQuestion.objects.filter(turn=turn_id)
    return [question_frame("question.asked", question) for question in questions]


@transaction.atomic
def answer_question(
    interview_id: UUID, question_id: UUID, *, answer: Sequence[int], client_id: str
) -> CandidateQuestion:
    """Keep what the candidate chose; nothing chosen skips. The first answer counts.

    Raises UnknownQuestionError, BadAnswerError, or InterviewError once time is up.
    """
    interview = lock_workspace(interview_id)
    question = CandidateQuestion.objects.filter(
        pk=question_id, turn__conversation__interview=interview
    ).first()
    if question is None:
        raise UnknownQuestionError
    chosen = sorted(set(answer))
    most = len(question.options) if question.allows_several else 1
    if len(chosen) > most or not set(chosen) <= set(range(len(question.options))):
        raise BadAnswerError
    if question.answered_at is not None or find_event(interview, client_id):
        return question
    question.answer, question.is_skipped = chosen, not chosen
    question.answered_at = now()
    question.save(update_fields=["answer", "is_skipped", "answered_at"])
    append_event(
        interview,
        QuestionAnswered(
            turn=str(question.turn_id),
            question=str(question.pk),
            answer=chosen,
            is_skipped=question.is_skipped,
            ms=to_milliseconds(question.answered_at - question.created_at),
        ),
        origin=Origin.CANDIDATE,
        client_id=client_id,
    )
    return question
