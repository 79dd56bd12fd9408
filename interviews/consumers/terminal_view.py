"""What one window sees of one terminal, through all its shells and connections."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol
from uuid import UUID

from interviews.errors import InterviewError
from interviews.runner_client import (
    Driving,
    Ended,
    Output,
    Resized,
    RunnerUnavailable,
    TerminalSession,
)
from interviews.terminal_attach import Attachment, Wish, attach
from interviews.terminal_frames import (
    exit_frame,
    failed_frame,
    hello_frame,
    is_passing,
    lost_frame,
    output_frame,
    restarted_frame,
)
from interviews.terminal_window import AckWindow
from interviews.terminals import WINDOW_BYTES

logger = logging.getLogger(__name__)

# A page that shows nothing for so long is given up; it comes back where it was.
STALLED_SECONDS = 90.0
FIRST_AGAIN_SECONDS = 0.5
MOST_AGAIN_SECONDS = 10.0


class StalledError(Exception):
    """The page has shown nothing for too long."""


class Screen(Protocol):
    """The window as the view needs it."""

    interview_id: UUID
    is_driver: bool

    async def send_frame(self, frame: Mapping[str, Any]) -> None:
        """Send one JSON frame."""

    async def send_bytes(self, data: bytes) -> None:
        """Send one binary frame."""

    async def opened(self, *, is_new: bool) -> None:
        """A shell is attached; others may wait for one that is new."""

    async def ousted(self) -> None:
        """Somebody else drives now."""


class TerminalView:
    """Attaches a window to a terminal, and again, until it is cancelled.

    A window that comes back goes on `after` the last byte it had, if the shell is
    still the one that was called `shell`.
    """

    def __init__(
        self, screen: Screen, name: str, *, after: int | None, shell: str
    ) -> None:
        self.session: TerminalSession | None = None
        self.rows, self.cols = 24, 80
        self._screen = screen
        self._name = name
        self._after = after
        self._known = shell
        self._greeted = ""
        self._told = ""
        self._is_new = False
        self._flow = AckWindow(WINDOW_BYTES)
        self._again = asyncio.Event()
        # Set but for the time in which an attachment is on its way.
        self._settled = asyncio.Event()
        self._attachment: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Try at once, if this waits for a shell."""
        self._again.set()

    def reattach(self) -> None:
        """Attach anew where it stands, since the window's part has changed."""
        self._settled.clear()
        self._again.set()
        if self._attachment is not None:
            self._attachment.cancel()

    async def find_session(self) -> TerminalSession | None:
        """Return the terminal, as soon as it is attached if that is on its way."""
        await self._settled.wait()
        return self.session

    async def show(self, upto: int) -> None:
        """The page has shown all bytes before this one."""
        shown = self._flow.show(upto)
        if self.session is not None and self._screen.is_driver:
            with suppress(RunnerUnavailable):
                await self.session.ack(shown)

    async def follow(self) -> None:
        """Show what there is. Raises StalledError."""
        wait = FIRST_AGAIN_SECONDS
        while True:
            self._again.clear()
            error = await self._try()
            if error is None:
                wait = FIRST_AGAIN_SECONDS
            elif isinstance(error, StalledError):
                raise error
            else:
                await self._tell_lost(error, wait)
                wait = min(wait * 2, MOST_AGAIN_SECONDS)

    async def _try(self) -> BaseException | None:
        """Attach once; return what ended that, None for an end or another part."""
        self._settled.clear()
        self._attachment = asyncio.create_task(self._attach())
        try:
            await asyncio.wait({self._attachment})
        finally:
            task, self._attachment = self._attachment, None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if task.cancelled():
            return None
        self._settled.set()
        return task.exception()

    async def _tell_lost(self, error: BaseException, wait: float) -> None:
        """Say what is lost, and wait until it is tried again."""
        is_retried = is_passing(error) or not self._screen.is_driver
        if isinstance(error, InterviewError):
            frame = lost_frame(error, is_retried=is_retried)
        else:
            logger.error("A terminal failed", exc_info=error)
            frame = failed_frame()
        self._greeted = ""
        if frame["reason"] != self._told:
            self._told = frame["reason"]
            await self._screen.send_frame(frame)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait if is_retried else None):
                await self._again.wait()

    async def _attach(self) -> None:
        """Follow one shell until it ends, then wait for the wish for another."""
        wish = Wish(
            self._name, self.rows, self.cols, self._after, self._screen.is_driver
        )
        async with attach(self._screen.interview_id, wish) as attachment:
            self._is_new = self._is_new or attachment.session.is_new
            if await self._is_elsewhere(attachment):
                return
            self.session = attachment.session
            self._settled.set()
            try:
                await self._greet(attachment)
                ended = await self._show(attachment.session)
            finally:
                self.session = None
        self._after, self._greeted, self._known = None, "", ""
        # What set it before was meant for the shell that has ended.
        self._again.clear()
        await self._screen.send_frame(exit_frame(ended.code, ended.reason))
        if ended.reason != "restart":
            await self._again.wait()

    async def _is_elsewhere(self, attachment: Attachment) -> bool:
        """Say whether this shell is another one, of which nothing was seen yet.

        It is attached to anew then, from its beginning.
        """
        shell, known = attachment.shell, self._known
        self._known = shell.id
        if known in {"", shell.id}:
            return False
        self._greeted = ""
        if not shell.is_of(known):
            await self._screen.send_frame(restarted_frame())
        is_behind = self._after is not None and not attachment.session.is_new
        self._after = None
        return is_behind

    async def _greet(self, attachment: Attachment) -> None:
        """Say what this is, unless the page goes on as if nothing had happened."""
        session, shell = attachment.session, attachment.shell
        if self._greeted == shell.id:
            await self._note_gap(session.offset)
            return
        self._greeted, self._told = shell.id, ""
        self._after = session.offset
        self._flow.restart(session.offset)
        is_new, self._is_new = self._is_new, False
        await self._screen.send_frame(
            hello_frame(
                shell,
                session,
                is_new=is_new,
                is_driver=self._screen.is_driver,
            )
        )
        await self._screen.opened(is_new=is_new)

    async def _show(self, session: TerminalSession) -> Ended:
        while True:
            match await session.read():
                case Output(offset=offset, data=data):
                    await self._send(offset, data)
                case Resized(rows=rows, cols=cols):
                    await self._screen.send_frame(
                        {"type": "resize", "rows": rows, "cols": cols}
                    )
                case Driving(is_driver=False):
                    await self._screen.ousted()
                case Ended() as ended:
                    return ended

    async def _note_gap(self, offset: int) -> None:
        if self._after is not None and offset > self._after:
            self._flow.miss(offset)
            await self._screen.send_frame(
                {"type": "gap", "from": self._after, "to": offset}
            )
            self._after = offset

    async def _send(self, offset: int, data: bytes) -> None:
        """Send output once the page has room for it."""
        await self._note_gap(offset)
        data = data[(self._after or 0) - offset :]
        if not data:
            return
        try:
            await self._flow.wait(len(data), STALLED_SECONDS)
        except TimeoutError:
            raise StalledError from None
        offset = self._after or 0
        self._after = offset + len(data)
        self._flow.send(len(data))
        await self._screen.send_bytes(output_frame(offset, data))
