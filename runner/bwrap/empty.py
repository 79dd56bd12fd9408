"""A started sandbox in which nothing runs yet: it waits for its one job."""

import array
import asyncio
import socket
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from runner.bwrap.arguments import Shape, list_lower_limits
from runner.bwrap.cgroups import Group
from runner.bwrap.channels import PipeReader, passed_fds
from runner.bwrap.handover import pack_job
from runner.bwrap.process import SandboxProcess
from runner.limits import Limits
from runner.sandbox import Job


@dataclass(frozen=True, slots=True)
class Channels:
    """Our ends of everything between the runner and one sandbox."""

    stdout: PipeReader
    stderr: PipeReader
    status: PipeReader
    report: PipeReader
    control: socket.socket

    def close(self) -> None:
        for reader in (self.stdout, self.stderr, self.status, self.report):
            reader.close()
        self.control.close()


class EmptySandbox:
    """One sandbox before its job. `held` is given back once everything is dead."""

    def __init__(
        self,
        shape: Shape,
        limits: Limits,
        process: SandboxProcess,
        channels: Channels,
        group: Group | None,
    ) -> None:
        self.shape = shape
        self.process = process
        self.channels = channels
        self.group = group
        self.held = ExitStack()
        self.is_warm = asyncio.Event()
        self._limits = limits
        loop = asyncio.get_running_loop()
        self.made_at = loop.time()
        self._has_hung_up = False
        self.status = asyncio.create_task(self._read_status())
        loop.add_reader(channels.control, self._hear)

    @property
    def is_dead(self) -> bool:
        return self.process.has_ended or self._has_hung_up

    def _hear(self) -> None:
        """The first program says that it waits, or is gone."""
        try:
            data = self.channels.control.recv(16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.is_warm.set()
        else:
            self._has_hung_up = True
            self._stop_hearing()

    def _stop_hearing(self) -> None:
        asyncio.get_running_loop().remove_reader(self.channels.control)

    async def _read_status(self) -> None:
        pending = b""
        await self.channels.status.open()
        while data := await self.channels.status.read():
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self.process.read_status_line(line)
        self.process.read_status_line(pending)

    def hand_over(self, job: Job, *, soft_memory: bool) -> None:
        """Give the sandbox its job; OSError when it does not take it any more.

        Nothing of the job has run when this raises.
        """
        if self._limits != job.limits and self.group is not None:
            self.group.change(job.limits)
        if self.group is not None:
            self.group.forget_peak()
        limits = list_lower_limits(job.limits, soft_memory=soft_memory)
        with passed_fds() as fds:
            numbers = (fds.data(pack_job(job, limits)), fds.data(job.stdin))
            rights = array.array("i", numbers)
            message = (socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)
            self.channels.control.sendmsg([b"j"], [message])

    async def discard(self) -> None:
        """End it and wait until it is dead; `held` and the group remain."""
        try:
            await self.process.end()
        finally:
            await self.let_go()

    async def let_go(self) -> None:
        """Close what is between us; the sandbox has ended."""
        if not self._has_hung_up:
            self._stop_hearing()
        self._has_hung_up = True
        self.status.cancel()
        with suppress(asyncio.CancelledError):
            await self.status
        self.channels.close()
