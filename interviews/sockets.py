"""What every socket of an interview shares: who may open it, frames, errors, limits."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs
from uuid import UUID

import structlog
from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.db import DatabaseError
from django.utils.translation import gettext as _
from pydantic import BaseModel, TypeAdapter

from accounts.permissions import VIEW, is_allowed
from base.clock import now
from base.errors import DomainError
from interviews.access import Watcher, find_as_candidate, find_watcher
from interviews.enums import InterviewState
from interviews.frames import decode_frame, parse_frame, read_frame_id
from interviews.models import Interview
from interviews.notifications import interview_group

logger = logging.getLogger(__name__)

# Close codes; pages never reconnect after one of these (docs/protocol.md).
CLOSE_ENDED = 4410
CLOSE_TAKEN_OVER = 4409
CLOSE_FORBIDDEN = 4403

FRAMES_PER_SECOND = 50
_CLOSED_STATES = (
    InterviewState.COMPLETED,
    InterviewState.ABANDONED,
    InterviewState.EXPIRED,
    InterviewState.CANCELLED,
)

Frame = TypeVar("Frame", bound=BaseModel)


@dataclass(frozen=True)
class Entry:
    """The right to a socket: as the candidate, or as a member who watches."""

    interview: Interview
    watcher: Watcher | None = None


class InterviewConsumer(AsyncWebsocketConsumer, Generic[Frame]):
    """A socket of one interview.

    A stranger is refused before the accept (403). A room that is over is accepted,
    told, and closed with 4410, so that the page does not try for ever. The first
    frame is `hello`. `handle` gets parsed frames one at a time; what it raises as
    DomainError becomes an error frame with the frame's id. `permission_object` is the
    line of the permission table that a member must be allowed to view, beside the
    right to watch this interview. A browser that holds the candidate's cookie speaks
    for the candidate, unless the address says `?as=member`.
    """

    frames: TypeAdapter[Frame]
    permission_object = "interview"
    frames_per_second = FRAMES_PER_SECOND

    async def connect(self) -> None:
        """Authorise, accept, say hello."""
        interview_id = UUID(str(self.scope["url_route"]["kwargs"]["interview_id"]))
        structlog.contextvars.bind_contextvars(interview=str(interview_id))
        self.interview_id = interview_id
        entry = await database_sync_to_async(self._authorise)()
        if entry is None:
            await self.close()
            return
        self.watcher = entry.watcher
        self.is_candidate = entry.watcher is None
        self._window, self._count = monotonic(), 0
        await self.accept()
        if self.is_candidate and entry.interview.state in _CLOSED_STATES:
            await self._close_ended(entry.interview.state)
            return
        await self.channel_layer.group_add(
            interview_group(interview_id), self.channel_name
        )
        await self.greet()

    async def greet(self) -> None:
        """Say hello, as soon as this socket can."""
        await self.send_frame(
            {"type": "hello", "server_time": now().isoformat(), **await self.hello()}
        )
        await self.after_hello()

    @property
    def user_id(self) -> int | None:
        """Who is signed in where this socket comes from."""
        user = self.scope.get("user")
        return user.pk if user else None

    def _authorise(self) -> Entry | None:
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        if query.get("as") != ["member"]:
            interview = find_as_candidate(
                self.scope.get("cookies", {}), self.interview_id, is_closed_ok=True
            )
            if interview is not None:
                return Entry(interview)
        watcher = find_watcher(self.user_id, self.interview_id)
        if watcher is None or not is_allowed(
            watcher.role, VIEW, self.permission_object
        ):
            return None
        return Entry(watcher.interview, watcher)

    async def hello(self) -> Mapping[str, Any]:
        """Return what the page needs to resume."""
        raise NotImplementedError

    async def after_hello(self) -> None:
        """Start whatever follows the hello."""

    async def handle(self, frame: Frame) -> None:
        """Act on one frame from the page."""
        raise NotImplementedError

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler of a message, if this kind of socket has one.

        What other kinds of sockets of the interview tell each other is left alone.
        Channels would look for old connections first, which costs each message a
        thread: handlers call the database through `database_sync_to_async`, which does
        the same.
        """
        handler = getattr(self, get_handler_name(message), None)
        if handler is not None:
            await handler(message)

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Take one frame; whatever is wrong with it is said, never fatal."""
        frame_id: str | None = None
        try:
            self._count_frame()
            raw = decode_frame(text_data)
            frame_id = read_frame_id(raw)
            self._check_rate()
            await self.handle(parse_frame(self.frames, raw))
        except DomainError as error:
            await self.send_frame(error.as_frame(frame_id))
        except DatabaseError:
            logger.exception("A frame could not be stored")
            await self.send_frame(_trouble_frame(frame_id))

    def _count_frame(self) -> None:
        """Count, and do not even read what comes at more than twice the rate."""
        if monotonic() - self._window >= 1:
            self._window, self._count = monotonic(), 0
        self._count += 1
        self._check_rate(2)

    def _check_rate(self, times: int = 1) -> None:
        if self._count > times * self.frames_per_second:
            raise TooManyFramesError

    async def send_frame(self, frame: Mapping[str, Any]) -> None:
        """Send one JSON frame."""
        await self.send(text_data=json.dumps(frame, ensure_ascii=False))

    async def interview_ended(self, message: Mapping[str, Any]) -> None:
        """The interview ended: tell, and close for the candidate."""
        if self.is_candidate:
            await self._close_ended(str(message["state"]))
        else:
            await self.send_frame(
                {"type": "interview.ended", "state": message["state"]}
            )

    async def _close_ended(self, state: str) -> None:
        await self.send_frame({"type": "interview.ended", "state": state})
        await self.send_frame(
            {
                "type": "error",
                "code": "interview_ended",
                "message": _("The interview has ended. What you stored is safe."),
                "retryable": False,
            }
        )
        await self.close(code=CLOSE_ENDED)

    async def clock_changed(self, message: Mapping[str, Any]) -> None:
        """Ignored by sockets that show no clock."""

    async def disconnect(self, code: int) -> None:
        """Leave the group; cancel and await what this socket started."""
        if hasattr(self, "interview_id"):
            await self.channel_layer.group_discard(
                interview_group(self.interview_id), self.channel_name
            )
        await self.release()

    async def release(self) -> None:
        """Stop this socket's own tasks."""


class TooManyFramesError(DomainError):
    """More frames in a second than this kind of socket takes."""

    code = "too_many_frames"
    status = 429
    retryable = True

    def __init__(self) -> None:
        super().__init__(_("Too many messages at once."), retry_after=1.0)


def _trouble_frame(frame_id: str | None) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "type": "error",
        "code": "not_stored",
        "message": _("This could not be stored. It is tried again."),
        "retryable": True,
        "retry_after": 2.0,
    }
    return frame if frame_id is None else {**frame, "id": frame_id}


async def cancel_tasks(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel and await a socket's tasks."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    tasks.clear()
