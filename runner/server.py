"""The runner's server: connections in front of the doctor's sandbox."""

import asyncio
import logging
import os
from contextlib import suppress
from uuid import uuid4

from runner.connection import Connection
from runner.doctor.doctor import Doctor, Settings
from runner.errors import RunnerBusyError, RunnerError, SandboxFailedError
from runner.protocol import Status, TerminalAttach, WorkspaceReply, WorkspaceRequest
from runner.runs import Run
from runner.terminals.attachment import Send
from runner.terminals.store import Attached, Terminals
from runner.toolchain.packages import list_packages
from runner.waiting import WaitingRoom
from runner.workspaces.disks import Disks
from runner.workspaces.store import Workspaces

logger = logging.getLogger(__name__)

# A terminal takes one for each who follows it.
_MAX_CONNECTIONS = 1024
_STOP_SECONDS = 8.0
_TELL_SECONDS = 2.0
_LOOK_SECONDS = 0.2
_RESTARTING = "The runner is restarting. Try again in a moment."


class Server:
    """Holds the runs of all connections."""

    def __init__(
        self, doctor: Doctor, places: int, settings: Settings, generation: str = ""
    ) -> None:
        self._doctor = doctor
        self._room = WaitingRoom(places)
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._generation = generation or uuid4().hex
        is_root = os.geteuid() == 0
        self.workspaces = Workspaces(
            Disks(settings.state_dir, is_root=is_root),
            lambda: doctor.sandbox,
            is_root=is_root,
            generation=self._generation,
            require_hard_limits=settings.require_hard_limits,
        )
        self.terminals = Terminals(
            self.workspaces, lambda: doctor.sandbox, self._generation
        )
        self._is_stopping = False
        self._is_draining = False

    async def status(self, *, full: bool) -> Status:
        report = await (self._doctor.examine() if full else self._doctor.look())
        levels = self._doctor.sandbox.levels.to_json()
        if levels["workspace"] == "hard":
            levels["workspace"] = self.workspaces.level
        return Status(
            available=report.is_ok,
            reason=report.reason,
            levels=levels,
            packages=list_packages(self._doctor.toolchain),
            generation=self._generation,
            running=self._room.running,
            waiting=self._room.waiting,
            languages=report.languages,
        )

    def begin(self, run: Run) -> asyncio.Task[None]:
        if self._is_stopping or self._is_draining:
            raise RunnerBusyError(_RESTARTING)
        if run.id in self._runs:
            raise RunnerError("This run has been started already.")
        self._runs[run.id] = run
        task = asyncio.create_task(self._follow(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def answer(self, request: WorkspaceRequest) -> WorkspaceReply:
        return await self.workspaces.answer(request)

    async def attach(self, request: TerminalAttach, send: Send) -> Attached:
        try:
            return await self.terminals.attach(request, send)
        except SandboxFailedError:
            await self._doctor.look()
            raise

    def cancel(self, run_id: str) -> None:
        run = self._runs.get(run_id)
        if run is not None:
            run.cancel.set()

    async def _follow(self, run: Run) -> None:
        try:
            with suppress(ConnectionError):
                await run.follow(self._doctor, self._room, self.workspaces)
        finally:
            del self._runs[run.id]
        if run.has_failed:
            await self._doctor.look()

    async def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= _MAX_CONNECTIONS:
            writer.close()
            return
        connection = self._connections[task] = Connection(self, reader, writer)
        try:
            await connection.serve()
        except ConnectionError:
            logger.debug("a client went away")
        except Exception:
            logger.exception("a connection failed")
        finally:
            del self._connections[task]

    async def stop(self) -> None:
        """End every run and terminal, tell its client, and leave nothing behind."""
        self._is_stopping = True
        for run in list(self._runs.values()):
            run.cancel.set()
        await self._end_terminals()
        await self.terminals.stop(_RESTARTING)
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_STOP_SECONDS)
        for task in list(self._connections):
            task.cancel()
        if self._connections:
            await asyncio.wait(set(self._connections), timeout=_STOP_SECONDS)
        await self.workspaces.stop()
        await self._doctor.close()

    async def _end_terminals(self) -> None:
        """They cannot go along to another runner, so they end at once, and it is told."""
        await self.terminals.end_all(_RESTARTING)
        telling = [
            asyncio.create_task(each.settle()) for each in self._connections.values()
        ]
        if telling:
            _done, waiting = await asyncio.wait(telling, timeout=_TELL_SECONDS)
            for task in waiting:
                task.cancel()

    async def drain(self) -> None:
        """Begin nothing more; returns when all runs have ended and nobody is connected.

        Terminals end at once: a workspace has one disk, and it will be on another runner.
        Whoever is only connected is sent away once it has been quiet for a moment and
        nothing runs in a workspace it has asked about: it finds another runner.
        """
        self._is_draining = True
        self.workspaces.refuse_more(_RESTARTING)
        await self._end_terminals()
        while self._runs or self._connections:
            busy = {run.workspace for run in self._runs.values()}
            for connection in list(self._connections.values()):
                if connection.is_quiet and not connection.workspaces & busy:
                    connection.leave()
            await asyncio.sleep(_LOOK_SECONDS)
