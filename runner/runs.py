"""One run from its request to its last frame."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace

from runner.doctor.doctor import Doctor
from runner.errors import (
    RunnerBusyError,
    RunnerError,
    SandboxUnavailableError,
    StaleEpochError,
    WorkspaceClosedError,
)
from runner.limits import Limits, settle_limits
from runner.protocol import (
    Failure,
    Reply,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStart,
    RunStarted,
    WorkspaceChanged,
)
from runner.protocol.replies import Reason, Stream
from runner.sandbox import Home, Job, Outcome, Sandbox
from runner.waiting import WaitingRoom
from runner.workspaces.store import Workspaces
from runner.workspaces.watching import ChangeWatch
from runner.workspaces.workspace import Workspace

logger = logging.getLogger(__name__)

Send = Callable[[Reply], Awaitable[None]]


class Run:
    """Queued, then running; sends exactly one last frame: finished or a failure."""

    def __init__(self, request: RunStart, send: Send) -> None:
        self.id = request.run
        self.cancel = asyncio.Event()
        self.has_failed = False
        self._request = request
        self._send = send
        self._watch: ChangeWatch | None = None
        self._has_news = False

    @property
    def workspace(self) -> str:
        """Where it runs; empty for a workspace of its own."""
        key = self._request.workspace
        return "" if key is None else key.id

    async def started(self) -> None:
        await self._send(RunStarted(self.id))

    async def output(self, stream: Stream, data: bytes) -> None:
        if self._watch is not None:
            self._watch.stir()
        await self._send(RunOutput(self.id, stream, data))

    async def _queued(self, position: int) -> None:
        await self._send(RunQueued(self.id, position))

    async def follow(
        self, doctor: Doctor, room: WaitingRoom, workspaces: Workspaces
    ) -> None:
        """Run to the end and tell; never raises for what a run can do wrong."""
        key = self._request.workspace
        try:
            if key is None:
                outcome = await self._take_turn(doctor, room, None)
            else:
                with workspaces.visit(key, self.cancel) as workspace:
                    outcome = await self._take_turn(doctor, room, workspace)
        except _REFUSALS as error:
            await self._fail(error)
            return
        except RunnerError as error:
            logger.warning("run %s failed: %s", self.id, error.message)
            outcome = _ended("failed", error.message)
        except ConnectionError:
            return
        except Exception:
            logger.exception("run %s failed", self.id)
            outcome = _ended("failed", "The run could not be carried out.")
        if self._has_news:
            await self._tell_changed()
        await self._finish(outcome)

    async def _take_turn(
        self, doctor: Doctor, room: WaitingRoom, workspace: Workspace | None
    ) -> Outcome:
        async with room.place(self._queued, self.cancel) as has_place:
            if not has_place:
                return _ended("cancelled", "The run was stopped.")
            if workspace is None:
                return await doctor.sandbox.run(self._job(None), self, self.cancel)
            return await self._run_in(workspace, doctor.sandbox)

    async def _run_in(self, workspace: Workspace, sandbox: Sandbox) -> Outcome:
        """In an open workspace, telling of changes. The last look is after the end, and
        told before it, so that a scan of whoever heard of the end misses nothing."""
        job = self._job(workspace.home)
        watch = self._watch = ChangeWatch(
            workspace, self._tell_changed, self.cancel.set
        )
        async with watch.follow():
            with workspace.running():
                outcome = await sandbox.run(job, self, self.cancel)
        self._has_news = await watch.look()
        if watch.has_overflown and outcome.reason == "cancelled":
            return replace(outcome, message=_TOO_FULL)
        return outcome

    async def _tell_changed(self) -> None:
        if self._request.workspace is not None:
            await self._send(WorkspaceChanged(self._request.workspace.id))

    async def _fail(self, error: RunnerError) -> None:
        failure = Failure(error.code, error.message, error.retryable, self.id)
        await self._send(failure)

    async def _finish(self, outcome: Outcome) -> None:
        self.has_failed = outcome.reason == "failed"
        await self._send(
            RunFinished(
                run=self.id,
                reason=outcome.reason,
                exit_code=outcome.exit_code,
                message=outcome.message,
                duration_ms=outcome.duration_ms,
                peak_memory_bytes=outcome.peak_memory_bytes,
                truncated=outcome.truncated,
                files=outcome.files,
                limits=asdict(self._limits()),
            )
        )

    def _limits(self) -> Limits:
        return settle_limits(self._request.limits, self._request.argv)

    def _job(self, home: Home | None) -> Job:
        request = self._request
        return Job(
            argv=request.argv,
            files=request.files,
            cwd=request.cwd,
            env=request.env,
            stdin=request.stdin,
            limits=self._limits(),
            collect=request.collect,
            home=home,
        )


_REFUSALS = (
    SandboxUnavailableError,
    RunnerBusyError,
    StaleEpochError,
    WorkspaceClosedError,
)
_TOO_FULL = "The run wrote more than the workspace holds and was stopped."


def _ended(reason: Reason, message: str) -> Outcome:
    return Outcome(
        reason=reason,
        exit_code=None,
        message=message,
        duration_ms=0,
        peak_memory_bytes=0,
        truncated=False,
    )
