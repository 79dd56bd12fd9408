"""The bubblewrap sandbox behind the `Sandbox` interface."""

import asyncio
import os
from contextlib import ExitStack
from pathlib import Path

from runner.bwrap.arguments import (
    SYNTHETIC_FILES,
    build_arguments,
    build_command,
    build_prlimit,
)
from runner.bwrap.cgroups import Group, Hierarchies
from runner.bwrap.channels import PassedFds, passed_fds
from runner.bwrap.host import Host
from runner.bwrap.leftovers import recorded
from runner.bwrap.process import SandboxProcess, spawn
from runner.bwrap.run import JobRun, Pipes, check_unprivileged, own_pipe
from runner.bwrap.seccomp import build_filter
from runner.bwrap.supervise import build_supervisor, pack_files
from runner.bwrap.uids import lease_uid
from runner.errors import SandboxFailedError
from runner.languages.helpers import pack_helpers
from runner.sandbox import Job, Levels, Outcome, Sink


class BwrapSandbox:
    """Runs each job in its own bubblewrap; the doctor decides whether it is used."""

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
        self._cleanups: set[asyncio.Task[None]] = set()

    @property
    def levels(self) -> Levels:
        return self._hierarchies.levels

    @property
    def _has_soft_memory(self) -> bool:
        return "memory" not in self._hierarchies.parents

    async def run(self, job: Job, sink: Sink, cancel: asyncio.Event) -> Outcome:
        """Run to the end; what is left to remove is removed after the answer."""
        stack = ExitStack()
        group: Group | None = None
        try:
            uid = stack.enter_context(lease_uid(is_root=self._host.is_root))
            group = self._make_group(job)
            process, pipes = self._start(job, uid, group)
            run = JobRun(job, sink, process, pipes, group)
            try:
                stack.enter_context(recorded(self._runs, process.pid, group))
            except OSError as error:
                # What is not written down could not be swept away after a crash.
                cancel.set()
                await run.follow(cancel)
                raise SandboxFailedError("A run could not be written down.") from error
            return await run.follow(cancel)
        finally:
            cleanup = asyncio.create_task(self._clean_up(stack, group))
            self._cleanups.add(cleanup)
            cleanup.add_done_callback(self._cleanups.discard)

    async def close(self) -> None:
        while self._cleanups:
            await asyncio.wait(set(self._cleanups))

    async def _clean_up(self, stack: ExitStack, group: Group | None) -> None:
        """The uid is given back only after the group is gone."""
        with stack:
            if group is not None:
                await group.remove()

    def _make_group(self, job: Job) -> Group | None:
        if not self._hierarchies.parents:
            return None
        try:
            return self._hierarchies.create(job.limits)
        except OSError as error:
            raise SandboxFailedError("The limits of a run could not be set.") from error

    def _start(
        self, job: Job, uid: int, group: Group | None
    ) -> tuple[SandboxProcess, Pipes]:
        check_unprivileged(uid)
        with passed_fds() as fds, ExitStack() as reading:
            ends = {}
            writing = {}
            for name in ("stdout", "stderr", "status", "report"):
                ends[name], writing[name] = fds.pipe()
                reading.callback(os.close, ends[name])
            command = self._build(job, uid, fds, writing)
            process = spawn(
                command,
                group=group,
                pass_fds=[
                    fd
                    for fd in fds.numbers
                    if fd not in {writing["stdout"], writing["stderr"]}
                ],
                stdin=fds.data(job.stdin),
                stdout=writing["stdout"],
                stderr=writing["stderr"],
            )
            reading.pop_all()
        pipes = Pipes(**{name: own_pipe(fd) for name, fd in ends.items()})
        return process, pipes

    def _build(
        self, job: Job, uid: int, fds: PassedFds, writing: dict[str, int]
    ) -> list[str]:
        seccomp = build_filter(self._host.machine, soft_memory=self._has_soft_memory)
        arguments = build_arguments(
            seccomp_fd=fds.data(seccomp),
            status_fd=writing["status"],
            synthetic_fds={
                path: fds.data(text.encode()) for path, text in SYNTHETIC_FILES.items()
            },
            helpers_fd=fds.data(pack_helpers(str(self._host.tools.python))),
            limits=job.limits,
            env=job.env,
            toolchain=self.toolchain,
        )
        inside = build_supervisor(
            self._host.tools,
            files_fd=fds.data(pack_files(job.files, job.cwd)),
            report_fd=writing["report"],
            cwd=job.cwd,
            collect=job.collect,
            argv=job.argv,
        )
        prlimit = build_prlimit(job.limits, soft_memory=self._has_soft_memory)
        return build_command(
            self._host,
            uid=uid,
            args_fd=fds.data(arguments),
            prlimit=prlimit,
            inside=inside,
        )
