"""The workspace socket of one window."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils.translation import gettext as _

from accounts.models import User
from base.clock import now
from interviews.availability import check_running
from interviews.consumers import browser_runs, commands, runs
from interviews.consumers.attended import AttendedConsumer
from interviews.consumers.company import Told
from interviews.consumers.facts import take_fact
from interviews.consumers.hello import build_clock, build_hello
from interviews.consumers.lint import LintDesk
from interviews.consumers.outbound import Outbound
from interviews.consumers.presence import PresentConsumer
from interviews.enums import InterviewState
from interviews.file_news import files_frame
from interviews.live_workspaces import start_preparing
from interviews.models import Interview, Run
from interviews.protocol import (
    ClientFrame,
    DocumentApply,
    DocumentCatchUp,
    DocumentOpen,
    DocumentUpdate,
    FileCreate,
    FileDelete,
    FileRename,
    FileRestore,
    Frame,
    LintAsk,
    Ping,
    Pong,
    PresenceCursor,
    PresenceFact,
    PresenceTake,
    RunInBrowser,
    RunResume,
    RunStart,
    RunStop,
    SectionOpen,
    client_frames,
    workspace_group,
)
from interviews.selectors.workspace import list_documents
from interviews.services.lifecycle import OPEN_STATES, end_overdue_interview
from interviews.services.presence import note_seen
from interviews.services.runs import find_run
from interviews.sockets import CLOSE_FORBIDDEN, cancel_tasks
from interviews.workspace.errors import ReadOnlyError

logger = logging.getLogger(__name__)

CLOSE_TRY_AGAIN = 1013
TICK_SECONDS = 15.0
AFTER_THE_END_SECONDS = 0.2


class WorkspaceConsumer(AttendedConsumer, PresentConsumer):
    """Takes edits and runs from one window, and shows it what the others do.

    One window of the candidate writes; the others, and members of the organisation,
    read. Members may edit documents where the assessment allows it.
    """

    frames = client_frames

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outbound = Outbound(self._transmit, self._give_up)
        self.is_closed = False
        self.is_over = False
        self.ends_in = TICK_SECONDS
        self._tasks: set[asyncio.Task[Any]] = set()
        self._following: dict[UUID, asyncio.Task[None]] = {}
        self._told = Told()
        self._state = ""
        self._lint = LintDesk(self, self._start)

    # Life of the socket

    async def accept(self, *args: Any, **kwargs: Any) -> None:
        """Accept, and from now on send."""
        await super().accept(*args, **kwargs)
        self.outbound.start()

    async def hello(self) -> Mapping[str, Any]:
        """Return the workspace; this window writes if nobody has to be asked."""
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
        self._state = frame["interview"]["state"]
        return {
            **frame,
            "running": {"available": running.is_available, "message": running.message},
            "token": self.token,
            **await self.presence_fields(self._state),
        }

    async def after_hello(self) -> None:
        """Keep the clock, and the right to be here, under watch."""
        self._start(self._tick_for_ever())
        await self.enter()
        if self.is_candidate and self._state == InterviewState.ACTIVE:
            start_preparing(self.interview_id)

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
        await self.leave()
        if hasattr(self, "interview_id"):
            await self.channel_layer.group_discard(
                workspace_group(self.interview_id), self.channel_name
            )
        await self._lint.close()

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
            self._told.note(frame)
            self.outbound.post(frame)

    async def send_frame(self, frame: Mapping[str, Any]) -> None:
        """Queue a frame for this window; what the base of all sockets calls."""
        self.post(frame)

    async def tell_others(self, frame: Frame) -> None:
        """Send a frame to every other window of the interview."""
        await self.tell({"type": "workspace.frame", "frame": frame})

    async def tell_others_of_run(self, run: Run) -> None:
        """Have every other window follow the run too."""
        await self.tell({"type": "run.began", "run": str(run.pk)})

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
            case DocumentCatchUp():
                await commands.catch_up(self, frame)
            case RunResume():
                await runs.resume_run(self, frame)
            case PresenceTake():
                await self._take_presence(frame)
            case PresenceCursor():
                await self.move(frame)
            case DocumentUpdate():
                await commands.store_update(self, frame)
            case _:
                await database_sync_to_async(self.check_writing)(frame)
                await self._write(frame)

    async def _write(self, frame: ClientFrame) -> None:
        match frame:
            case DocumentApply():
                await commands.apply_answer(self, frame)
            case FileCreate() | FileRename() | FileDelete() | FileRestore():
                await commands.change_file(self, frame)
            case SectionOpen():
                await commands.turn_to_section(self, frame)
            case RunStart():
                await runs.start_run(self, frame)
            case RunStop():
                await runs.cancel_run(self, frame)
            case RunInBrowser():
                await browser_runs.note_run(self, frame)
            case PresenceFact():
                await take_fact(self, frame)
            case LintAsk():
                self._lint.ask(frame)

    async def _take_presence(self, frame: PresenceTake) -> None:
        if not self.is_candidate:
            raise ReadOnlyError
        if self._state == InterviewState.ACTIVE:
            await self.take_over()
        await self._say_hello(frame.id)

    async def _say_hello(self, frame_id: str | None = None) -> None:
        """Tell this window everything anew."""
        hello = {"type": "hello", "server_time": now().isoformat()}
        hello |= await self._build_hello()
        self.post({**hello, "id": frame_id} if frame_id else hello)

    @property
    def author(self) -> User | None:
        """Who writes here: None is the candidate."""
        return None if self.watcher is None else self.watcher.user

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
        if not may_stay and not (self.is_candidate and self.is_over):
            self.post(ReadOnlyError(_("You have no access any more.")).as_frame())
            await self.close(CLOSE_FORBIDDEN)
            return
        # Beside the clock: where the layer fails, only who is here is not known.
        self._start(self.say_here())
        if self.is_over:
            self.ends_in = TICK_SECONDS
            if not was_over:
                await self.interview_ended({"state": interview.state})
        elif not await self._is_stale(interview):
            await self._send_clock(interview)
        elif self.is_candidate:
            # Not all anew: the page knows the rest.
            self.post(await database_sync_to_async(files_frame)(self.interview_id))
            await self._send_clock(interview)
        else:
            await self._say_hello()

    async def _is_stale(self, interview: Interview) -> bool:
        """Say whether something got lost on the way here, or a watcher must begin anew."""
        documents = await database_sync_to_async(list_documents)(self.interview_id)
        is_behind = self._told.is_behind(
            {each.path: each.version for each in documents}
        )
        return is_behind or not (self.is_candidate or interview.state == self._state)

    async def interview_ended(self, message: Mapping[str, Any]) -> None:
        """The interview ended; a page that stays needs all anew if it is reopened."""
        self._state = str(message["state"])
        await super().interview_ended(message)

    async def access_changed(self, message: Mapping[str, Any]) -> None:
        """A right to be here was taken back: look at once whether it was this one."""
        await self._tick()

    def _look(self) -> tuple[bool, Interview]:
        """Note the candidate's presence; end the interview if its time is up."""
        if self.is_candidate:
            note_seen(self.interview_id)
        interview = Interview.objects.get(pk=self.interview_id)
        if interview.ends_at is not None and interview.ends_at <= now():
            end_overdue_interview(self.interview_id)
            interview.refresh_from_db()
        entry = self._authorise()
        may_stay = entry is not None and (entry.watcher is None) == self.is_candidate
        if entry is not None and may_stay:
            self.watcher = entry.watcher
        return may_stay, interview

    async def clock_changed(self, message: Mapping[str, Any]) -> None:
        """Time was given, or taken."""
        interview = await database_sync_to_async(Interview.objects.get)(
            pk=self.interview_id
        )
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
