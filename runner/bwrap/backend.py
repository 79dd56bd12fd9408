"""The bubblewrap sandbox behind the `Sandbox` interface."""

import asyncio
import os
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

from runner.bwrap.arguments import (
    SYNTHETIC_FILES,
    Shape,
    build_arguments,
    build_command,
    build_prlimit,
)
from runner.bwrap.cgroups import Group, Hierarchies
from runner.bwrap.channels import PassedFds, PipeReader, passed_fds
from runner.bwrap.empty import Channels, EmptySandbox
from runner.bwrap.handover import build_supervisor, read_program
from runner.bwrap.host import Host
from runner.bwrap.leftovers import recorded
from runner.bwrap.process import spawn
from runner.bwrap.run import JobRun
from runner.bwrap.seccomp import build_filter
from runner.bwrap.shells import Shells
from runner.bwrap.uids import lease_uid
from runner.errors import SandboxFailedError
from runner.languages.helpers import pack_helpers
from runner.limits import Limits
from runner.sandbox import Home, Job, Levels, Outcome, Shell, ShellPlan, Sink

_AFTER_ANSWER_SECONDS = 0.01


class BwrapSandbox:
    """Runs each job in its own bubblewrap; the doctor decides whether it is used.

    Every sandbox starts empty and is given exactly one job: at once, or later when it
    was made in advance (`runner.bwrap.warm`).
    """

    def __init__(
        self,
        host: Host,
        hierarchies: Hierarchies,
        runs: Path,
        toolchain: Path | None,
    ) -> None:
        self._host = host
        self._hierarchies = hierarchies
        self._runs = runs
        self.toolchain = toolchain
        self._shells = Shells(host, hierarchies, runs)
        self._cleanups: set[asyncio.Task[None]] = set()
        self._lost: list[ExitStack] = []

    @property
    def levels(self) -> Levels:
        return self._hierarchies.levels

    @property
    def _has_soft_memory(self) -> bool:
        return "memory" not in self._hierarchies.parents

    async def run(self, job: Job, sink: Sink, cancel: asyncio.Event) -> Outcome:
        """Run to the end; what is left to remove is removed after the answer."""
        if job.home is not None and job.files:
            raise SandboxFailedError("Files cannot be put into a home by a run.")
        sandbox = await self.start(Shape.of(job), job.limits)
        try:
            # One that could not even start is gone already, and its end says so.
            with suppress(ConnectionError):
                self.hand_over(sandbox, job)
        except OSError as error:
            await self.discard(sandbox)
            raise SandboxFailedError("A run could not be handed over.") from error
        return await self.follow(sandbox, job, sink, cancel)

    def hand_over(self, sandbox: EmptySandbox, job: Job) -> None:
        """Give the job to a sandbox of its shape; OSError when it does not take it."""
        sandbox.hand_over(job, soft_memory=self._has_soft_memory)

    async def follow(
        self, sandbox: EmptySandbox, job: Job, sink: Sink, cancel: asyncio.Event
    ) -> Outcome:
        """From the hand-over to the end."""
        try:
            return await JobRun(job, sink, sandbox).follow(cancel)
        finally:
            self._clean_up_later(sandbox)

    async def start(self, shape: Shape, limits: Limits) -> EmptySandbox:
        """An empty sandbox, not necessarily waiting yet."""
        held = ExitStack()
        group: Group | None = None
        try:
            uid = self._choose_uid(shape.home, held)
            group = self._make_group(limits)
            sandbox = self._spawn(shape, limits, uid, group)
        except BaseException:
            if group is not None:
                group.remove_empty()
            held.close()
            raise
        sandbox.held = held
        try:
            held.enter_context(recorded(self._runs, sandbox.process.pid, group))
        except OSError as error:
            # What is not written down could not be swept away after a crash.
            await self.discard(sandbox)
            raise SandboxFailedError("A run could not be written down.") from error
        return sandbox

    async def discard(self, sandbox: EmptySandbox) -> None:
        """End a sandbox that was given no job."""
        try:
            await sandbox.discard()
        finally:
            self._clean_up_later(sandbox)

    async def open_shell(self, plan: ShellPlan) -> Shell:
        """Start a shell on a terminal; whoever asked ends it."""
        return await self._shells.open(plan, self.toolchain)

    async def close(self) -> None:
        while self._cleanups:
            await asyncio.wait(set(self._cleanups))

    def _clean_up_later(self, sandbox: EmptySandbox) -> None:
        cleanup = asyncio.create_task(self._clean_up(sandbox))
        self._cleanups.add(cleanup)
        cleanup.add_done_callback(self._cleanups.discard)

    async def _clean_up(self, sandbox: EmptySandbox) -> None:
        """The account and the record are given up only after everything is gone; what
        will not go keeps them until the runner ends, and the next one sweeps it."""
        # The answer goes out first.
        await asyncio.sleep(_AFTER_ANSWER_SECONDS)
        is_gone = sandbox.process.is_buried
        if sandbox.group is not None:
            is_gone = await sandbox.group.remove()
        if is_gone:
            sandbox.held.close()
        else:
            self._lost.append(sandbox.held)

    def _choose_uid(self, home: Home | None, held: ExitStack) -> int:
        """The account of the home, else a leased one; never root."""
        if home is None:
            return held.enter_context(lease_uid(is_root=self._host.is_root))
        if not self._host.is_root and home.uid != os.geteuid():
            raise SandboxFailedError("The workspace belongs to another account.")
        return home.uid

    def _make_group(self, limits: Limits) -> Group | None:
        if not self._hierarchies.parents:
            return None
        try:
            return self._hierarchies.create(limits)
        except OSError as error:
            raise SandboxFailedError("The limits of a run could not be set.") from error

    def _spawn(
        self, shape: Shape, limits: Limits, uid: int, group: Group | None
    ) -> EmptySandbox:
        _check_unprivileged(uid)
        with passed_fds() as fds, ExitStack() as ours:
            ends = {}
            writing = {}
            for name in ("stdout", "stderr", "status", "report"):
                ends[name], writing[name] = fds.pipe()
                ours.callback(os.close, ends[name])
            control, their_control = fds.socket()
            ours.callback(control.close)
            command = self._build(
                shape, uid, fds, {**writing, "control": their_control}
            )
            standard = {writing["stdout"], writing["stderr"]}
            process = spawn(
                command,
                group=group,
                pass_fds=[fd for fd in fds.numbers if fd not in standard],
                stdout=writing["stdout"],
                stderr=writing["stderr"],
            )
            ours.pop_all()
        return EmptySandbox(shape, limits, process, _own(ends, control), group)

    def _build(
        self, shape: Shape, uid: int, fds: PassedFds, theirs: dict[str, int]
    ) -> list[str]:
        seccomp = build_filter(self._host.machine, soft_memory=self._has_soft_memory)
        arguments = build_arguments(
            seccomp_fd=fds.data(seccomp),
            status_fd=theirs["status"],
            synthetic_fds={
                path: fds.data(text.encode()) for path, text in SYNTHETIC_FILES.items()
            },
            helpers_fd=fds.data(pack_helpers(str(self._host.tools.python))),
            program_fd=fds.data(read_program()),
            shape=shape,
            toolchain=self.toolchain,
        )
        return build_command(
            self._host,
            uid=uid,
            args_fd=fds.data(arguments),
            prlimit=build_prlimit(soft_memory=self._has_soft_memory),
            inside=build_supervisor(
                self._host.tools,
                control_fd=theirs["control"],
                report_fd=theirs["report"],
            ),
        )


def _own(ends: dict[str, int], control: socket.socket) -> Channels:
    readers = {}
    for name, fd in ends.items():
        os.set_blocking(fd, False)
        readers[name] = PipeReader(fd)
    return Channels(**readers, control=control)


def _check_unprivileged(uid: int) -> None:
    """The last gate before a launch: never as root, whatever else went wrong."""
    if uid == 0:
        raise SandboxFailedError("The sandbox may not run as root.")
