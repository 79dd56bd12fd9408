"""One job from its files to its outcome."""

import asyncio
import logging
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Literal

from runner.bwrap.cgroups import Group
from runner.bwrap.channels import PipeReader
from runner.bwrap.memory import MemoryWatch
from runner.bwrap.output import OutputPump
from runner.bwrap.process import SandboxProcess
from runner.bwrap.supervise import READY, parse_report, report_limit
from runner.errors import SandboxFailedError
from runner.protocol.replies import Reason
from runner.sandbox import Job, Outcome, Sink

logger = logging.getLogger(__name__)

_DRAIN_SECONDS = 5.0
_READ_BYTES = 64 * 1024

Ending = Literal["exited", "timeout", "cancelled", "memory", "output"]


@dataclass(frozen=True, slots=True)
class Pipes:
    """What we read of a running sandbox."""

    stdout: PipeReader
    stderr: PipeReader
    status: PipeReader
    report: PipeReader

    async def open(self) -> None:
        for reader in self._all():
            await reader.open()

    def close(self) -> None:
        for reader in self._all():
            reader.close()

    def _all(self) -> tuple[PipeReader, ...]:
        return (self.stdout, self.stderr, self.status, self.report)


class JobRun:
    """Follows one started sandbox until it has ended and everything is read."""

    def __init__(
        self,
        job: Job,
        sink: Sink,
        process: SandboxProcess,
        pipes: Pipes,
        group: Group | None,
    ) -> None:
        self._job = job
        self._sink = sink
        self._process = process
        self._pipes = pipes
        self._memory = MemoryWatch(process.pid, job.limits.memory_bytes, group)
        self._output = OutputPump(sink, job.limits)
        self._report = b""
        self._began_at = asyncio.get_running_loop().time()

    async def follow(self, cancel: asyncio.Event) -> Outcome:
        """Run to the end; the sandbox is dead when this returns or raises."""
        readers: list[asyncio.Task[None]] = []
        async with AsyncExitStack() as stack:
            stack.callback(self._pipes.close)
            stack.push_async_callback(self._stop, readers)
            stack.push_async_callback(self._process.end)
            await self._pipes.open()
            readers += [asyncio.create_task(step) for step in self._readers()]
            ending = await self._first_ending(readers, cancel)
            await self._process.end()
            duration = asyncio.get_running_loop().time() - self._began_at
            await self._drain(readers)
        return self._judge(ending, int(duration * 1000))

    def _readers(self) -> list[Coroutine[None, None, None]]:
        return [
            self._output.pump("stdout", self._pipes.stdout),
            self._output.pump("stderr", self._pipes.stderr),
            self._read_status(),
            self._read_report(),
        ]

    async def _read_status(self) -> None:
        pending = b""
        while data := await self._pipes.status.read():
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._process.read_status_line(line)
        self._process.read_status_line(pending)

    async def _read_report(self) -> None:
        limit = report_limit(self._job.collect)
        pieces: list[bytes] = []
        size = 0
        while data := await self._pipes.report.read(_READ_BYTES):
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
        if self._process.exit_code is not None:
            return "The files did not fit into the workspace."
        complaint = self._output.complaint.decode(errors="replace").strip()
        logger.error("a sandbox could not be set up: %s", complaint or "no message")
        return "The sandbox could not be set up."


_MESSAGES: dict[Ending, str] = {
    "exited": "",
    "timeout": "The run took too long and was stopped.",
    "cancelled": "The run was stopped.",
    "memory": "The run used more memory than it may and was stopped.",
    "output": "The run printed too much and was stopped.",
}


def own_pipe(fd: int) -> PipeReader:
    os.set_blocking(fd, False)
    return PipeReader(fd)


def check_unprivileged(uid: int) -> None:
    """The last gate before a launch: never as root, whatever else went wrong."""
    if uid == 0:
        raise SandboxFailedError("The sandbox may not run as root.")
