"""The workspace socket of one window."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils.translation import gettext as _

from base.clock import now
from base.ids import new_token
from interviews.availability import check_running
from interviews.consumers import commands, runs
from interviews.consumers.hello import build_clock, build_hello
from interviews.consumers.outbound import Outbound
from interviews.enums import InterviewState
from interviews.models import Interview, Run
from interviews.protocol import (
    ClientFrame,
    DocumentApply,
    DocumentOpen,
    DocumentUpdate,
    FileCreate,
    FileDelete,
    FileRename,
    Frame,
    Ping,
    Pong,
    PresenceTake,
    RunResume,
    RunStart,
    RunStop,
    SectionOpen,
    client_frames,
    workspace_group,
)
from interviews.services.lifecycle import OPEN_STATES, end_overdue_interview
from interviews.services.presence import (
    drop_writing,
    has_writing,
    note_seen,
    take_writing,
)
from interviews.services.runs import find_run
from interviews.sockets import CLOSE_FORBIDDEN, InterviewConsumer, cancel_tasks
from interviews.workspace.errors import ReadOnlyError

logger = logging.getLogger(__name__)

CLOSE_TRY_AGAIN = 1013
TICK_SECONDS = 15.0
AFTER_THE_END_SECONDS = 0.2


class WorkspaceConsumer(InterviewConsumer[Any]):
    """Takes edits and runs from one window, and shows it what the others do.

    The latest window of the candidate writes; the others, and members of the
    organisation, read.
    """

    frames = client_frames

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outbound = Outbound(self._transmit, self._give_up)
        self.token = new_token()
        self.is_writer = False
        self.is_closed = False
        self.is_over = False
        self.ends_in = TICK_SECONDS
        self._tasks: set[asyncio.Task[Any]] = set()
        self._following: dict[UUID, asyncio.Task[None]] = {}

    # Life of the socket

    async def accept(self, *args: Any, **kwargs: Any) -> None:
        """Accept, and from now on send."""
        await super().accept(*args, **kwargs)
        self.outbound.start()

    async def hello(self) -> Mapping[str, Any]:
        """Return the workspace, and make this the window that writes."""
        await self.channel_layer.group_add(
            workspace_group(self.interview_id), self.channel_name
        )
        return await self._build_hello()

    async def _build_hello(self) -> Frame:
        running = await check_running()
        frame = await database_sync_to_async(build_hello)(
            self.interview_id, is_candidate=self.is_candidate
        )
        self._mind_the_end(frame["interview"]["remaining_ms"])
        is_active = frame["interview"]["state"] == InterviewState.ACTIVE
        if self.is_candidate and is_active:
            await self._take_writing()
        return {
            **frame,
            "running": {"available": running.is_available, "message": running.message},
            "writer": self.is_writer,
        }

    async def after_hello(self) -> None:
        """Keep the clock, and the right to be here, under watch."""
        self._start(self._tick_for_ever())

    async def close(self, code: Any = None, reason: str | None = None) -> None:
        """Close once, after what was said has gone out."""
        if not self.is_closed:
            self.is_closed = True
            await self.outbound.flush()
            await super().close(code, reason)

    async def release(self) -> None:
        """Stop following, sending and writing; runs go on."""
        await cancel_tasks(self._tasks)
        await self.outbound.stop()
        if self.is_writer:
            await database_sync_to_async(drop_writing)(self.interview_id, self.token)
        if hasattr(self, "interview_id"):
            await self.channel_layer.group_discard(
                workspace_group(self.interview_id), self.channel_name
            )

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._observe)
        return task

    def _observe(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A task of a socket failed", exc_info=task.exception())

    # Saying

    async def _transmit(self, text: str) -> None:
        await self.send(text_data=text)

    async def _give_up(self) -> None:
        await self.close(CLOSE_TRY_AGAIN)

    def post(self, frame: Mapping[str, Any]) -> None:
        """Queue a frame for this window."""
        if not self.is_closed:
            self.outbound.post(frame)

    async def send_frame(self, frame: Mapping[str, Any]) -> None:
        """Queue a frame for this window; what the base of all sockets calls."""
        self.post(frame)

    async def tell_others(self, frame: Frame) -> None:
        """Send a frame to every other window of the interview."""
        await self._tell({"type": "workspace.frame", "frame": frame})

    async def tell_others_of_run(self, run: Run) -> None:
        """Have every other window follow the run too."""
        await self._tell({"type": "run.began", "run": str(run.pk)})

    async def _tell(self, message: dict[str, Any]) -> None:
        await self.channel_layer.group_send(
            workspace_group(self.interview_id),
            {**message, "sender": self.channel_name},
        )

    # Hearing from the page

    async def handle(self, frame: ClientFrame) -> None:
        """Act on one frame."""
        match frame:
            case Ping(t=t):
                self.post({"type": "pong", "t": t})
            case Pong(t=t):
                self.outbound.confirm(t)
            case DocumentOpen():
                await commands.open_document(self, frame)
            case RunResume():
                await runs.resume_run(self, frame)
            case PresenceTake():
                await self._take_presence(frame)
            case _:
                await self._require_writing()
                await self._write(frame)

    async def _write(self, frame: ClientFrame) -> None:
        match frame:
            case DocumentUpdate():
                await commands.store_update(self, frame)
            case DocumentApply():
                await commands.apply_answer(self, frame)
            case FileCreate() | FileRename() | FileDelete():
                await commands.change_file(self, frame)
            case SectionOpen():
                await commands.turn_to_section(self, frame)
            case RunStart():
                await runs.start_run(self, frame)
            case RunStop():
                await runs.cancel_run(self, frame)

    # Which window writes

    async def _require_writing(self) -> None:
        if not self.is_candidate:
            raise ReadOnlyError(_("You are looking on; only the candidate writes."))
        if not (self.is_writer and await self._has_writing()):
            raise ReadOnlyError(_("The interview goes on in another window."))

    async def _has_writing(self) -> bool:
        return await database_sync_to_async(has_writing)(self.interview_id, self.token)

    async def _take_writing(self) -> None:
        self.is_writer = True
        await database_sync_to_async(take_writing)(self.interview_id, self.token)
        await self._tell({"type": "presence.changed"})

    async def presence_changed(self, message: Mapping[str, Any]) -> None:
        """Another window writes now, unless this is old news: then this one came later."""
        is_other = message["sender"] != self.channel_name
        if is_other and self.is_writer and not await self._has_writing():
            self.is_writer = False
            self.post({"type": "presence.taken_over"})

    async def _take_presence(self, frame: PresenceTake) -> None:
        if not self.is_candidate:
            raise ReadOnlyError
        hello = {"type": "hello", "server_time": now().isoformat()}
        hello |= await self._build_hello()
        self.post({**hello, "id": frame.id} if frame.id else hello)

    # Hearing from the other windows

    async def workspace_frame(self, message: Mapping[str, Any]) -> None:
        """Pass on what another window changed."""
        if message["sender"] != self.channel_name:
            self.post(message["frame"])

    async def run_began(self, message: Mapping[str, Any]) -> None:
        """Another window started a run: show it here too."""
        run_id = UUID(str(message["run"]))
        if message["sender"] != self.channel_name and run_id not in self._following:
            run = await database_sync_to_async(find_run)(self.interview_id, run_id)
            self.follow(run, offset=0, frame_id=None)

    def follow(self, run: Run, *, offset: int, frame_id: str | None) -> None:
        """Tell this window about a run from now on, in place of what it followed."""
        former = self._following.pop(run.pk, None)
        if former is not None:
            former.cancel()
        follower = runs.RunFollower(
            run, self.outbound.push, offset=offset, frame_id=frame_id
        )
        self._following[run.pk] = self._start(follower.follow())

    # The clock, and the right to be here

    async def _tick_for_ever(self) -> None:
        while not self.is_closed:
            await asyncio.sleep(self.ends_in)
            try:
                await self._tick()
            except DatabaseError:
                logger.exception("A socket could not look at its interview")

    async def _tick(self) -> None:
        may_stay, interview = await database_sync_to_async(self._look)()
        was_over, self.is_over = self.is_over, interview.state not in OPEN_STATES
        if self.is_over:
            self.ends_in = TICK_SECONDS
            if not was_over:
                await self.interview_ended({"state": interview.state})
        elif not may_stay:
            self.post(ReadOnlyError(_("You have no access any more.")).as_frame())
            await self.close(CLOSE_FORBIDDEN)
        else:
            await self._send_clock(interview)

    def _look(self) -> tuple[bool, Interview]:
        """Note the candidate's presence; end the interview if its time is up."""
        if self.is_candidate:
            note_seen(self.interview_id)
        interview = Interview.objects.get(pk=self.interview_id)
        if interview.ends_at is not None and interview.ends_at <= now():
            end_overdue_interview(self.interview_id)
            interview.refresh_from_db()
        is_candidate, found = self._authorise()
        return found is not None and is_candidate == self.is_candidate, interview

    async def clock_changed(self, message: Mapping[str, Any]) -> None:
        """Time was given, or taken."""
        interview = await Interview.objects.aget(pk=self.interview_id)
        await self._send_clock(interview)

    async def _send_clock(self, interview: Interview) -> None:
        frame = await database_sync_to_async(build_clock)(interview)
        self._mind_the_end(frame["remaining_ms"])
        self.post(frame)

    def _mind_the_end(self, remaining_ms: int | None) -> None:
        """Look again just after the end, or soon enough."""
        self.ends_in = TICK_SECONDS
        if remaining_ms is not None:
            left = remaining_ms / 1000 + AFTER_THE_END_SECONDS
            self.ends_in = min(TICK_SECONDS, left)
