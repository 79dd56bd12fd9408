"""The runs this process executes; a run outlives the socket that asked for it."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.utils.translation import gettext as _

from base.clock import now
from base.detached import on_shutdown, start_detached
from base.ids import new_token
from interviews.enums import LIVE_RUN_STATES, RunKind, RunState
from interviews.errors import InterviewError
from interviews.live_attendance import note_no_sandbox, note_sandbox
from interviews.live_output import LiveOutput, join_pieces
from interviews.live_workspaces import LiveWorkspace, open_workspace
from interviews.models import Run
from interviews.reports import ReportError, parse_report
from interviews.runner_client import (
    RunFinished,
    RunnerClient,
    RunnerUnavailable,
    RunOutput,
    RunQueued,
    RunSpec,
    RunStarted,
    WorkspaceChanged,
)
from interviews.services.runs import (
    Piece,
    RunLostError,
    RunOutcome,
    finish_run,
    keep_run,
    limit_sandbox_ms,
)

logger = logging.getLogger(__name__)

# This process among those that execute runs.
OWNER = new_token()
KEEP_SECONDS = 1.0
STOP_SECONDS = 5.0
SHUTDOWN_SECONDS = 8.0
_STOP_REMEMBERED_SECONDS = 120

_live: dict[UUID, "LiveRun"] = {}


class LiveRun:
    """One run under way: what it printed, who follows it, how it ends."""

    def __init__(self, run: Run, spec: RunSpec) -> None:
        self.id: UUID = run.pk
        self.kind = run.kind
        self._interview_id = run.interview_id
        self._asked_at = run.created_at
        self.position = 0
        self.started_at: datetime | None = None
        self.finished: Run | None = None
        self.over = asyncio.Event()
        self.output = LiveOutput(
            limit=settings.LIMITS["run_output_bytes"], on_change=self.wake
        )
        self._spec = spec
        self._files: dict[str, str] = run.files
        self._client: RunnerClient | None = None
        self._followers: set[asyncio.Event] = set()
        self._reader: asyncio.Task[RunOutcome] | None = None
        self._stopper: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._written = 0
        self._began: float | None = None
        self._interruption = ""

    @property
    def place(self) -> int | None:
        """The place in the runner's line, 0 before it is known; None once it runs."""
        return None if self.started_at else self.position

    def subscribe(self) -> asyncio.Event:
        """Return an event that is set at every change; give it back in the end."""
        event = asyncio.Event()
        self._followers.add(event)
        return event

    def unsubscribe(self, event: asyncio.Event) -> None:
        """Follow no more."""
        self._followers.discard(event)

    def wake(self) -> None:
        """Tell everybody who follows."""
        for event in self._followers:
            event.set()

    def stop(self) -> None:
        """Cancel the run on the person's wish; its end is `cancelled`."""
        if self._stopper is None:
            self._stopper = asyncio.create_task(self._stop())

    async def _stop(self) -> None:
        if self._client is not None:
            with suppress(RunnerUnavailable):
                await self._client.cancel(self.id)
        if self._reader is None:
            return
        if self._client is not None:
            await asyncio.wait({self._reader}, timeout=STOP_SECONDS)
        self._reader.cancel()

    def interrupt(self, message: str) -> None:
        """End the run because this process has to go."""
        self._interruption = message
        if self._reader is not None:
            self._reader.cancel()

    async def execute(self) -> None:
        """Run to the end, whatever the end is, write it down, tell who follows."""
        began = monotonic()
        self._reader = asyncio.create_task(self._read())
        keeper = asyncio.create_task(self._keep())
        try:
            await asyncio.wait({self._reader})
            self._ended.set()
            await keeper
            outcome = self._judge(self._reader, int((monotonic() - began) * 1000))
            if _is_sandbox_away(self._reader):
                await note_no_sandbox(self._interview_id, began_at=self._asked_at)
            self.output.end()
            run = await database_sync_to_async(finish_run)(
                self.id,
                owner=OWNER,
                outcome=replace(
                    outcome,
                    output=self.output.text,
                    is_truncated=outcome.is_truncated or self.output.is_truncated,
                ),
                pieces=join_pieces(self._unwritten()),
            )
            # A run that was lost to somebody else may not be over: look again later.
            self.finished = None if run.state in LIVE_RUN_STATES else run
        finally:
            tasks = [task for task in (self._reader, keeper, self._stopper) if task]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            _live.pop(self.id, None)
            self.over.set()
            self.wake()

    async def _read(self) -> RunOutcome:
        """Run on exactly the files of the run; then on what they become meanwhile.

        What the run changed is stored when this returns.
        """
        async with open_workspace(self._interview_id) as workspace:
            await workspace.sync()
            await workspace.pin(self._files)
            self._client = workspace.client
            finished = await self._follow(workspace)
            await workspace.settle()
        return self._read_outcome(finished)

    async def _follow(self, workspace: LiveWorkspace) -> RunFinished:
        spec = replace(self._spec, workspace=workspace.claim.ref)
        async with aclosing(workspace.client.run(spec)) as frames:
            async for frame in frames:
                match frame:
                    case RunQueued(position=position):
                        self.position = position
                        self.wake()
                    case RunStarted():
                        self.started_at, self._began = now(), monotonic()
                        self.wake()
                        workspace.begin()
                        await note_sandbox(self._interview_id)
                    case RunOutput(stream=stream, data=data):
                        self.output.add(stream, data)
                    case WorkspaceChanged():
                        workspace.hint()
                    case RunFinished():
                        return frame
        raise RunnerUnavailable("runner_lost", _("The run was lost. Run it again."))

    def _read_outcome(self, frame: RunFinished) -> RunOutcome:
        tests, complaint = None, ""
        if self.kind == RunKind.TESTS:
            tests, complaint = _read_tests(frame)
        return RunOutcome(
            reason=frame.reason,
            exit_code=frame.exit_code,
            message=frame.message or complaint,
            is_truncated=frame.truncated,
            tests=tests,
            duration_ms=frame.duration_ms,
            peak_memory_bytes=frame.peak_memory_bytes,
        )

    def _judge(self, reader: asyncio.Task[RunOutcome], duration_ms: int) -> RunOutcome:
        lost = partial(
            RunOutcome, duration_ms=duration_ms, sandbox_ms=self._measure_sandbox()
        )
        if reader.cancelled():
            if self._interruption:
                return lost(
                    "failed", message=self._interruption, state=RunState.INTERRUPTED
                )
            return lost("cancelled")
        error = reader.exception()
        if error is None:
            return reader.result()
        if isinstance(error, InterviewError):
            message = str(error.message)
        else:
            logger.error("Run %s failed", self.id, exc_info=error)
            message = _("The run failed for a reason of ours. Run it again.")
        return lost("failed", message=message)

    def _measure_sandbox(self) -> int:
        """How long the sandbox was taken, where the runner does not say."""
        if self._began is None:
            return 0
        return limit_sandbox_ms(timedelta(seconds=monotonic() - self._began))

    async def _keep(self) -> None:
        """Every second: prolong the lease, log the output, look for a Stop."""
        while not self._ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), KEEP_SECONDS)
                return
            pieces = self._unwritten()
            try:
                is_stopped = await database_sync_to_async(_keep_in_thread)(
                    self.id, join_pieces(pieces), self.place
                )
            except RunLostError:
                self.interrupt(_("The run was cut off. Run it again."))
                return
            except DatabaseError:
                logger.exception("Run %s could not be kept", self.id)
                continue
            self._written += len(pieces)
            if is_stopped:
                self.stop()

    def _unwritten(self) -> list[Piece]:
        return self.output.pieces[self._written :]


def _is_sandbox_away(reader: asyncio.Task[RunOutcome]) -> bool:
    """Say whether a run was lost to a runner that cannot be reached, or runs nothing."""
    error = None if reader.cancelled() else reader.exception()
    return isinstance(error, RunnerUnavailable) and error.retryable


def _keep_in_thread(run_id: UUID, pieces: Sequence[Piece], place: int | None) -> bool:
    keep_run(run_id, owner=OWNER, pieces=pieces, is_running=place is None)
    if place is not None:
        cache.set(_place_key(run_id), place, _STOP_REMEMBERED_SECONDS)
    return bool(cache.get(_stop_key(run_id)))


def _read_tests(frame: RunFinished) -> tuple[list[dict[str, Any]] | None, str]:
    """Return the results per test and, without any, why."""
    if not frame.files:
        return None, ""
    try:
        return [asdict(result) for result in parse_report(frame.files[0].data)], ""
    except ReportError as error:
        return None, str(error)


def _place_key(run_id: UUID) -> str:
    return f"run-place:{run_id}"


def find_place(run_id: UUID) -> int:
    """Return a queued run's place in the line, wherever it is executed; 0 if unknown."""
    live = _live.get(run_id)
    if live is not None:
        return live.place or 0
    return int(cache.get(_place_key(run_id)) or 0)


def _stop_key(run_id: UUID) -> str:
    return f"run-stop:{run_id}"


def start_live_run(run: Run, spec: RunSpec) -> LiveRun:
    """Execute a run in this process, detached from whoever asked."""
    live = LiveRun(run, spec)
    _live[live.id] = live
    start_detached(live.execute(), name=f"run {live.id}")
    return live


def find_live_run(run_id: UUID) -> LiveRun | None:
    """Return a run this process executes."""
    return _live.get(run_id)


def ask_to_stop(run_id: UUID) -> None:
    """Have the process that executes a run stop it; it looks once a second."""
    cache.set(_stop_key(run_id), "stop", _STOP_REMEMBERED_SECONDS)


async def interrupt_live_runs() -> None:
    """End what runs here, written down, before the process goes."""
    running = list(_live.values())
    for live in running:
        live.interrupt(_("The server restarted during the run. Run it again."))
    with suppress(TimeoutError):
        async with asyncio.timeout(SHUTDOWN_SECONDS):
            await asyncio.gather(*(live.over.wait() for live in running))


on_shutdown(interrupt_live_runs)
