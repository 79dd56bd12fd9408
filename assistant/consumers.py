"""The assistant socket: asks, follows answers, stops them."""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async

from assistant.acting import (
    ask_turn,
    rate_answer,
    read_hello,
    stop_turn,
    tell_began,
)
from assistant.deciding import decide
from assistant.enums import TurnState
from assistant.errors import UnknownTurnError
from assistant.following import follow_turn
from assistant.protocol import (
    EditDecide,
    HintTake,
    MessageRate,
    Ping,
    Pong,
    QuestionAnswer,
    TurnAsk,
    TurnResume,
    TurnStop,
    client_frames,
    rated_frame,
)
from assistant.selectors import find_turn
from assistant.services.replacing import Extras
from assistant.turns.hinting import read_ladder, take_rung
from assistant.windows import PageStalledError, SendWindow
from interviews.sockets import InterviewConsumer, cancel_tasks

logger = logging.getLogger(__name__)

CLOSE_FAILED = 1011
_encode = json.JSONEncoder(ensure_ascii=False).encode


class AssistantConsumer(InterviewConsumer[Any]):
    """One page's view of the conversation.

    Answers live in `assistant.turns`; this socket only follows them, no further ahead
    of its page than the window allows.
    """

    frames = client_frames
    permission_object = "conversation"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._following: dict[UUID, asyncio.Task[None]] = {}
        self._followed: set[UUID] = set()
        self._resume_at: list[tuple[UUID, int]] = []
        self._sees_cost = False
        self._reading = SendWindow(self.send_frame)

    async def hello(self) -> Mapping[str, Any]:
        """Return the conversations, and live answers as far as they are known here."""
        hello = await read_hello(self.interview_id, self._user_id())
        self._sees_cost = bool(hello["sees_cost"])
        self._resume_at = [(UUID(one["turn"]), one["offset"]) for one in hello["lives"]]
        return hello

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
        elif isinstance(frame, Pong):
            self._reading.note_read(frame.t)
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
        elif isinstance(frame, EditDecide | QuestionAnswer):
            await self._decide(frame)
        elif isinstance(frame, HintTake):
            await take_rung(self.interview_id, frame, asked=self.channel_name)
            await self._send_hints(id=frame.id)

    async def _decide(self, frame: EditDecide | QuestionAnswer) -> None:
        untold = await decide(self.interview_id, frame, asked=self.channel_name)
        if untold is not None:
            await self.send_frame({**untold, "id": frame.id})

    async def hints_changed(self, message: Mapping[str, Any]) -> None:
        """A hint was taken on another page, or is written now."""
        if message["asked"] != self.channel_name:
            await self._send_hints()

    async def _send_hints(self, **extra: Any) -> None:
        ladder = await database_sync_to_async(read_ladder)(self.interview_id)
        await self.send_frame({"type": "hints.changed", "hints": ladder, **extra})

    async def decision_made(self, message: Mapping[str, Any]) -> None:
        """The candidate decided, here or on another page; the frame's id goes back."""
        channel, frame_id = message["asked"]
        is_reply = channel == self.channel_name
        extra = {"id": frame_id} if is_reply else {}
        await self.send_frame({**message["frame"], **extra})

    async def _ask(self, frame: TurnAsk) -> None:
        turn, is_new = await ask_turn(
            self.interview_id,
            client_id=frame.id,
            text=frame.text,
            conversation_id=frame.conversation,
            files=frame.files,
            extras=Extras(frame.replaces, tuple(frame.images)),
        )
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
            await tell_began(self.interview_id, turn.pk)
        self._follow(turn.pk, 0, frame.id)

    async def turn_began(self, message: Mapping[str, Any]) -> None:
        """Another page of this interview asked: follow the answer here too."""
        turn_id = UUID(str(message["turn"]))
        if turn_id not in self._followed:
            self._follow(turn_id, 0)

    async def _resume(self, frame: TurnResume) -> None:
        turn = await database_sync_to_async(find_turn)(self.interview_id, frame.turn)
        if turn is None:
            raise UnknownTurnError
        self._follow(frame.turn, frame.offset)

    async def _stop(self, frame: TurnStop) -> None:
        await stop_turn(self.interview_id, frame.turn)

    async def _rate(self, frame: MessageRate) -> None:
        """Keep a rating; every page of the interview shows it, this one included."""
        await rate_answer(
            self.interview_id,
            frame.message,
            rating=frame.rating,
            asked=(self.channel_name, frame.id),
        )

    async def message_rated(self, message: Mapping[str, Any]) -> None:
        """Tell the page how an answer is rated now; the one that asked gets its id."""
        frame = rated_frame(UUID(str(message["message"])), message["rating"])
        channel, frame_id = message["asked"]
        is_reply = bool(frame_id) and channel == self.channel_name
        await self.send_frame({**frame, "id": frame_id} if is_reply else frame)

    def _follow(self, turn_id: UUID, offset: int, frame_id: str | None = None) -> None:
        """Send this turn's frames from `offset` on, in a task of this socket."""
        known = self._following.get(turn_id)
        if known is not None:
            known.cancel()
        task = asyncio.create_task(self._observe(turn_id, offset, frame_id))
        self._following[turn_id] = task
        self._followed.add(turn_id)
        task.add_done_callback(partial(self._drop, turn_id))

    def _drop(self, turn_id: UUID, task: asyncio.Task[None]) -> None:
        """Let go of a task that is done; the turn may be followed by another."""
        if self._following.get(turn_id) is task:
            del self._following[turn_id]

    async def _observe(self, turn_id: UUID, offset: int, frame_id: str | None) -> None:
        """A page that can not be told any more is let go: it comes back and resumes."""
        try:
            await self._tell(turn_id, offset, frame_id)
        except PageStalledError:
            logger.info("A page reads nothing any more")
            await self.close(code=CLOSE_FAILED)
        except OSError:
            logger.debug("A page has gone")
        except Exception:
            logger.exception("An answer could not be followed")
            await self.close(code=CLOSE_FAILED)

    async def _tell(self, turn_id: UUID, offset: int, frame_id: str | None) -> None:
        following = follow_turn(
            self.interview_id, turn_id, offset, with_cost=self._sees_cost
        )
        async with aclosing(following) as frames:
            async for frame in frames:
                if frame["type"] == "turn.started" and frame_id is not None:
                    frame["id"] = frame_id
                text = _encode(frame)
                await self.send(text_data=text)
                await self._reading.note_sent(len(text))

    async def release(self) -> None:
        """Stop following; the answers go on."""
        await cancel_tasks(set(self._following.values()))
