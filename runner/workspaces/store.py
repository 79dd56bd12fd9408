"""All open workspaces of this runner, and the requests about them."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from runner.bwrap.uids import lease_uid
from runner.errors import (
    RunnerBusyError,
    RunnerError,
    SandboxFailedError,
    SandboxUnavailableError,
    StaleEpochError,
    WorkspaceClosedError,
)
from runner.protocol import (
    WorkspaceAgree,
    WorkspaceAgreed,
    WorkspaceClose,
    WorkspaceClosed,
    WorkspaceContents,
    WorkspaceEntries,
    WorkspaceKey,
    WorkspaceOpen,
    WorkspaceOpened,
    WorkspaceRead,
    WorkspaceReply,
    WorkspaceRequest,
    WorkspaceScan,
    WorkspaceWrite,
    WorkspaceWritten,
)
from runner.sandbox import Sandbox
from runner.workspaces.bounds import IDLE_SECONDS, MAX_OPEN
from runner.workspaces.disks import Disks, Level
from runner.workspaces.survivors import end_survivors
from runner.workspaces.workspace import Workspace, run_to_end

logger = logging.getLogger(__name__)

_THREADS = 4
_LOOK_EVERY_SECONDS = 60.0
_MAX_EPOCHS = 10_000


@dataclass(frozen=True, slots=True)
class _Opened:
    workspace: Workspace
    # Holds the lease of the account.
    lease: ExitStack


class Workspaces:
    """Opened on demand; closed when asked, when idle for 30 minutes, and at the end.

    Whoever comes with a lower epoch than somebody before is refused. Epochs are
    remembered for as long as the runner lives, of the last 10,000 workspaces.
    """

    def __init__(
        self,
        disks: Disks,
        sandbox: Callable[[], Sandbox],
        *,
        is_root: bool,
        generation: str,
        require_hard_limits: bool,
    ) -> None:
        self._disks = disks
        self._sandbox = sandbox
        self._is_root = is_root
        self._generation = generation
        self._require_hard_limits = require_hard_limits
        self._reason = "The runner is not ready yet."
        self._open: dict[str, _Opened] = {}
        self._epochs: OrderedDict[str, int] = OrderedDict()
        self._opening = asyncio.Lock()
        self._closing: dict[str, asyncio.Task[None]] = {}
        self._housekeeping: asyncio.Task[None] | None = None
        self._lost: list[ExitStack] = []
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="workspace")

    @property
    def level(self) -> Level:
        """How firmly the size of a workspace is limited."""
        return self._disks.level

    def prepare(self) -> None:
        """Sweep up after an earlier runner; once, before anything is asked."""
        try:
            self._disks.prepare()
        except SandboxUnavailableError as error:
            self._reason = error.message
            return
        self._reason = ""
        if self._require_hard_limits and self.level != "hard":
            self._reason = "The size of a workspace cannot be limited on this runner."

    async def answer(self, request: WorkspaceRequest) -> WorkspaceReply:
        """The reply; RunnerError where it is refused or does not work."""
        self._fence(request.workspace, request.epoch)
        try:
            if isinstance(request, WorkspaceOpen):
                return await self._answer_open(request)
            if isinstance(request, WorkspaceClose):
                await self.close(request.workspace)
                return WorkspaceClosed(request.id, request.workspace)
            return await self._answer_about_files(request)
        except OSError as error:
            logger.exception("the files of a workspace could not be reached")
            message = "The files of the workspace could not be reached."
            raise RunnerError(message) from error

    def find(self, key: WorkspaceKey) -> Workspace:
        """The open one; StaleEpochError or WorkspaceClosedError where refused."""
        self._fence(key.id, key.epoch)
        return self._find(key.id)

    def check(self, key: WorkspaceKey) -> None:
        """StaleEpochError for a claim that is not the newest, open or not."""
        self._fence(key.id, key.epoch)

    @contextmanager
    def visit(self, key: WorkspaceKey, cancel: asyncio.Event) -> Iterator[Workspace]:
        """A place for one run or terminal; refused as by `find`."""
        workspace = self.find(key)
        with workspace.visit(cancel):
            yield workspace

    async def close(self, workspace: str) -> None:
        """Remove the workspace; returns when nothing is left, or it was not there."""
        opened = self._open.pop(workspace, None)
        if opened is not None:
            task = asyncio.create_task(self._dismantle(opened))
            self._closing[workspace] = task
            task.add_done_callback(lambda _done: self._forget(workspace, task))
        closing = self._closing.get(workspace)
        if closing is not None:
            await asyncio.shield(closing)

    def refuse_more(self, reason: str) -> None:
        """Open no workspace any more; those that are open go on."""
        self._reason = reason

    async def close_idle(self, seconds: float = IDLE_SECONDS) -> None:
        """Close those that nobody has asked or run anything in for so long."""
        now = asyncio.get_running_loop().time()
        for name, opened in list(self._open.items()):
            workspace = opened.workspace
            if workspace.is_idle and now - workspace.used_at >= seconds:
                await self._close_quietly(name)

    async def stop(self) -> None:
        """Close everything."""
        self._reason = "The runner is restarting. Try again in a moment."
        if self._housekeeping is not None:
            self._housekeeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._housekeeping
        async with self._opening:
            names = {*self._open, *self._closing}
            await asyncio.gather(*(self._close_quietly(name) for name in names))
        self._disks.close()
        self._pool.shutdown()

    async def _answer_open(self, request: WorkspaceOpen) -> WorkspaceOpened:
        if self._reason:
            raise SandboxUnavailableError(self._reason)
        async with self._opening:
            opened = self._open.get(request.workspace)
            is_new = opened is None
            if opened is None:
                opened = await self._make(request.workspace)
        workspace = opened.workspace
        await workspace.set_roots(request.roots)
        await self._sandbox().prepare(workspace.home)
        return WorkspaceOpened(
            request.id, request.workspace, self._generation, is_new=is_new
        )

    async def _answer_about_files(self, request: WorkspaceRequest) -> WorkspaceReply:
        workspace = self._find(request.workspace)
        name, key = request.id, request.workspace
        match request:
            case WorkspaceScan():
                scan = await workspace.scan()
                return WorkspaceEntries(
                    name, key, scan.entries, scan.is_truncated, scan.skipped
                )
            case WorkspaceRead(paths=paths):
                return WorkspaceContents(name, key, *await workspace.read(paths))
            case WorkspaceWrite(changes=changes):
                return WorkspaceWritten(name, key, await workspace.write(changes))
            case WorkspaceAgree(bases=bases):
                await workspace.agree(bases)
                return WorkspaceAgreed(name, key)
        raise RunnerError("The runner does not do this.")

    def _find(self, workspace: str) -> Workspace:
        opened = self._open.get(workspace)
        if opened is None:
            raise WorkspaceClosedError("The workspace is not open.")
        return opened.workspace

    def _fence(self, workspace: str, epoch: int) -> None:
        if epoch < self._epochs.get(workspace, 0):
            message = "Another process has taken this workspace over."
            raise StaleEpochError(message)
        self._epochs[workspace] = epoch
        self._epochs.move_to_end(workspace)
        while len(self._epochs) > _MAX_EPOCHS:
            self._epochs.popitem(last=False)

    async def _make(self, name: str) -> _Opened:
        if len(self._open) >= MAX_OPEN:
            await self._make_room()
        with ExitStack() as stack:
            uid = stack.enter_context(lease_uid(is_root=self._is_root))
            disk = await run_to_end(self._pool, lambda: self._disks.create(uid))
            owner = uid if self._is_root else None
            opened = _Opened(Workspace(disk, self._pool, owner=owner), stack.pop_all())
        self._open[name] = opened
        if self._housekeeping is None:
            self._housekeeping = asyncio.create_task(self._keep_closing_idle())
        return opened

    async def _make_room(self) -> None:
        """Close the one that was unused for longest, if any is unused."""
        idle = [name for name, each in self._open.items() if each.workspace.is_idle]
        if not idle:
            raise RunnerBusyError("Too many workspaces are in use. Try again later.")
        await self.close(min(idle, key=lambda each: self._open[each].workspace.used_at))

    async def _dismantle(self, opened: _Opened) -> None:
        workspace = opened.workspace
        await workspace.close()
        disk = workspace.disk
        await self._sandbox().release(workspace.home)
        if self._is_root:
            try:
                await run_to_end(self._pool, lambda: end_survivors(disk.uid))
            except SandboxFailedError:
                self._lost.append(opened.lease)
                raise
        # The account is nobody else's before nothing of it is left.
        with opened.lease:
            await run_to_end(self._pool, lambda: self._disks.remove(disk))

    def _forget(self, workspace: str, task: asyncio.Task[None]) -> None:
        if self._closing.get(workspace) is task:
            del self._closing[workspace]

    async def _close_quietly(self, name: str) -> None:
        try:
            await self.close(name)
        except RunnerError as error:
            logger.error("a workspace was not closed: %s", error.message)

    async def _keep_closing_idle(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            await self.close_idle()
