"""What a page decides, whichever way it comes; every page is told of it."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from assistant.protocol import EditDecide, QuestionAnswer
from assistant.services.deciding import decide_edit
from assistant.services.decisions import follow_ups
from assistant.services.questions import answer_question, question_frame
from assistant.services.taking_back import take_back
from assistant.turns.registry import start_turn
from interviews.file_news import tell_windows
from interviews.notifications import interview_group

logger = logging.getLogger(__name__)


async def decide(
    interview_id: UUID, frame: EditDecide | QuestionAnswer, *, asked: str = ""
) -> Mapping[str, Any] | None:
    """Keep a decision, go on with what waited for it, and show it everywhere.

    Returns what pages could not be told, for the socket that asked to say; else None.
    `asked` is the channel of the socket that asked: it gets the frame's id. Raises what
    `decide_edit`, `take_back` and `answer_question` raise.
    """
    told, ready = await database_sync_to_async(_keep)(interview_id, frame)
    message = {"type": "decision.made", "frame": told, "asked": [asked, frame.id]}
    for turn_id in ready:
        start_turn(turn_id)
    layer = get_channel_layer()
    if layer is None:
        return told
    try:
        await layer.group_send(interview_group(interview_id), message)
    except (RedisError, OSError):
        logger.warning("Other pages could not be told of a decision: Redis is away")
        return told
    return None


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
