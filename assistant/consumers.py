"""The assistant socket: asks, follows answers, stops them."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings

from assistant.enums import TurnState
from assistant.errors import UnknownTurnError
from assistant.models import Message, Turn
from assistant.protocol import (
    PROTOCOL,
    MessageRate,
    Ping,
    TurnAsk,
    TurnResume,
    TurnStop,
    client_frames,
    delta_frame,
    failed_frame,
    finished_frame,
    rated_frame,
)
from assistant.selectors import (
    brief_notice,
    build_hello,
    cost_fields,
    find_answer,
    find_turn,
    stored_text,
)
from assistant.services.endings import interrupt_dead_turns
from assistant.services.feedback import rate_message
from assistant.services.queue import promote_ready
from assistant.services.turns import ask, request_stop
from assistant.turns.live import LiveTurn
from assistant.turns.registry import find_live, start_turn
from base.text import utf16_length, utf16_slice
from interviews.models import Interview
from interviews.notifications import interview_group
from interviews.sockets import InterviewConsumer, cancel_tasks

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.5
CLOSE_FAILED = 1011


class AssistantConsumer(InterviewConsumer[Any]):
    """One page's view of the conversation.

    Answers live in `assistant.turns`; this socket only follows them. A turn that
    another process owns is followed through the store, at its checkpoints.
    """

    frames = client_frames
    permission_object = "conversation"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._following: dict[UUID, asyncio.Task[None]] = {}
        self._resume_at: list[tuple[UUID, int]] = []
        self._sees_cost = False

    async def hello(self) -> Mapping[str, Any]:
        """Return the conversations, and live answers as far as they are known here."""
        user_id = self._user_id()
        state = await database_sync_to_async(_read_state)(self.interview_id, user_id)
        self._sees_cost = bool(state["sees_cost"])
        for turn_id in state.pop("ready"):
            start_turn(turn_id)
        lives = [self._describe_live(**live) for live in state.pop("live")]
        limits = settings.LIMITS
        return {
            "protocol": PROTOCOL,
            **state,
            "limits": {
                "message_chars": limits["message_chars"],
                "pasted_code_chars": limits["pasted_code_chars"],
            },
            "lives": lives,
            "live": lives[0] if lives else None,
        }

    def _describe_live(self, turn: UUID, text: str, **known: Any) -> dict[str, Any]:
        """Return a live turn for a page, which is told of the rest from there on."""
        local = find_live(turn)
        text = local.text.text if local else text
        offset = utf16_length(text)
        self._resume_at.append((turn, offset))
        return {"turn": str(turn), "offset": offset, "text": text, **known}

    def _user_id(self) -> int | None:
        """Return the member's number, None for the candidate."""
        user = None if self.is_candidate else self.scope.get("user")
        return None if user is None else user.pk

    async def after_hello(self) -> None:
        """Go on with the live answers without being asked."""
        for turn_id, offset in self._resume_at:
            self._follow(turn_id, offset)

    async def handle(self, frame: Any) -> None:
        """Dispatch a frame; only the candidate asks and stops."""
        if isinstance(frame, Ping):
            await self.send_frame({"type": "pong", "t": frame.t})
        elif isinstance(frame, TurnResume):
            await self._resume(frame)
        elif not self.is_candidate:
            return
        elif isinstance(frame, TurnAsk):
            await self._ask(frame)
        elif isinstance(frame, TurnStop):
            await self._stop(frame)
        elif isinstance(frame, MessageRate):
            await self._rate(frame)

    async def _ask(self, frame: TurnAsk) -> None:
        turn, is_new = await database_sync_to_async(ask)(
            self.interview_id,
            client_id=frame.id,
            text=frame.text,
            conversation_id=frame.conversation,
            files=frame.files,
        )
        # First of all, whatever becomes of this socket; and an earlier ask may have
        # been stored by a process that did not live to answer it.
        if turn.state == TurnState.QUEUED:
            start_turn(turn.pk)
        await self.send_frame(
            {
                "type": "turn.queued",
                "id": frame.id,
                "turn": str(turn.pk),
                "conversation": str(turn.conversation_id),
                "is_waiting": turn.state == TurnState.WAITING,
            }
        )
        if is_new:
            await self.channel_layer.group_send(
                interview_group(self.interview_id),
                {"type": "turn.began", "turn": str(turn.pk)},
            )
        self._follow(turn.pk, 0, frame.id)

    async def turn_began(self, message: Mapping[str, Any]) -> None:
        """Another page of this interview asked: follow the answer here too."""
        turn_id = UUID(str(message["turn"]))
        if turn_id not in self._following:
            self._follow(turn_id, 0)

    async def _resume(self, frame: TurnResume) -> None:
        turn = await database_sync_to_async(find_turn)(self.interview_id, frame.turn)
        if turn is None:
            raise UnknownTurnError
        self._follow(frame.turn, frame.offset)

    async def _stop(self, frame: TurnStop) -> None:
        turn = await database_sync_to_async(find_turn)(self.interview_id, frame.turn)
        live = find_live(frame.turn)
        if turn is not None and live is not None:
            live.stop()
            return
        await database_sync_to_async(_stop_elsewhere)(self.interview_id, frame.turn)

    async def _rate(self, frame: MessageRate) -> None:
        """Keep a rating; every page of the interview shows it, this one included."""
        await database_sync_to_async(rate_message)(
            self.interview_id, frame.message, rating=frame.rating
        )
        await self.channel_layer.group_send(
            interview_group(self.interview_id),
            {
                "type": "message.rated",
                "message": str(frame.message),
                "rating": frame.rating.value if frame.rating else None,
                "asked": [self.channel_name, frame.id],
            },
        )

    async def message_rated(self, message: Mapping[str, Any]) -> None:
        """Tell the page how an answer is rated now; the one that asked gets its id."""
        frame = rated_frame(UUID(str(message["message"])), message["rating"])
        channel, frame_id = message["asked"]
        is_reply = bool(frame_id) and channel == self.channel_name
        await self.send_frame({**frame, "id": frame_id} if is_reply else frame)

    def _follow(self, turn_id: UUID, offset: int, frame_id: str | None = None) -> None:
        """Send this turn's deltas from `offset` on, in a task of this socket."""
        known = self._following.get(turn_id)
        if known is not None:
            known.cancel()
        live = find_live(turn_id)
        work = (
            self._follow_live(live, offset, frame_id)
            if live is not None
            else self._follow_stored(turn_id, offset, frame_id)
        )
        self._following[turn_id] = asyncio.create_task(self._observe(work))

    async def _observe(self, work: Coroutine[Any, Any, None]) -> None:
        """A page that can not be told any more is let go: it comes back and resumes."""
        try:
            await work
        except OSError:
            logger.debug("A page has gone")
        except Exception:
            logger.exception("An answer could not be followed")
            await self.close(code=CLOSE_FAILED)

    async def _follow_live(
        self, live: LiveTurn, offset: int, frame_id: str | None
    ) -> None:
        await live.started.wait()
        if live.start_frame is not None:
            await self._send_started(live.id, live.start_frame, frame_id)
        async for delta in live.text.follow(offset):
            await self.send_frame(delta_frame(live.id, delta.offset, delta.text))
        await live.ended.wait()
        if live.end_frame is not None:
            cost = await self._read_cost(live.id)
            await self.send_frame({**live.end_frame, **cost})
        else:
            offset = max(offset, live.text.length)
            await self._follow_stored(live.id, offset, frame_id)

    async def _send_started(
        self, turn_id: UUID, frame: Mapping[str, Any], frame_id: str | None
    ) -> None:
        turn = await database_sync_to_async(find_turn)(self.interview_id, turn_id)
        if turn is None:
            return
        extra = {} if frame_id is None else {"id": frame_id}
        await self.send_frame(
            {
                **frame,
                **extra,
                "notice": brief_notice() if frame["brief"] else "",
                "conversation": str(turn.conversation_id),
                "created_at": turn.created_at.isoformat(),
                "message": None,
            }
        )

    async def _follow_stored(
        self, turn_id: UUID, offset: int, frame_id: str | None = None
    ) -> None:
        """Follow a turn through its checkpoints until it has ended, or begins here.

        A question that waits is begun by whoever first sees that it may.
        """
        while True:
            turn, text, answer, ready = await database_sync_to_async(_read_progress)(
                self.interview_id, turn_id
            )
            if turn is None:
                return
            for ready_id in ready:
                start_turn(ready_id)
            live = find_live(turn_id)
            if live is not None and (live.end_frame or not live.ended.is_set()):
                await self._follow_live(live, offset, frame_id)
                return
            if utf16_length(text) > offset:
                await self.send_frame(
                    delta_frame(turn_id, offset, utf16_slice(text, offset))
                )
                offset = utf16_length(text)
            if answer is not None:
                cost = await self._read_cost(turn_id)
                await self.send_frame({**_closing_frame(turn, answer), **cost})
                return
            await asyncio.sleep(POLL_SECONDS)

    async def _read_cost(self, turn_id: UUID) -> dict[str, Any]:
        """Return what an answer took, for those who may see it."""
        if not self._sees_cost:
            return {}
        answer = await database_sync_to_async(find_answer)(turn_id)
        return {} if answer is None else cost_fields(answer)

    async def release(self) -> None:
        """Stop following; the answers go on."""
        await cancel_tasks(set(self._following.values()))


def _read_state(interview_id: UUID, user_id: int | None) -> dict[str, Any]:
    interview = Interview.objects.get(pk=interview_id)
    interrupt_dead_turns(interview)
    ready = promote_ready(interview)
    return {**build_hello(interview_id, user_id), "ready": ready}


def _stop_elsewhere(interview_id: UUID, turn_id: UUID) -> None:
    request_stop(Interview.objects.get(pk=interview_id), turn_id)


def _read_progress(
    interview_id: UUID, turn_id: UUID
) -> tuple[Turn | None, str, Message | None, list[UUID]]:
    turn = find_turn(interview_id, turn_id)
    if turn is None:
        return None, "", None, []
    interview = Interview.objects.get(pk=interview_id)
    interrupt_dead_turns(interview)
    is_waiting = turn.state == TurnState.WAITING
    ready = promote_ready(interview) if is_waiting else []
    answer = find_answer(turn_id)
    text = answer.text if answer else stored_text(turn_id)
    return (answer.turn if answer else turn), text, answer, ready


def _closing_frame(turn: Turn, answer: Message) -> dict[str, Any]:
    if turn.state in (TurnState.FAILED, TurnState.INTERRUPTED):
        return failed_frame(
            turn.pk, turn.error_code, turn.error_message, retryable=True
        )
    return finished_frame(
        turn.pk,
        stop_reason=answer.stop_reason,
        text_length=utf16_length(answer.text),
        message_id=answer.pk,
    )
