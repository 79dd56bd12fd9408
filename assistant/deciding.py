"""What a page decides, whichever way it comes; every page is told of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from assistant.protocol import EditDecide, QuestionAnswer
from assistant.services.deciding import decide_edit
from assistant.services.decisions import follow_ups
from assistant.services.questions import answer_question, question_frame
from assistant.turns.registry import start_turn
from interviews.file_news import tell_windows
from interviews.notifications import interview_group


async def decide(
    interview_id: UUID, frame: EditDecide | QuestionAnswer, *, asked: str = ""
) -> None:
    """Keep a decision, show it everywhere, and go on with what waited for it.

    `asked` is the channel of the socket that asked: it gets the frame's id. Raises what
    `decide_edit` and `answer_question` raise.
    """
    told, ready = await database_sync_to_async(_keep)(interview_id, frame)
    message = {"type": "decision.made", "frame": told, "asked": [asked, frame.id]}
    layer = get_channel_layer()
    if layer is not None:
        await layer.group_send(interview_group(interview_id), message)
    for turn_id in ready:
        start_turn(turn_id)


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
    decided = decide_edit(
        interview_id,
        frame.edit,
        decision=frame.decision,
        hunks=frame.hunks,
        client_id=frame.id,
        text=frame.text,
        version=frame.version,
    )
    tell_windows(interview_id, decided.workspace)
    return decided.frame


def _keep_answer(interview_id: UUID, frame: QuestionAnswer) -> Mapping[str, Any]:
    question = answer_question(
        interview_id, frame.question, answer=frame.answer, client_id=frame.id
    )
    return question_frame("question.answered", question)
