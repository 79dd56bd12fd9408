"""All terminals of this runner: started, found again, ended."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from runner.errors import (
    NoTerminalError,
    RunnerBusyError,
    RunnerError,
    SandboxFailedError,
    TerminalLimitError,
)
from runner.limits import MAX_TERMINALS
from runner.protocol import TerminalAttach, TerminalAttached, TerminalEnd
from runner.sandbox import Sandbox, ShellPlan
from runner.terminals.attachment import Attachment, Send
from runner.terminals.bounds import (
    ALONE_SECONDS,
    IDLE_SECONDS,
    LOOK_EVERY_SECONDS,
    MAX_LEFT,
    clamp_size,
)
from runner.terminals.terminal import Terminal
from runner.workspaces.store import Workspaces

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Place:
    """The terminals of one workspace: alive, and ended with blocks to store."""

    live: dict[str, Terminal] = field(default_factory=dict)
    left: list[Terminal] = field(default_factory=list)
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True)
class Attached:
    """A connection's place at a terminal."""

    terminal: Terminal
    attachment: Attachment
    answer: TerminalAttached


class Terminals:
    """Up to three in a workspace, which they keep open."""

    def __init__(
        self, workspaces: Workspaces, sandbox: Callable[[], Sandbox], generation: str
    ) -> None:
        self._workspaces = workspaces
        self._sandbox = sandbox
        self._generation = generation
        self._places: dict[str, _Place] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._housekeeping: asyncio.Task[None] | None = None
        self._refusal = ""

    @property
    def live(self) -> tuple[Terminal, ...]:
        """Every terminal whose shell is alive."""
        return tuple(
            each for place in self._places.values() for each in place.live.values()
        )

    async def attach(self, request: TerminalAttach, send: Send) -> Attached:
        """Find the terminal, or start it for a driver; RunnerError where refused."""
        if request.role == "recorder":
            terminal, is_new = self._find_recorded(request), False
        else:
            terminal, is_new = await self._find_or_start(request)
        attachment = terminal.attach(request.role, send, request.after)
        if request.role == "driver":
            terminal.resize(attachment, request.rows, request.cols)
        answer = TerminalAttached(
            is_new=is_new,
            generation=self._generation,
            started_ms=terminal.started_ms,
            offset=attachment.offset,
            rows=terminal.size[0],
            cols=terminal.size[1],
            head=terminal.ring.end,
        )
        return Attached(terminal, attachment, answer)

    async def end_all(self, refusal: str, reason: TerminalEnd = "restart") -> None:
        """End every terminal, and start none any more; `refusal` is the sentence."""
        self._refusal = refusal
        while self._tasks:
            for terminal in self.live:
                terminal.end(reason)
            await asyncio.wait(set(self._tasks), timeout=1.0)

    async def stop(self, refusal: str) -> None:
        """End everything."""
        await self.end_all(refusal)
        if self._housekeeping is not None:
            self._housekeeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._housekeeping

    def end_idle(
        self, quiet: float = IDLE_SECONDS, alone: float = ALONE_SECONDS
    ) -> None:
        """End what nobody follows, and what is quiet or was left for so long."""
        now = asyncio.get_running_loop().time()
        for terminal in self.live:
            left = now - terminal.left_at
            is_quiet = min(left, now - terminal.used_at) >= quiet
            if not terminal.is_watched and (is_quiet or left >= alone):
                terminal.end("idle")
        for name, place in list(self._places.items()):
            place.left = [
                each
                for each in place.left
                if each.recording.has_blocks and now - each.used_at < alone
            ]
            self._forget(name, place)

    def _find_recorded(self, request: TerminalAttach) -> Terminal:
        """The oldest with something to store, which outlives its workspace."""
        self._workspaces.check(request.workspace)
        place = self._places.get(request.workspace.id)
        for terminal in _list_all(place) if place else ():
            if terminal.name == request.name:
                return terminal
        raise NoTerminalError("There is no such terminal.")

    async def _find_or_start(self, request: TerminalAttach) -> tuple[Terminal, bool]:
        self._workspaces.find(request.workspace)
        place = self._places.setdefault(request.workspace.id, _Place())
        async with place.starting:
            found = place.live.get(request.name)
            if found is not None:
                return found, False
            if request.role != "driver":
                raise NoTerminalError("There is no such terminal.")
            if self._refusal:
                raise RunnerBusyError(self._refusal)
            if len(place.live) >= MAX_TERMINALS:
                raise TerminalLimitError("There are as many terminals as there may be.")
            return await self._start(request, place), True

    async def _start(self, request: TerminalAttach, place: _Place) -> Terminal:
        if self._housekeeping is None:
            self._housekeeping = asyncio.create_task(self._keep_ending_idle())
        # Somebody may have forgotten it meanwhile.
        self._places[request.workspace.id] = place
        born: asyncio.Future[Terminal] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._follow(request, place, born))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(born)

    async def _follow(
        self,
        request: TerminalAttach,
        place: _Place,
        born: "asyncio.Future[Terminal]",
    ) -> None:
        """A terminal from its start to its end."""
        try:
            await self._run(request, place, born)
        except Exception as error:
            if not isinstance(error, RunnerError):
                logger.exception("a terminal failed")
                error = SandboxFailedError("The terminal failed.")
            if not born.done():
                born.set_exception(error)
                # Whoever asked may have gone.
                born.exception()
            else:
                logger.error("a terminal failed: %s", error.message)
        finally:
            self._forget(request.workspace.id, place)

    async def _run(
        self,
        request: TerminalAttach,
        place: _Place,
        born: "asyncio.Future[Terminal]",
    ) -> None:
        cancel = asyncio.Event()
        key, size = request.workspace, clamp_size(request.rows, request.cols)
        with self._workspaces.visit(key, cancel) as workspace:
            plan = ShellPlan(workspace.home, request.cwd, *size)
            shell = await self._sandbox().open_shell(plan)
            terminal = Terminal(request.name, shell, workspace, key.id, size)
            place.live[request.name] = terminal
            born.set_result(terminal)
            try:
                await terminal.live(cancel)
            finally:
                del place.live[request.name]
        if terminal.recording.has_blocks:
            place.left = [*place.left, terminal][-MAX_LEFT:]

    def _forget(self, workspace: str, place: _Place) -> None:
        is_empty = not (place.live or place.left or place.starting.locked())
        if is_empty and self._places.get(workspace) is place:
            del self._places[workspace]

    async def _keep_ending_idle(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            self.end_idle()


def _list_all(place: _Place) -> Iterator[Terminal]:
    """In the order they were started, those that have something to store or are alive."""
    for terminal in place.left:
        if terminal.recording.has_blocks:
            yield terminal
    yield from place.live.values()
