"""One terminal: a shell, its output, who follows it, and its end."""

import asyncio
import time
from contextlib import ExitStack

from runner.protocol import (
    Role,
    Signal,
    TerminalDriving,
    TerminalEnd,
    TerminalEnded,
    TerminalResized,
    WorkspaceChanged,
)
from runner.sandbox import Shell
from runner.terminals.attachment import Attachment, Recorder, Send
from runner.terminals.bounds import UNDRIVEN_BYTES, UNDRIVEN_SECONDS, clamp_size
from runner.terminals.recording import Recording
from runner.terminals.ring import Ring
from runner.terminals.tty import Tty
from runner.workspaces.watching import ChangeWatch
from runner.workspaces.workspace import Workspace


class Terminal:
    """Its output goes into the ring at the pace of its driver; everybody else follows as
    they can. The newest driver drives."""

    def __init__(
        self,
        name: str,
        shell: Shell,
        workspace: Workspace,
        key: str,
        size: tuple[int, int],
    ) -> None:
        """`key` is what the workspace is called; `size` holds already."""
        self.name = name
        self.size = size
        self.started_ms = int(time.time() * 1000)
        self.ring = Ring()
        self.recording = Recording(self.ring, size, self._read_clock, self._wake)
        self.ended: TerminalEnded | None = None
        self.used_at = self.left_at = _now()
        self._began_at = _now()
        self._shell = shell
        self._workspace = workspace
        self._key = key
        self._attachments: set[Attachment] = set()
        self._driver: Attachment | None = None
        self._reason: TerminalEnd | None = None
        self._ending = asyncio.Event()
        self._undriven = 0
        self._pause: asyncio.TimerHandle | None = None
        self._has_news = False
        self._awake = ExitStack()
        self._is_awake = False
        self._watch = ChangeWatch(
            workspace, self._tell_changed, lambda: self.end("killed"), self._rests
        )
        self._tty = Tty(shell.master, self._take, lambda: self.end("exit"))

    @property
    def is_watched(self) -> bool:
        """A person is attached."""
        return any(each.role != "recorder" for each in self._attachments)

    @property
    def held_bytes(self) -> int:
        """What is held of output and input."""
        kept = self.ring.end - self.ring.start
        return kept + self.recording.held_bytes + self._tty.waiting_input

    @property
    def is_paused(self) -> bool:
        """No output is taken at the moment."""
        return self._tty.is_paused

    def attach(self, role: Role, send: Send, after: int | None) -> Attachment:
        """Follow from byte `after` on, as far as it is kept; its pump is the caller's.

        A number that has not come yet belongs to an earlier shell.
        """
        if role == "recorder":
            attachment: Attachment = Recorder(self, send, self.recording.follow())
            if self._has_news:
                attachment.tell(WorkspaceChanged(self._key))
                self._has_news = False
        else:
            offset = self.ring.start if after is None else max(after, self.ring.start)
            if offset > self.ring.end:
                offset = self.ring.start
            attachment = Attachment(self, role, send, offset)
        self._attachments.add(attachment)
        if role == "driver":
            if self._driver is not None:
                self._driver.role = "viewer"
                self._driver.tell(TerminalDriving(is_driver=False))
            self._driver = attachment
        self.attend()
        return attachment

    def detach(self, attachment: Attachment) -> None:
        """Follow no more; the terminal stays."""
        self._attachments.discard(attachment)
        self.left_at = _now()
        if self._driver is attachment:
            self._driver = None
            self.attend()

    def type(self, attachment: Attachment, data: bytes) -> int:
        """How many bytes of a driver's input were taken; of nobody else's any."""
        if attachment is not self._driver:
            return 0
        self._stir()
        return self._tty.write(data)

    def resize(self, attachment: Attachment, rows: int, cols: int) -> None:
        """As a driver wishes, within what a terminal may be."""
        size = clamp_size(rows, cols)
        if attachment is not self._driver or size == self.size:
            return
        self.size = size
        self._stir()
        self._tty.resize(*size)
        self.recording.resize(size)
        for each in self._attachments:
            each.tell(TerminalResized(*size))

    def signal(self, attachment: Attachment, name: Signal) -> None:
        if attachment is self._driver:
            self._stir()
            self._tty.signal(name)

    def close(self, attachment: Attachment) -> None:
        if attachment is self._driver:
            self.end("killed")

    def end(self, reason: TerminalEnd) -> None:
        """Have it ended; the first reason counts."""
        self._reason = self._reason or reason
        self._ending.set()

    def attend(self) -> None:
        """Take output, or let it wait, as the driver can bear it."""
        if self._driver is not None:
            self._undriven = 0
            if self._pause is not None:
                self._pause.cancel()
                self._pause = None
        if self._driver is not None and self._driver.is_behind:
            self._tty.pause()
        elif self._pause is None:
            self._tty.resume()

    async def live(self, cancel: asyncio.Event) -> None:
        """To the end, which is told once nothing is alive; `cancel` is the workspace's."""
        try:
            await self._live(cancel)
            if await self._watch.look():
                await self._tell_changed()
        finally:
            self.recording.close()
            self.ended = self._judge()
            self._wake()

    async def _live(self, cancel: asyncio.Event) -> None:
        try:
            async with self._watch.follow():
                self._stir()
                await self._until_end(cancel)
                await self._shell.end()
        finally:
            self._awake.close()
            if self._pause is not None:
                self._pause.cancel()
            self._tty.close()

    async def _until_end(self, cancel: asyncio.Event) -> None:
        waits = [
            asyncio.create_task(step)
            for step in (self._shell.wait(), cancel.wait(), self._ending.wait())
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if cancel.is_set():
                self.end("workspace_closed")
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _judge(self) -> TerminalEnded:
        """A shell that ended says why by its code, unless it was ended by us."""
        reason = self._reason or "exit"
        if reason != "exit":
            return TerminalEnded(None, reason)
        if self._shell.is_out_of_memory:
            return TerminalEnded(None, "memory")
        return TerminalEnded(self._shell.exit_code, "exit")

    def _take(self, data: bytes) -> None:
        self.ring.add(data)
        self.recording.add(data)
        self._stir()
        for each in self._attachments:
            each.wake()
        if self._driver is not None:
            self.attend()
            return
        # Nobody can say that it is too much.
        self._undriven += len(data)
        if self._undriven >= UNDRIVEN_BYTES:
            self._undriven = 0
            self._tty.pause()
            loop = asyncio.get_running_loop()
            self._pause = loop.call_later(UNDRIVEN_SECONDS, self._go_on)

    def _go_on(self) -> None:
        self._pause = None
        self.attend()

    def _stir(self) -> None:
        """Programs may be alive: files may change, unseen for a moment."""
        self.used_at = _now()
        if not self._is_awake and self.ended is None:
            self._is_awake = True
            self._awake.enter_context(self._workspace.running())
        self._watch.stir()

    def _rests(self) -> bool:
        """Whether only the shell is left, waiting for a key. It counts as running no
        more then, so that files are looked at as when nothing runs."""
        is_resting = self._shell.is_resting()
        if is_resting and self._is_awake:
            self._is_awake = False
            self._awake.close()
        return is_resting

    async def _tell_changed(self) -> None:
        recorders = [each for each in self._attachments if each.role == "recorder"]
        self._has_news = not recorders
        for each in recorders:
            each.tell(WorkspaceChanged(self._key))

    def _wake(self) -> None:
        for each in self._attachments:
            each.wake()

    def _read_clock(self) -> int:
        return int((_now() - self._began_at) * 1000)


def _now() -> float:
    return asyncio.get_running_loop().time()
