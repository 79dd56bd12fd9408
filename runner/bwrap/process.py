"""One sandbox as a process tree: start, watch its status, end it for certain."""

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from runner.bwrap.cgroups import Group
from runner.errors import SandboxFailedError

_NICENESS = 10
_CHILD_PID_SECONDS = 0.5
_KILL_SECONDS = 1.0
# Freeing what a large sandbox held takes a while on a busy machine.
_DEATH_SECONDS = 10.0
_PR_SET_CHILD_SUBREAPER = 36


class SandboxProcess:
    """A started bwrap. Its inner first process is killed before the outer one, so
    that the kernel ends everything inside and nothing is orphaned."""

    def __init__(self, process: subprocess.Popen[bytes], group: Group | None) -> None:
        self._process = process
        self._group = group
        self._child_fd = -1
        self._child_known = asyncio.Event()
        self._child_ended = asyncio.Event()
        self._ended = asyncio.Event()
        self.child_pid = 0
        self.exit_code: int | None = None
        self._pid_fd = os.pidfd_open(process.pid)
        asyncio.get_running_loop().add_reader(self._pid_fd, self._reap)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    @property
    def is_buried(self) -> bool:
        """Nothing of it is alive."""
        return self.has_ended and (not self.child_pid or self._child_ended.is_set())

    def _reap(self) -> None:
        pid, status = os.waitpid(self._process.pid, os.WNOHANG)
        if not pid:
            return
        asyncio.get_running_loop().remove_reader(self._pid_fd)
        os.close(self._pid_fd)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()

    def read_status_line(self, line: bytes) -> None:
        """Take in one document of bwrap's status channel."""
        try:
            document = json.loads(line)
        except ValueError:
            return
        child, code = document.get("child-pid"), document.get("exit-code")
        if isinstance(child, int) and not self.child_pid:
            self._adopt_child(child)
        if isinstance(code, int):
            self.exit_code = code

    def _adopt_child(self, pid: int) -> None:
        with suppress(OSError):
            fd = os.pidfd_open(pid)
            if _parent_of(pid) == self._process.pid:
                self.child_pid, self._child_fd = pid, fd
                asyncio.get_running_loop().add_reader(fd, self._forget_child)
            else:
                os.close(fd)
        self._child_known.set()

    async def wait(self) -> None:
        await self._ended.wait()

    async def until_born(self, seconds: float) -> bool:
        """Wait until the inner first process is known; False when none came."""
        return await _happens(self._child_known, seconds) and self.child_pid > 0

    def _forget_child(self) -> None:
        """The inner first process is dead, and with it everything inside."""
        asyncio.get_running_loop().remove_reader(self._child_fd)
        os.close(self._child_fd)
        self._child_fd = -1
        self._child_ended.set()

    async def end(self) -> None:
        """Kill whatever is left. Returns once everything inside is dead and reaped;
        raises SandboxFailedError when it would not die."""
        if not self.has_ended:
            await _happens(self._child_known, _CHILD_PID_SECONDS)
            if self._group is not None:
                self._group.hurry()
            self._kill_child()
            if not await _happens(self._ended, _KILL_SECONDS):
                await self._kill_everything()
        if self.child_pid:
            self._kill_child()
            await self._bury_child()

    async def _kill_everything(self) -> None:
        self._kill_outer()
        if self._group is not None:
            self._group.kill()
        if not await _happens(self._ended, _DEATH_SECONDS):
            raise SandboxFailedError("A sandbox could not be stopped.")

    async def _bury_child(self) -> None:
        """At a normal end the outer process may leave before the inner one."""
        if not await _happens(self._child_ended, _DEATH_SECONDS):
            raise SandboxFailedError("A sandbox could not be stopped.")
        with suppress(ChildProcessError):
            os.waitpid(self.child_pid, os.WNOHANG)  # noqa: ASYNC222 - does not wait

    def _kill_child(self) -> None:
        if self._child_fd >= 0:
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self._child_fd, signal.SIGKILL)
        elif not self.child_pid:
            self._kill_outer()

    def _kill_outer(self) -> None:
        if not self.has_ended:
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self._pid_fd, signal.SIGKILL)


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


def become_reaper() -> None:
    """Orphans of a sandbox come to this process, which buries them, and not to a
    first process of the container that may not."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def spawn(
    command: Sequence[str],
    *,
    group: Group | None,
    pass_fds: Sequence[int],
    stdout: int,
    stderr: int,
    stdin: int = subprocess.DEVNULL,
) -> SandboxProcess:
    """Start the launcher with an empty environment.

    Only from the main thread: the kernel ties --die-with-parent to the thread that
    forked, so a sandbox started from a worker thread would die with it.
    """
    if threading.current_thread() is not threading.main_thread():
        raise SandboxFailedError("A sandbox may only be started from the main thread.")
    env = {"PATH": "/usr/bin:/bin"}
    if group is not None:
        env["CGP"] = " ".join(group.procs_files)
    try:
        process = subprocess.Popen(  # noqa: S603 - argv is ours, no shell parses input
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=env,
            cwd="/",
            close_fds=True,
            pass_fds=tuple(pass_fds),
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxFailedError("The sandbox could not be started.") from error
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    try:
        return SandboxProcess(process, group)
    except OSError as error:
        process.kill()
        process.wait()
        raise SandboxFailedError("The sandbox could not be watched.") from error


def _parent_of(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])
