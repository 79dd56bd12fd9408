"""Shells on terminals of their own, in sandboxes like those of runs."""

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from weakref import WeakValueDictionary

from runner.bwrap.arguments import (
    SYNTHETIC_FILES,
    WORKSPACE,
    Shape,
    build_arguments,
    build_command,
    build_terminal_prlimit,
)
from runner.bwrap.cgroups import Group, Hierarchies
from runner.bwrap.channels import PassedFds, PipeReader, passed_fds
from runner.bwrap.host import Host
from runner.bwrap.leftovers import record_sandbox
from runner.bwrap.memory import tree_memory
from runner.bwrap.process import SandboxProcess, spawn
from runner.bwrap.seccomp import build_filter
from runner.errors import SandboxFailedError
from runner.languages.helpers import pack_helpers
from runner.limits import MAX_TERMINALS, TERMINAL_MEMORY, TERMINAL_PROCESSES, Limits
from runner.sandbox import Home, ShellPlan

_BORN_SECONDS = 20.0
_MEMORY_SECONDS = 0.05
_KILLED = 128 + 9
_RC_PATH = "/opt/terminal.rc"
# History in a file would be one more file of the workspace.
_RC = """\
unset HISTFILE
PS1='\\w\\$ '
alias ls='ls --color=auto' grep='grep --color=auto'
[ -z "$START_FOLDER" ] || cd -- "$START_FOLDER" 2>/dev/null
unset START_FOLDER OLDPWD
"""

_EACH = Limits(memory_bytes=TERMINAL_MEMORY, processes=TERMINAL_PROCESSES)
_TOGETHER = Limits(
    memory_bytes=TERMINAL_MEMORY, processes=MAX_TERMINALS * TERMINAL_PROCESSES
)


class _Share:
    """What all shells of one home have together: memory, processes, processor."""

    def __init__(self, hierarchies: Hierarchies) -> None:
        self._hierarchies = hierarchies
        self._outer: Group | None = None
        self._count = 0
        self.shells: set[BwrapShell] = set()

    def enter(self) -> Group | None:
        """A group for one more shell, inside that of all; OSError without it."""
        self._count += 1
        if not self._hierarchies.parents:
            return None
        try:
            if self._outer is None:
                self._outer = self._hierarchies.create(_TOGETHER, dies_whole=False)
                self._outer.hand_on()
            return self._hierarchies.create(_EACH, outer=self._outer, dies_whole=False)
        except OSError:
            self._count -= 1
            raise

    async def leave(self) -> None:
        """One less; the group of all goes with the last."""
        self._count -= 1
        if not self._count and self._outer is not None:
            outer, self._outer = self._outer, None
            await outer.remove()

    def is_exceeded_by(self, shell: "BwrapShell") -> bool:
        """All together have too much, and this one has most of it."""
        used = {each: tree_memory(each.pid, TERMINAL_MEMORY) for each in self.shells}
        total = sum(used.values())
        return total > TERMINAL_MEMORY and used[shell] == max(used.values())


class BwrapShell:
    """One shell, as `runner.sandbox.Shell` describes it."""

    def __init__(
        self,
        master: int,
        process: SandboxProcess,
        status: PipeReader,
        group: Group | None,
        share: _Share,
    ) -> None:
        self.master = master
        self.share = share
        self.record: Path | None = None
        self._process = process
        self._status = status
        self.group = group
        self._has_too_much = False
        self._reading = asyncio.create_task(self._read_status())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        return self._process.exit_code

    @property
    def is_out_of_memory(self) -> bool:
        if self._has_too_much:
            return True
        was_killed = self._process.exit_code in {None, _KILLED}
        return was_killed and self.group is not None and self.group.oom_kills() > 0

    async def until_born(self) -> bool:
        """Wait until the sandbox is made; False when that did not work."""
        born = asyncio.create_task(self._process.until_born(_BORN_SECONDS))
        ended = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait({born, ended}, return_when=asyncio.FIRST_COMPLETED)
            return born.done() and born.result()
        finally:
            for task in (born, ended):
                task.cancel()

    def is_resting(self) -> bool:
        try:
            is_waiting_for_lines = termios.tcgetattr(self.master)[3] & termios.ICANON
            (shell,) = _children(self._process.child_pid)
            return not is_waiting_for_lines and not _children(shell)
        except (OSError, ValueError, termios.error):
            return False

    async def wait(self) -> None:
        if self.group is not None and "memory" in self.group.paths:
            await self._process.wait()
            return
        while not self._process.has_ended:
            if not self.is_resting() and self.share.is_exceeded_by(self):
                self._has_too_much = True
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(_MEMORY_SECONDS):
                    await self._process.wait()

    async def end(self) -> None:
        try:
            await self._process.end()
        finally:
            is_gone = self._process.is_buried
            # What it ended with may still be in the pipe.
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await asyncio.shield(self._reading)
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._status.close()
            if self.group is not None:
                self._has_too_much = self.is_out_of_memory
                is_gone = await self.group.remove()
            self.share.shells.discard(self)
            await self.share.leave()
            # Else the next runner sweeps it.
            if is_gone and self.record is not None:
                self.record.unlink(missing_ok=True)

    async def _read_status(self) -> None:
        pending = b""
        await self._status.open()
        while data := await self._status.read():
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                self._process.read_status_line(line)
        self._process.read_status_line(pending)


class Shells:
    """Starts shells; those of one home share what they may use."""

    def __init__(self, host: Host, hierarchies: Hierarchies, runs: Path) -> None:
        self._host = host
        self._hierarchies = hierarchies
        self._runs = runs
        # For as long as a shell holds it.
        self._shares: WeakValueDictionary[Home, _Share] = WeakValueDictionary()

    async def open(self, plan: ShellPlan, toolchain: Path | None) -> BwrapShell:
        """Start a shell; SandboxFailedError when it could not be started."""
        uid = plan.home.uid
        if uid == 0 or (not self._host.is_root and uid != os.geteuid()):
            raise SandboxFailedError("The workspace belongs to another account.")
        share = self._shares.setdefault(plan.home, _Share(self._hierarchies))
        try:
            group = share.enter()
            try:
                shell = self._start(plan, toolchain, share, group)
            except BaseException:
                if group is not None:
                    group.remove_empty()
                await share.leave()
                raise
        except OSError as error:
            raise SandboxFailedError("The terminal could not be started.") from error
        share.shells.add(shell)
        try:
            shell.record = record_sandbox(self._runs, shell.pid, group)
            is_born = await shell.until_born()
        except BaseException:
            await _give_up(shell)
            raise
        if not is_born:
            await _give_up(shell)
            raise SandboxFailedError("The terminal could not be started.")
        return shell

    def _start(
        self,
        plan: ShellPlan,
        toolchain: Path | None,
        share: _Share,
        group: Group | None,
    ) -> BwrapShell:
        with passed_fds() as fds, ExitStack() as ours, _open_pty(plan) as (ptm, pts):
            if self._host.is_root:
                # Else it could not be opened again by its name.
                os.fchown(pts, plan.home.uid, plan.home.uid)
            status, their_status = fds.pipe()
            ours.callback(os.close, status)
            process = spawn(
                self._build(plan, toolchain, fds, their_status),
                group=group,
                pass_fds=fds.numbers,
                stdin=pts,
                stdout=pts,
                stderr=pts,
            )
            master = os.dup(ptm)
            os.set_blocking(status, False)
            os.set_blocking(master, False)
            ours.pop_all()
        return BwrapShell(master, process, PipeReader(status), group, share)

    def _build(
        self, plan: ShellPlan, toolchain: Path | None, fds: PassedFds, status: int
    ) -> list[str]:
        tools = self._host.tools
        is_soft = "memory" not in self._hierarchies.parents
        arguments = build_arguments(
            seccomp_fd=fds.data(build_filter(self._host.machine, soft_memory=is_soft)),
            status_fd=status,
            synthetic_fds={
                path: fds.data(text.encode()) for path, text in SYNTHETIC_FILES.items()
            },
            helpers_fd=fds.data(pack_helpers(str(tools.python))),
            program_fd=fds.data(_RC.encode()),
            program_path=_RC_PATH,
            shape=Shape(0, plan.home),
            toolchain=toolchain,
            env={
                "TERM": "xterm-256color",
                "SHELL": str(tools.bash),
                "START_FOLDER": f"{WORKSPACE}/{plan.cwd}" if plan.cwd else "",
            },
        )
        return build_command(
            self._host,
            uid=plan.home.uid,
            args_fd=fds.data(arguments),
            prlimit=build_terminal_prlimit(soft_memory=is_soft),
            # Whatever started the runner may ignore signals that a terminal sends.
            inside=[
                *(str(tools.setsid), "--ctty", "--"),
                *(str(tools.env), "--default-signal"),
                *(str(tools.bash), "--noprofile", "--rcfile", _RC_PATH, "-i"),
            ],
        )


async def _give_up(shell: BwrapShell) -> None:
    os.close(shell.master)
    await shell.end()


@contextmanager
def _open_pty(plan: ShellPlan) -> Iterator[tuple[int, int]]:
    """Both sides of a new terminal, closed after the block."""
    master, slave = os.openpty()
    try:
        set_size(master, plan.rows, plan.cols)
        yield master, slave
    finally:
        os.close(slave)
        os.close(master)


def set_size(master: int, rows: int, cols: int) -> None:
    """Tell the terminal, and by it the programs in front."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


def _children(pid: int) -> list[int]:
    words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(word) for word in words]
