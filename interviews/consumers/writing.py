"""Which window of the candidate writes: asked for, moved, and kept through a reload."""

import asyncio
import logging
import re
from collections.abc import Coroutine, Mapping
from time import monotonic
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _

from base.errors import DomainError
from base.ids import new_token
from interviews.access import find_watcher
from interviews.notifications import tell_group
from interviews.protocol import DocumentUpdate, Frame, workspace_group
from interviews.services import presence
from interviews.services.presence import WritingWindow
from interviews.sockets import InterviewConsumer
from interviews.terminals import terminal_group
from interviews.workspace.errors import ReadOnlyError

logger = logging.getLogger(__name__)

# How often the page that writes is asked whether it is there, and others look.
BEAT_SECONDS = 4.0
LOOK_SECONDS = 1.5
TAKES_PER_MINUTE = 12
_NAME = re.compile(r"^[A-Za-z0-9_-]{8,64}$", re.ASCII)


class TooManyTakesError(DomainError):
    """A page that takes the writing over and over."""

    code = "too_many_takes"
    status = 429
    retryable = True

    def __init__(self) -> None:
        super().__init__(
            _("The writing changed its window too often. Wait a little."),
            retry_after=60.0,
        )


class WritingConsumer(InterviewConsumer[Any]):
    """The part of a workspace socket that holds the writing, or waits for it.

    One window of the candidate writes. Another takes it over when the candidate says
    so there (`presence.take`), or when the first is gone; it never gets it by coming.
    A tab that is loaded anew finds its writing kept. Who writes stands in the cache,
    so that every process enforces the same; what the layer tells only hurries.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.token = new_token()
        self.is_writer = False
        self._heard_at = monotonic()
        self._takes: list[float] = []
        self._holding: asyncio.Task[None] | None = None
        self._waiting: asyncio.Task[None] | None = None

    def post(self, frame: Mapping[str, Any]) -> None:
        """Queue a frame for this window."""
        raise NotImplementedError

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task that ends with this socket."""
        raise NotImplementedError

    async def _say_hello(self, frame_id: str | None = None) -> None:
        """Tell this window everything anew."""
        raise NotImplementedError

    async def tell(self, message: dict[str, Any]) -> None:
        """Send a message to the workspace sockets of the interview, this one too."""
        await self.channel_layer.group_send(
            workspace_group(self.interview_id),
            {**message, "sender": self.channel_name},
        )

    async def receive(
        self, text_data: str | None = None, bytes_data: bytes | None = None
    ) -> None:
        """Take one frame: whoever sends one is there."""
        self._heard_at = monotonic()
        await super().receive(text_data, bytes_data)

    @property
    def _query(self) -> dict[str, list[str]]:
        return parse_qs(self.scope.get("query_string", b"").decode("latin-1"))

    @property
    def window(self) -> WritingWindow:
        """This window, as its address names it; a bad name counts as none."""
        named = {
            name: value
            for name in ("tab", "browser")
            if _NAME.match(value := self._query.get(name, [""])[0])
        }
        return WritingWindow(self.token, **named)

    # What the first frame says of it

    async def writing_fields(self, *, is_active: bool) -> Frame:
        """Write here if nobody has to be asked; return what `hello` says of it."""
        is_back = self._query.get("as") == ["reader"]
        if is_active and not self.is_writer and not (is_back and self._is_new):
            await self._claim()
        if self.is_writer or not is_active:
            return {"writer": self.is_writer}
        delay = presence.RETURN_SECONDS if is_back else LOOK_SECONDS
        if self._is_new:
            self._waiting = self._start(self._wait(delay))
        return {"writer": False, "elsewhere": await self._look_elsewhere()}

    @property
    def _is_new(self) -> bool:
        return self._waiting is None and self._holding is None

    async def _look_elsewhere(self) -> Frame:
        return await database_sync_to_async(self._read_elsewhere)()

    def _read_elsewhere(self) -> Frame:
        holder = presence.find_writing_window(self.interview_id)
        place = self.window.place_of(holder) if holder else ""
        return {"place": place, "left": presence.has_left(self.interview_id)}

    # Taking it

    async def _claim(self) -> None:
        former, is_mine = await database_sync_to_async(self._claim_now)()
        if is_mine:
            await self._begin(former, is_asked=False)

    def _claim_now(self) -> tuple[WritingWindow | None, bool]:
        former = presence.find_writing_window(self.interview_id)
        return former, presence.claim_writing(self.interview_id, self.window)

    async def take_over(self) -> None:
        """Write here from now on, because the candidate said so.

        Raises TooManyTakesError for a page that does so over and over.
        """
        if self.is_writer and await self._has_writing():
            return
        since = monotonic() - 60
        self._takes = [at for at in self._takes if at > since]
        if len(self._takes) >= TAKES_PER_MINUTE:
            raise TooManyTakesError
        self._takes.append(monotonic())
        former = await database_sync_to_async(self._take_now)()
        await self._begin(former, is_asked=True)

    def _take_now(self) -> WritingWindow | None:
        former = presence.find_writing_window(self.interview_id)
        presence.take_writing(self.interview_id, self.window)
        return former

    async def _begin(self, former: WritingWindow | None, *, is_asked: bool) -> None:
        self.is_writer = True
        self._holding = self._start(self._hold())
        mine = self.window
        await self._tell_moved(mine)
        if former is not None and not former.is_same(mine):
            await database_sync_to_async(presence.note_move)(
                self.interview_id, is_asked=is_asked, place=mine.place_of(former)
            )

    async def _tell_moved(self, window: WritingWindow | None) -> None:
        """Tell every socket of the interview that has to know; no window is nobody."""
        token, browser = (window.token, window.browser) if window else ("", "")
        moved = {"type": "writing.moved", "token": token, "browser": browser}
        await self.tell(moved)
        await tell_group(terminal_group(self.interview_id), moved)

    # Keeping it, or waiting for it

    async def _hold(self) -> None:
        """Ask the page whether it is there, and say so to the others."""
        while self.is_writer:
            await asyncio.sleep(BEAT_SECONDS)
            silence = monotonic() - self._heard_at
            if silence >= BEAT_SECONDS:
                self.post({"type": "ping", "t": 0})
            if silence < 2 * BEAT_SECONDS:
                await self._try(self._keep)

    async def _keep(self) -> None:
        keep = database_sync_to_async(presence.keep_writing)
        if self.is_writer and not await keep(self.interview_id, self.window):
            await self._lose()

    async def _wait(self, delay: float) -> None:
        """Write here as soon as the window that wrote is gone."""
        while True:
            await asyncio.sleep(delay)
            delay = LOOK_SECONDS
            if not self.is_writer:
                await self._try(self._follow_on)

    async def _follow_on(self) -> None:
        is_free = database_sync_to_async(presence.is_writing_free)
        if await is_free(self.interview_id):
            await self._say_hello()

    async def _try(self, work: Any) -> None:
        # A cache that is away for a moment must not end the looking.
        try:
            await work()
        except Exception:
            logger.exception("A window could not look who writes")

    async def _lose(self) -> None:
        self.is_writer = False
        elsewhere = await self._look_elsewhere()
        self.post({"type": "presence.taken_over", "place": elsewhere["place"]})
        if self._waiting is None:
            self._waiting = self._start(self._wait(LOOK_SECONDS))

    async def writing_moved(self, message: Mapping[str, Any]) -> None:
        """Another window writes now, unless this is old news: then this one came later."""
        is_other = message["sender"] != self.channel_name
        if is_other and self.is_writer and not await self._has_writing():
            await self._lose()

    async def let_go(self) -> None:
        """This socket closes."""
        if not self.is_writer:
            return
        self.is_writer = False
        drop = database_sync_to_async(presence.drop_writing)
        if await drop(self.interview_id, self.window):
            await self._tell_moved(None)

    # What the server enforces

    async def _has_writing(self) -> bool:
        has = database_sync_to_async(presence.has_writing)
        return await has(self.interview_id, self.token)

    def check_writing(self, frame: object) -> None:
        """Raise ReadOnlyError unless this window may do what the frame asks now.

        Asks the database: whoever acts on the frame calls it in the same thread.
        """
        if not self.is_candidate:
            if not (isinstance(frame, DocumentUpdate) and self._may_type()):
                raise ReadOnlyError(_("You are looking on; only the candidate writes."))
        elif not self._writes_now():
            raise ReadOnlyError(_("The interview goes on in another window."))

    def _writes_now(self) -> bool:
        return self.is_writer and presence.has_writing(self.interview_id, self.token)

    def _may_type(self) -> bool:
        """Ask anew: the right may have been taken back since the last tick."""
        watcher = find_watcher(self.user_id, self.interview_id)
        return watcher is not None and watcher.may_type
