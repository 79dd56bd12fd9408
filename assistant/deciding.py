"""What a page decides, whichever way it comes; every page is told of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from assistant.protocol import EditDecide, QuestionAnswer
from assistant.services.deciding import decide_edit
from assistant.services.decisions import follow_ups
from assistant.services.questions import answer_question, question_frame
from assistant.services.taking_back import take_back
from assistant.turns.registry import start_turn
from interviews.file_news import tell_windows
from interviews.notifications import interview_group, tell_group
from interviews.services.presence import is_tab_writing
from interviews.workspace.errors import ReadOnlyError


async def decide(
    interview_id: UUID, frame: EditDecide | QuestionAnswer, *, asked: str = ""
) -> Mapping[str, Any] | None:
    """Keep a decision, go on with what waited for it, and show it everywhere.

    Returns what pages could not be told, for the socket that asked to say; else None.
    `asked` is the channel of the socket that asked: it gets the frame's id. Raises what
    `decide_edit`, `take_back` and `answer_question` raise, and ReadOnlyError for an edit
    where another window writes.
    """
    told, ready = await database_sync_to_async(_keep)(interview_id, frame)
    message = {"type": "decision.made", "frame": told, "asked": [asked, frame.id]}
    for turn_id in ready:
        start_turn(turn_id)
    is_told = await tell_group(interview_group(interview_id), message)
    return None if is_told else told


def _keep(
    interview_id: UUID, frame: EditDecide | QuestionAnswer
) -> tuple[Mapping[str, Any], list[UUID]]:
    told = (
        _keep_edit(interview_id, frame)
        if isinstance(frame, EditDecide)
        else _keep_answer(interview_id, frame)
    )
    return told, follow_ups(interview_id)


def _keep_edit(interview_id: UUID, frame: EditDecide) -> Mapping[str, Any]:
    if not is_tab_writing(interview_id, frame.tab):
        raise ReadOnlyError(_("The interview goes on in another window."))
    decided = (
        take_back(interview_id, frame.edit, hunks=frame.hunks, client_id=frame.id)
        if frame.decision == "take_back"
        else decide_edit(
            interview_id,
            frame.edit,
            decision=frame.decision,
            hunks=frame.hunks,
            client_id=frame.id,
            text=frame.text,
            version=frame.version,
        )
    )
    tell_windows(interview_id, decided.workspace)
    return decided.frame


def _keep_answer(interview_id: UUID, frame: QuestionAnswer) -> Mapping[str, Any]:
    question = answer_question(
        interview_id, frame.question, answer=frame.answer, client_id=frame.id
    )
    return question_frame("question.answered", question)
