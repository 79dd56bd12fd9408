"""Status, runs and workspaces of one runner."""

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from interviews.runner_client.errors import RunnerUnavailable, runner_lost
from interviews.runner_client.sessions import WorkspaceSession
from interviews.runner_client.specs import RunFrame, RunResult, RunSpec, WorkspaceRef
from interviews.runner_client.terminals import TerminalSession, make_request
from interviews.runner_client.transport import CONNECT_SECONDS, connect, refusal
from runner.protocol import (
    Failure,
    Role,
    RunCancel,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStart,
    RunStarted,
    Status,
    StatusRequest,
    WorkspaceChanged,
    WorkspaceKey,
)

_STATUS_SECONDS = 60.0
# The longest a runner is silent during an honest run: the wall limit and its ends.
_SILENCE_SECONDS = 180.0


class RunnerClient:
    """One connection per call, so that leaving a call ends what it started."""

    def __init__(self, address: str | Path) -> None:
        """`address` is one of `list_runners`, or the path of a unix socket."""
        self._address = str(address)

    async def status(self, *, full: bool = False) -> Status:
        """What the runner can do; `full` repeats every check of its doctor first."""
        async with connect(self._address) as link:
            await link.send(StatusRequest(full=full))
            reply = await link.receive(_STATUS_SECONDS)
        if isinstance(reply, Status):
            return reply
        raise refusal(reply) if isinstance(reply, Failure) else runner_lost()

    async def run(self, spec: RunSpec) -> AsyncGenerator[RunFrame, None]:
        """The frames of one run, the last one `RunFinished`.

        In an open workspace `WorkspaceChanged` may come among them: a hint that a scan
        would find something. Closing or cancelling the iteration cancels the run in
        the runner.
        """
        async with connect(self._address) as link:
            await link.send(_request(spec))
            while True:
                frame = await link.receive(_SILENCE_SECONDS)
                if isinstance(frame, Failure):
                    raise refusal(frame)
                if isinstance(
                    frame,
                    RunQueued | RunStarted | RunOutput | WorkspaceChanged | RunFinished,
                ):
                    yield frame
                if isinstance(frame, RunFinished):
                    return

    async def cancel(self, run_id: UUID | str) -> None:
        """Stop a run, whoever started it; unknown and ended runs are left alone."""
        async with connect(self._address) as link:
            await link.send(RunCancel(str(run_id)))
            link.send_eof()
            with contextlib.suppress(RunnerUnavailable):
                await link.receive(CONNECT_SECONDS)

    async def run_to_end(self, spec: RunSpec) -> RunResult:
        """Run and gather everything; RunnerUnavailable when it could not be run."""
        output: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        async with contextlib.aclosing(self.run(spec)) as frames:
            async for frame in frames:
                if isinstance(frame, RunOutput):
                    output[frame.stream].append(frame.data)
                elif isinstance(frame, RunFinished):
                    return _result(frame, output)
        raise runner_lost()

    @contextlib.asynccontextmanager
    async def workspace(
        self, ref: WorkspaceRef, *, roots: Sequence[str]
    ) -> AsyncGenerator[WorkspaceSession, None]:
        """Make the workspace on the runner's disk, or join it.

        Only the top-level folders `roots` are scanned. The workspace stays open when
        the session ends, until it is closed or the runner closes it: 30 minutes after
        the last request, with nothing running.
        """
        async with connect(self._address) as link:
            session = WorkspaceSession(link, ref)
            await session.open(roots)
            yield session

    @contextlib.asynccontextmanager
    async def attach_terminal(
        self,
        ref: WorkspaceRef,
        name: str,
        *,
        rows: int,
        cols: int,
        after: int | None = None,
        role: Role = "viewer",
        cwd: str = "",
    ) -> AsyncGenerator[TerminalSession, None]:
        """Follow a terminal of an open workspace; leaving it leaves it running.

        A driver starts the shell where there is none, in the folder `cwd` of the
        workspace; whoever drove before is told and takes no more input. Output comes
        from byte `after` on, None for all that is kept: `offset` tells where it begins.
        A number above the end belongs to an earlier shell, and is taken as None. Codes
        of RunnerUnavailable: `stale_epoch`, `workspace_closed`, `terminal_limit`,
        `no_terminal`, `terminals_off`, `busy` (the runner is restarting).
        """
        async with connect(self._address) as link:
            session = TerminalSession(link, role)
            request = make_request(
                ref, name, role=role, size=(rows, cols), after=after, cwd=cwd
            )
            try:
                await session.attach(request)
                yield session
            finally:
                await session.detach()


def _request(spec: RunSpec) -> RunStart:
    ref = spec.workspace
    return RunStart(
        run=str(spec.run),
        argv=spec.argv,
        files=spec.files,
        cwd=spec.cwd,
        env=dict(spec.env),
        stdin=spec.stdin,
        limits=spec.limits,
        collect=spec.collect,
        workspace=None if ref is None else WorkspaceKey(str(ref.workspace), ref.epoch),
    )


def _result(frame: RunFinished, output: Mapping[str, list[bytes]]) -> RunResult:
    return RunResult(
        reason=frame.reason,
        exit_code=frame.exit_code,
        message=frame.message,
        stdout=b"".join(output["stdout"]),
        stderr=b"".join(output["stderr"]),
        duration_ms=frame.duration_ms,
        peak_memory_bytes=frame.peak_memory_bytes,
        truncated=frame.truncated,
        files={item.path: item.data for item in frame.files},
    )
