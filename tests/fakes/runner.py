"""A runner that does what a test tells it, over the real protocol and a real socket."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runner.errors import RunnerError
from runner.protocol import (
    Failure,
    LanguageStatus,
    ProtocolError,
    Reply,
    RunCancel,
    RunFinished,
    RunOutput,
    RunStart,
    RunStarted,
    Status,
    StatusRequest,
    TerminalAttach,
    WorkspaceChanged,
    WorkspaceReply,
    WorkspaceRequest,
    encode_frame,
    parse_request,
    read_frame,
)
from tests.fakes.terminals import FakeTerminals
from tests.fakes.workspace import FakeWorkspace, FakeWorkspaces


class HangUpError(Exception):
    """A script that raises this loses the connection, as a killed runner does."""


@dataclass
class FakeRun:
    """One run as its script sees it; `disk` when it runs in an open workspace."""

    request: RunStart
    send: Callable[[Reply], Awaitable[None]]
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    disk: FakeWorkspace | None = None

    async def start(self) -> None:
        await self.send(RunStarted(self.request.run))

    async def print(self, text: str | bytes, stream: str = "stdout") -> None:
        data = text.encode() if isinstance(text, str) else text
        is_error = stream == "stderr"
        await self.send(
            RunOutput(self.request.run, "stderr" if is_error else "stdout", data)
        )

    async def change(self, path: str, data: str | bytes | None) -> None:
        """Change a file of the workspace (None deletes it) and hint at that."""
        assert self.disk is not None
        assert self.request.workspace is not None
        self.disk.files.pop(path, None)
        if data is not None:
            self.disk.files[path] = data.encode() if isinstance(data, str) else data
        await self.send(WorkspaceChanged(self.request.workspace.id))

    async def finish(
        self,
        reason: str = "exited",
        exit_code: int | None = 0,
        message: str = "",
    ) -> None:
        await self.send(
            RunFinished(
                run=self.request.run,
                reason=reason,  # type: ignore[arg-type]
                exit_code=exit_code,
                message=message,
                duration_ms=5,
                peak_memory_bytes=1024,
                truncated=False,
            )
        )


Script = Callable[[FakeRun], Awaitable[None]]


async def run_at_once(run: FakeRun) -> None:
    """Print a line and end."""
    await run.start()
    await run.print("hello\n")
    await run.finish()


@dataclass
class FakeRunner:
    """The server; `script` says what happens to a run, `reason` why it is off, `waiting`
    how busy it is."""

    path: Path
    script: Script = run_at_once
    reason: str = ""
    waiting: int = 0
    languages: tuple[LanguageStatus, ...] = ()
    runs: list[FakeRun] = field(default_factory=list)
    workspaces: FakeWorkspaces = field(default_factory=FakeWorkspaces)
    terminals: FakeTerminals = field(default_factory=FakeTerminals)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async def send(reply: Reply) -> None:
            writer.write(encode_frame(reply))
            await writer.drain()

        begun: list[FakeRun] = []
        try:
            while (data := await read_frame(reader)) is not None:
                try:
                    request = parse_request(data)
                except ProtocolError as error:
                    await send(_refusal(error))
                    continue
                if isinstance(request, RunStart):
                    begun.append(FakeRun(request, send))
                    self._begin(begun[-1], writer)
                elif isinstance(request, RunCancel):
                    self._cancel(request.run)
                elif isinstance(request, StatusRequest):
                    await send(self._status())
                elif isinstance(request, TerminalAttach):
                    await self._attach(request, reader, writer, send)
                elif isinstance(request, WorkspaceRequest):
                    await send(self._answer(request))
        finally:
            for run in begun:
                run.cancelled.set()
            writer.close()

    async def _attach(
        self,
        request: TerminalAttach,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        send: Callable[[Reply], Awaitable[None]],
    ) -> None:
        try:
            self.workspaces.find(request.workspace)
            await self.terminals.serve(request, reader, writer, send)
        except RunnerError as error:
            await send(Failure(error.code, error.message, error.retryable))

    def _status(self) -> Status:
        return Status(
            not self.reason,
            self.reason,
            {},
            (),
            self.workspaces.generation,
            waiting=self.waiting,
            languages=self.languages,
        )

    def _answer(self, request: WorkspaceRequest) -> WorkspaceReply | Failure:
        if self.reason:
            return Failure("off", self.reason, True, id=request.id)
        try:
            return self.workspaces.answer(request)
        except RunnerError as error:
            return Failure(error.code, error.message, error.retryable, id=request.id)

    def _cancel(self, run_id: str) -> None:
        for run in self.runs:
            if run.request.run == run_id:
                run.cancelled.set()

    def _begin(self, run: FakeRun, writer: asyncio.StreamWriter) -> None:
        self.runs.append(run)
        task = asyncio.create_task(self._perform(run, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _perform(self, run: FakeRun, writer: asyncio.StreamWriter) -> None:
        try:
            if self.reason:
                await run.send(Failure("off", self.reason, True, run.request.run))
                return
            if run.request.workspace is not None:
                run.disk = self.workspaces.find(run.request.workspace)
            await self.script(run)
        except RunnerError as error:
            name = run.request.run
            await run.send(Failure(error.code, error.message, error.retryable, name))
        except HangUpError:
            writer.close()
        except ConnectionError:
            return

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _refusal(error: ProtocolError) -> Failure:
    return Failure("bad_request", error.message, run=error.run, id=error.request)


@asynccontextmanager
async def open_fake_runner() -> AsyncIterator[FakeRunner]:
    """Serve on a socket in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="runner-") as folder:
        runner = FakeRunner(Path(folder) / "s")
        server = await asyncio.start_unix_server(runner.accept, runner.path)
        try:
            yield runner
        finally:
            server.close()
            await runner.stop()
