"""A runner that does what a test tells it, over the real protocol and a real socket."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runner.protocol import (
    Failure,
    LanguageStatus,
    Reply,
    RunCancel,
    RunFinished,
    RunOutput,
    RunStart,
    RunStarted,
    Status,
    encode_frame,
    parse_request,
    read_frame,
)


class HangUpError(Exception):
    """A script that raises this loses the connection, as a killed runner does."""


@dataclass
class FakeRun:
    """One run as its script sees it."""

    request: RunStart
    send: Callable[[Reply], Awaitable[None]]
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        await self.send(RunStarted(self.request.run))

    async def print(self, text: str | bytes, stream: str = "stdout") -> None:
        data = text.encode() if isinstance(text, str) else text
        is_error = stream == "stderr"
        await self.send(
            RunOutput(self.request.run, "stderr" if is_error else "stdout", data)
        )

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
    """The server; `script` says what happens to a run, `reason` why it is off."""

    path: Path
    script: Script = run_at_once
    reason: str = ""
    languages: tuple[LanguageStatus, ...] = ()
    runs: list[FakeRun] = field(default_factory=list)
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
                request = parse_request(data)
                if isinstance(request, RunStart):
                    begun.append(FakeRun(request, send))
                    self._begin(begun[-1], writer)
                elif isinstance(request, RunCancel):
                    self._cancel(request.run)
                else:
                    await send(self._status())
        finally:
            for run in begun:
                run.cancelled.set()
            writer.close()

    def _status(self) -> Status:
        return Status(
            not self.reason, self.reason, {}, (), "fake", languages=self.languages
        )

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
            else:
                await self.script(run)
        except HangUpError:
            writer.close()
        except ConnectionError:
            return

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


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
