"""One run from its request to its last frame."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from runner.doctor.doctor import Doctor
from runner.errors import RunnerBusyError, RunnerError, SandboxUnavailableError
from runner.limits import settle_limits
from runner.protocol import (
    Failure,
    Reply,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStart,
    RunStarted,
)
from runner.protocol.replies import Reason, Stream
from runner.sandbox import Job, Outcome
from runner.waiting import WaitingRoom

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

    async def started(self) -> None:
        await self._send(RunStarted(self.id))

    async def output(self, stream: Stream, data: bytes) -> None:
        await self._send(RunOutput(self.id, stream, data))

    async def _queued(self, position: int) -> None:
        await self._send(RunQueued(self.id, position))

    async def follow(self, doctor: Doctor, room: WaitingRoom) -> None:
        """Run to the end and tell; never raises for what a run can do wrong."""
        try:
            async with room.place(self._queued, self.cancel) as has_place:
                if has_place:
                    outcome = await doctor.sandbox.run(self._job(), self, self.cancel)
                else:
                    outcome = _ended("cancelled", "The run was stopped.")
        except (SandboxUnavailableError, RunnerBusyError) as error:
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
        await self._finish(outcome)

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
            )
        )

    def _job(self) -> Job:
        request = self._request
        return Job(
            argv=request.argv,
            files=request.files,
            cwd=request.cwd,
            env=request.env,
            stdin=request.stdin,
            limits=settle_limits(request.limits, request.argv),
            collect=request.collect,
        )


def _ended(reason: Reason, message: str) -> Outcome:
    return Outcome(
        reason=reason,
        exit_code=None,
        message=message,
        duration_ms=0,
        peak_memory_bytes=0,
        truncated=False,
    )
