"""One job from its files to its outcome."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Literal

from runner.bwrap.channels import PipeReader
from runner.bwrap.empty import EmptySandbox
from runner.bwrap.handover import (
    DID_NOT_FIT,
    NO_FOLDER,
    READY,
    parse_report,
    report_limit,
)
from runner.bwrap.memory import MemoryWatch
from runner.bwrap.output import OutputPump
from runner.protocol.replies import Reason
from runner.sandbox import Job, Outcome, Sink

logger = logging.getLogger(__name__)

_DRAIN_SECONDS = 5.0
_READ_BYTES = 64 * 1024

Ending = Literal["exited", "timeout", "cancelled", "memory", "output"]


class JobRun:
    """Follows a sandbox that was given its job until all has ended and is read."""

    def __init__(self, job: Job, sink: Sink, sandbox: EmptySandbox) -> None:
        self._job = job
        self._sink = sink
        self._sandbox = sandbox
        self._process = sandbox.process
        self._memory = MemoryWatch(
            sandbox.process.pid, job.limits.memory_bytes, sandbox.group
        )
        self._output = OutputPump(sink, job.limits)
        self._report = b""
        self._began_at = asyncio.get_running_loop().time()

    async def follow(self, cancel: asyncio.Event) -> Outcome:
        """Run to the end; the sandbox is dead when this returns or raises."""
        readers: list[asyncio.Task[None]] = []
        channels = self._sandbox.channels
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._sandbox.let_go)
            stack.push_async_callback(self._stop, readers)
            stack.push_async_callback(self._process.end)
            for pipe in (channels.stdout, channels.stderr, channels.report):
                await pipe.open()
            readers += [asyncio.create_task(step) for step in self._readers()]
            ending = await self._first_ending(readers, cancel)
            self._output.hurry()
            await self._process.end()
            duration = asyncio.get_running_loop().time() - self._began_at
            await self._drain([*readers, self._sandbox.status])
        return self._judge(ending, int(duration * 1000))

    def _readers(self) -> list[Coroutine[None, None, None]]:
        channels = self._sandbox.channels
        return [
            self._output.pump("stdout", channels.stdout),
            self._output.pump("stderr", channels.stderr),
            self._read_report(channels.report),
        ]

    async def _read_report(self, report: PipeReader) -> None:
        limit = report_limit(self._job.collect)
        pieces: list[bytes] = []
        size = 0
        while data := await report.read(_READ_BYTES):
            if not pieces and data.startswith(READY):
                await self._sink.started()
                self._output.settle(is_started=True)
            if size < limit:
                pieces.append(data[: limit - size])
            size += len(data)
        self._output.settle(is_started=False)
        self._report = b"".join(pieces)

    async def _first_ending(
        self, readers: list[asyncio.Task[None]], cancel: asyncio.Event
    ) -> Ending:
        waits: dict[asyncio.Task[object], Ending] = {
            asyncio.create_task(cancel.wait()): "cancelled",
            asyncio.create_task(self._output.overflow.wait()): "output",
            asyncio.create_task(self._memory.until_exceeded()): "memory",
            asyncio.create_task(self._process.wait()): "exited",
        }
        limit = self._job.limits.wall_seconds
        try:
            done, _ = await asyncio.wait(
                waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            await self._stop(list(waits))
        for task, ending in waits.items():
            if task in done:
                return ending
        return "timeout"

    async def _drain(self, readers: list[asyncio.Task[None]]) -> None:
        """Read what is left in the pipes; bounded, should a sink be stuck."""
        done, waiting = await asyncio.wait(readers, timeout=_DRAIN_SECONDS)
        for task in done:
            task.result()
        if waiting:
            logger.warning("the output of a run was not taken in time")

    @staticmethod
    async def _stop(
        tasks: list[asyncio.Task[None]] | list[asyncio.Task[object]],
    ) -> None:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError, Exception):
                await task

    def _judge(self, ending: Ending, duration_ms: int) -> Outcome:
        reason: Reason = ending
        message = _MESSAGES[ending]
        exit_code = self._process.exit_code if ending == "exited" else None
        if ending == "exited":
            if self._memory.is_exceeded():
                reason, message, exit_code = "memory", _MESSAGES["memory"], None
            elif not self._report.startswith(READY):
                reason, message, exit_code = "failed", self._explain_failure(), None
            elif exit_code is None:
                reason, message = "failed", "The sandbox ended unexpectedly."
        return Outcome(
            reason=reason,
            exit_code=exit_code,
            message=message,
            duration_ms=duration_ms,
            peak_memory_bytes=self._memory.peak,
            truncated=self._output.is_truncated,
            files=parse_report(self._report, self._job.collect),
        )

    def _explain_failure(self) -> str:
        """No program has started, so what stderr says is the sandbox's own text."""
        explained = _EXPLAINED.get(self._process.exit_code or 0)
        if explained:
            return explained
        complaint = self._output.complaint.decode(errors="replace").strip()
        logger.error("a sandbox could not be set up: %s", complaint or "no message")
        return "The sandbox could not be set up."


_EXPLAINED = {
    DID_NOT_FIT: "The files did not fit into the workspace.",
    NO_FOLDER: "The folder to run in does not exist.",
}

_MESSAGES: dict[Ending, str] = {
    "exited": "",
    "timeout": "The run took too long and was stopped.",
    "cancelled": "The run was stopped.",
    "memory": "The run used more memory than it may and was stopped.",
    "output": "The run printed too much and was stopped.",
}
