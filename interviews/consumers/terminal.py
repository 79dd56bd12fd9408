"""The socket of one terminal in one window."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils.translation import gettext as _

from interviews.consumers.terminal_view import StalledError, TerminalView
from interviews.consumers.typist import Typist
from interviews.enums import InterviewState
from interviews.live_terminals import find_keeper, keep_terminals
from interviews.models import Interview
from interviews.notifications import tell_group
from interviews.runner_client import RunnerUnavailable, TerminalSession
from interviews.services.presence import has_writing
from interviews.sockets import (
    CLOSE_ENDED,
    CLOSE_FORBIDDEN,
    InterviewConsumer,
    cancel_tasks,
)
from interviews.terminal_frames import (
    MOST_SIZE,
    Ack,
    Close,
    PageFrame,
    Ping,
    Resize,
    Start,
    Writer,
    exit_frame,
    page_frames,
)
from interviews.terminal_news import tell_started
from interviews.terminals import NAMES, terminal_group
from interviews.workspace.errors import MissingError, ReadOnlyError

logger = logging.getLogger(__name__)

CLOSE_TRY_AGAIN = 1013
TICK_SECONDS = 15.0
# How often it is seen to that somebody keeps the terminal on record.
KEEP_SECONDS = 5.0
# Who writes is looked at so often, and before typing if that is late.
WRITING_SECONDS = 1.0
FRESH_SECONDS = 1.5


class TerminalConsumer(InterviewConsumer[PageFrame]):
    """One window of the candidate, or of a member who watches, at one terminal.

    The window that writes drives: it starts the shell, and only what is typed there
    counts. All others see the same. The terminal belongs to the runner and outlives
    this socket.
    """

    frames = page_frames
    # Mice and pastes come in many small pieces.
    frames_per_second = 400

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_driver = False
        self._is_closed = False
        self._is_ousted = False
        self._writer = ""
        self._looked_at = 0.0
        self._typist = Typist(self)
        self._view: TerminalView | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    # Life of the socket

    async def greet(self) -> None:
        """Attach; the hello comes once that has worked."""
        name = str(self.scope["url_route"]["kwargs"]["name"])
        if name not in NAMES:
            await self._refuse(MissingError(_("There is no such terminal.")))
            return
        self._name = name
        query = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        self._writer = query.get("writer", [""])[0]
        self._view = TerminalView(
            self,
            name,
            after=_read_number(query, "after", 2**53),
            shell=query.get("shell", [""])[0],
        )
        self._view.rows = _read_number(query, "rows", MOST_SIZE) or self._view.rows
        self._view.cols = _read_number(query, "cols", MOST_SIZE) or self._view.cols
        await self.channel_layer.group_add(
            terminal_group(self.interview_id), self.channel_name
        )
        self.is_driver = await self._is_writing()
        self._start(self._follow(self._view))
        self._start(self._typist.work())
        self._start(self._tick())
        self._start(self._have_kept())
        if self.is_candidate:
            self._start(self._watch_writing())

    async def release(self) -> None:
        """Leave; the terminal goes on."""
        self._is_closed = True
        await cancel_tasks(self._tasks)
        if hasattr(self, "interview_id"):
            await self.channel_layer.group_discard(
                terminal_group(self.interview_id), self.channel_name
            )

    async def close(self, code: Any = None, reason: str | None = None) -> None:
        """Close once."""
        if not self._is_closed:
            self._is_closed = True
            await super().close(code, reason)

    async def _refuse(self, error: Any) -> None:
        await self.send_frame(error.as_frame())
        await self.close(CLOSE_FORBIDDEN)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._observe)

    def _observe(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("A task of a terminal failed", exc_info=task.exception())

    async def _follow(self, view: TerminalView) -> None:
        try:
            await view.follow()
        except StalledError:
            logger.info("A terminal's page stalled")
            await self.close(CLOSE_TRY_AGAIN)

    # What the view and the typist need of the window

    async def send_frame(self, frame: Mapping[str, Any]) -> None:
        """Send one JSON frame, unless this is closed."""
        if not self._is_closed:
            await super().send_frame(frame)

    async def send_bytes(self, data: bytes) -> None:
        """Send one binary frame, unless this is closed."""
        if not self._is_closed:
            await self.send(bytes_data=data)

    async def opened(self, *, is_new: bool) -> None:
        """Tell the other windows, and have those that wait for it look again."""
        if is_new:
            opened = {"type": "terminal.opened", "name": self._name}
            await tell_group(terminal_group(self.interview_id), opened)
            await tell_started(self.interview_id, self._name)

    async def ousted(self) -> None:
        """Another window drives; this one does again when it gets the writing anew."""
        self._is_ousted = True
        if self.is_driver:
            self.is_driver = False
            await self.send_frame({"type": "driver", "is_driver": False})
            if self._view is not None:
                self._view.reattach()

    @property
    def session(self) -> TerminalSession | None:
        """The terminal, while it is attached."""
        return None if self._view is None else self._view.session

    async def find_session(self) -> TerminalSession | None:
        """Return the terminal, as soon as it is attached if that is on its way."""
        return None if self._view is None else await self._view.find_session()

    async def may_type(self) -> bool:
        """Say whether this window drives, as it was known a moment ago at most."""
        if self.is_driver and monotonic() - self._looked_at > FRESH_SECONDS:
            await self._look_who_writes()
        return self.is_driver

    async def freshen(self) -> None:
        """Have the files on the disk as the documents are, where that is known here."""
        keeper = find_keeper(self.interview_id)
        if keeper is not None:
            await keeper.files.freshen()

    # Hearing from the page

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Take one frame; bytes are what is typed, and count from the driver only."""
        if bytes_data is None:
            await super().receive(text_data)
            return
        if not self.is_driver:
            return
        refused = self._typist.type(bytes_data)
        if refused:
            await self.send_frame({"type": "refused", "bytes": refused})

    async def handle(self, frame: PageFrame) -> None:
        """Act on one frame."""
        view = self._view
        match frame:
            case Ping():
                await self.send_frame({"type": "pong"})
            case Ack(upto=upto) if view is not None:
                await view.show(upto)
            case Resize() if view is not None:
                await self._resize(view, frame)
            case Start() if view is not None and self.is_driver:
                view.begin()
            case Close() if self.session is not None and self.is_driver:
                await self._kill(self.session)
            case Writer(token=token):
                self._writer, self._is_ousted = token, False
                await self._look_who_writes()

    async def _resize(self, view: TerminalView, frame: Resize) -> None:
        view.rows, view.cols = frame.rows, frame.cols
        session = view.session
        if session is None or not self.is_driver:
            return
        with suppress(RunnerUnavailable):
            await session.resize(frame.rows, frame.cols)

    async def _kill(self, session: TerminalSession) -> None:
        # Where the terminal is lost, the view tells so.
        with suppress(RunnerUnavailable):
            await session.close_terminal()

    # Which window drives

    async def _is_writing(self) -> bool:
        self._looked_at = monotonic()
        if not (self.is_candidate and self._writer) or self._is_ousted:
            return False
        has = database_sync_to_async(has_writing)
        return await has(self.interview_id, self._writer)

    async def _look_who_writes(self) -> None:
        """Begin to drive, or stop, if the writing has moved."""
        is_driver = await self._is_writing()
        if is_driver == self.is_driver or self._view is None:
            return
        self.is_driver = is_driver
        await self.send_frame({"type": "driver", "is_driver": is_driver})
        self._view.reattach()

    async def _watch_writing(self) -> None:
        while not self._is_closed:
            await asyncio.sleep(WRITING_SECONDS)
            await self._look_who_writes()

    async def writing_moved(self, message: Mapping[str, Any]) -> None:
        """Another window writes now, or this one again."""
        if self._writer and message["token"] == self._writer:
            self._is_ousted = False
        if self.is_candidate:
            await self._look_who_writes()

    async def terminal_opened(self, message: Mapping[str, Any]) -> None:
        """A shell was started in another window: look at it."""
        if self._view is not None and message["name"] == self._name:
            self._view.begin()

    # The end, and the right to be here

    async def _tick(self) -> None:
        while not self._is_closed:
            try:
                await self._look_around()
            except DatabaseError:
                logger.exception("A terminal could not look at its interview")
            await asyncio.sleep(TICK_SECONDS)

    async def _have_kept(self) -> None:
        """The process that keeps this terminal may die at any time."""
        while not self._is_closed:
            if self.session is not None and find_keeper(self.interview_id) is None:
                keep_terminals(self.interview_id)
            await asyncio.sleep(KEEP_SECONDS)

    async def _look_around(self) -> None:
        may_stay, state = await database_sync_to_async(self._read)()
        if state not in {InterviewState.ACTIVE, InterviewState.PREPARING}:
            await self.interview_ended({"state": state})
        elif not may_stay:
            await self._refuse(ReadOnlyError(_("You have no access any more.")))

    def _read(self) -> tuple[bool, str]:
        entry = self._authorise()
        may_stay = entry is not None and (entry.watcher is None) == self.is_candidate
        state = Interview.objects.values_list("state", flat=True).get(
            pk=self.interview_id
        )
        return may_stay, state

    async def access_changed(self, message: Mapping[str, Any]) -> None:
        """A right to be here was taken back: look at once whether it was this one."""
        await self._look_around()

    async def interview_ended(self, message: Mapping[str, Any]) -> None:
        """The interview is over: with everything that runs in it, and for everybody."""
        keeper = find_keeper(self.interview_id)
        if keeper is not None:
            keeper.wake()
        await self.send_frame(exit_frame(None, "workspace_closed"))
        if self.is_candidate:
            await self._close_ended(str(message["state"]))
        else:
            await self.send_frame(
                {"type": "interview.ended", "state": str(message["state"])}
            )
            await self.close(CLOSE_ENDED)


def _read_number(query: Mapping[str, list[str]], name: str, most: int) -> int | None:
    text = query.get(name, [""])[0]
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))):
        return None
    return min(int(text), most)
