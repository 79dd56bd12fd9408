"""Following an answer from an offset to its end, whichever process writes it."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from assistant.enums import TurnState
from assistant.models import Message, Turn
from assistant.protocol import (
    delta_frame,
    failed_frame,
    finished_frame,
    started_frame,
)
from assistant.selectors import (
    brief_notice,
    cost_fields,
    describe_question,
    find_answer,
    find_turn,
    stored_text,
)
from assistant.services.endings import interrupt_dead_turns
from assistant.services.proposal_frames import list_proposed
from assistant.services.questions import list_asked
from assistant.services.queue import promote_ready
from assistant.turns.live import Delta, LiveTurn
from assistant.turns.registry import find_live, start_turn
from assistant.turns.relay import relay
from assistant.turns.remote import Progress, RemoteTurns
from assistant.turns.threads import in_thread
from base.text import utf16_length
from interviews.models import Interview


async def follow_turn(
    interview_id: UUID, turn_id: UUID, offset: int = 0, *, with_cost: bool = False
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the frames of a turn to its closing one; nothing for an unknown turn.

    `turn.started`, then `turn.delta` from `offset` on (in UTF-16 code units) with the
    side frames between them, at last `turn.finished` or `turn.failed`, which says the
    `text_length` that is true in the end. Closing it stops nothing but the following.
    `with_cost` adds what the answer took. Use it with `aclosing`.
    """
    turn = await database_sync_to_async(find_turn)(interview_id, turn_id)
    if turn is None:
        return
    question = await database_sync_to_async(describe_question)(turn_id)
    follower = Follower(
        turn, offset, find=find_live, mirrors=elsewhere, question=question
    )
    async with aclosing(follower.follow(interview_id)) as frames:
        async for frame in frames:
            yield frame
    if follower.end_frame:
        cost = await _read_cost(turn_id) if with_cost else {}
        yield {**follower.end_frame, **cost}


class Follower:
    """One who follows a turn, maybe first elsewhere and then here.

    `find` knows this process's turns, `mirrors` those of the others; `question` is
    said to who follows, who may not have asked it: its words and its pictures.
    `end_frame` is empty until the end is known.
    """

    def __init__(
        self,
        turn: Turn,
        offset: int,
        *,
        find: Callable[[UUID], LiveTurn | None],
        mirrors: RemoteTurns,
        question: Mapping[str, Any] | None = None,
    ) -> None:
        self._turn = turn
        self._question = question or {}
        self._offset = offset
        self._find = find
        self._mirrors = mirrors
        self._is_told = False
        self.end_frame: dict[str, Any] = {}

    async def follow(self, interview_id: UUID) -> AsyncGenerator[dict[str, Any], None]:
        """Yield all frames but the closing one; nothing more for an unknown turn."""
        turn_id = self._turn.pk
        while not self.end_frame:
            live = self._find(turn_id)
            if live is not None and live.is_followable:
                async with aclosing(self._follow(live)) as frames:
                    async for frame in frames:
                        yield frame
                continue
            async with self._mirrors.open(interview_id, turn_id) as mirror:
                async with aclosing(self._follow(mirror.live)) as frames:
                    async for frame in frames:
                        yield frame
                if not mirror.is_known:
                    return

    async def _follow(self, live: LiveTurn) -> AsyncGenerator[dict[str, Any], None]:
        await live.started.wait()
        if live.start_frame is not None and not self._is_told:
            self._is_told = True
            yield complete_start(self._turn, live.start_frame, self._question)
        async with aclosing(live.text.follow(self._offset)) as parts:
            async for part in parts:
                if isinstance(part, Delta):
                    self._offset = part.offset + utf16_length(part.text)
                    yield delta_frame(live.id, part.offset, part.text)
                else:
                    yield {**part.frame}
        await live.ended.wait()
        if live.end_frame is not None:
            length = live.text.length
            self.end_frame = {"text_length": length, **live.end_frame}


def complete_start(
    turn: Turn, frame: Mapping[str, Any], question: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `turn.started` with what only the store knows."""
    return {
        **frame,
        **question,
        "notice": brief_notice() if frame["brief"] else "",
        "conversation": str(turn.conversation_id),
        "created_at": turn.created_at.isoformat(),
        "replaces": str(turn.replaces_id) if turn.replaces_id else None,
        "message": None,
    }


async def _read_cost(turn_id: UUID) -> dict[str, Any]:
    answer = await database_sync_to_async(find_answer)(turn_id)
    return {} if answer is None else cost_fields(answer)


def _is_here(turn_id: UUID) -> bool:
    live = find_live(turn_id)
    return live is not None and live.is_followable


async def read_stored(interview_id: UUID, turn_id: UUID) -> Progress:
    """Ask the store; a question that waits is begun by whoever first sees it may."""
    progress, ready = await in_thread(read_progress)(interview_id, turn_id)
    for ready_id in ready:
        start_turn(ready_id)
    return progress


def read_progress(interview_id: UUID, turn_id: UUID) -> tuple[Progress, list[UUID]]:
    """Return what the store knows of a turn, and the turns that may begin now.

    Turns of dead owners are ended first.
    """
    interview = Interview.objects.get(pk=interview_id)
    interrupt_dead_turns(interview)
    turn = find_turn(interview_id, turn_id)
    if turn is None:
        return Progress(is_known=False), []
    is_waiting = turn.state == TurnState.WAITING
    ready = promote_ready(interview) if is_waiting else []
    sides = (*list_proposed(turn_id), *list_asked(turn_id))
    answer = find_answer(turn_id)
    if answer is None:
        text, start = stored_text(turn_id), _stored_start(turn)
        return Progress(is_known=True, text=text, start=start, sides=sides), ready
    end = closing_frame(answer.turn, answer)
    start = _stored_start(answer.turn)
    progress = Progress(
        is_known=True, text=answer.text, start=start, end=end, sides=sides
    )
    return progress, ready


def _stored_start(turn: Turn) -> dict[str, Any] | None:
    """Return how a turn began, as far as its owner stored that."""
    told = turn.progress
    if not told.get("model"):
        return None
    return started_frame(
        turn.pk,
        told["model"],
        is_simulated=bool(told.get("is_simulated")),
        is_brief=False,
    )


def closing_frame(turn: Turn, answer: Message) -> dict[str, Any]:
    """Return how a turn ended, as it is stored."""
    length = utf16_length(answer.text)
    if turn.state in (TurnState.FAILED, TurnState.INTERRUPTED):
        frame = failed_frame(
            turn.pk, turn.error_code, turn.error_message, retryable=True
        )
        return {**frame, "text_length": length}
    return finished_frame(
        turn.pk,
        stop_reason=answer.stop_reason,
        text_length=length,
        message_id=answer.pk,
    )


elsewhere = RemoteTurns(read=read_stored, is_here=_is_here, source=relay.tail)
