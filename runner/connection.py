"""One client on the socket: its frames in, its runs' frames out."""

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from runner.errors import RunnerBusyError, RunnerError
from runner.protocol import (
    Failure,
    ProtocolError,
    Reply,
    Request,
    RunCancel,
    RunStart,
    Status,
    StatusRequest,
    TerminalAttach,
    TerminalRequest,
    WorkspaceReply,
    WorkspaceRequest,
    encode_frame,
    parse_request,
    read_frame,
)
from runner.runs import Run
from runner.terminals.attachment import Send
from runner.terminals.line import Line
from runner.terminals.store import Attached

logger = logging.getLogger(__name__)

MAX_RUNS = 64
MAX_ANSWERS = 16
QUIET_SECONDS = 2.0


class Service(Protocol):
    """What a connection asks of the server."""

    async def status(self, *, full: bool) -> Status: ...

    def begin(self, run: Run) -> asyncio.Task[None]: ...

    def cancel(self, run_id: str) -> None: ...

    async def answer(self, request: WorkspaceRequest) -> WorkspaceReply: ...

    async def attach(self, request: TerminalAttach, send: Send) -> Attached: ...


class Connection:
    """Runs started here are cancelled when the client goes away; a terminal stays."""

    def __init__(
        self,
        service: Service,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer
        self._runs: dict[Run, asyncio.Task[None]] = {}
        self._looks: set[asyncio.Task[None]] = set()
        self._answers: set[asyncio.Task[None]] = set()
        self._line = Line(service.attach, self.send)
        self._heard_at = _now()
        self.workspaces: set[str] = set()

    @property
    def is_quiet(self) -> bool:
        """Nothing is under way here, and nothing was asked for a moment."""
        has_work = self._runs or self._answers or self._looks
        is_idle = not (has_work or self._line.is_busy)
        return is_idle and _now() - self._heard_at > QUIET_SECONDS

    def leave(self) -> None:
        """Send the client away: it reads the end, and so do we."""
        self._writer.close()

    async def settle(self) -> None:
        """Wait until the end of a terminal is told."""
        await self._line.settle()

    async def serve(self) -> None:
        """Until the client closes or sends what is no frame at all."""
        try:
            await self._read_frames()
        finally:
            await self._close()

    async def _read_frames(self) -> None:
        while True:
            try:
                data = await read_frame(self._reader)
            except ProtocolError as error:
                await self.send(Failure("bad_frame", error.message))
                return
            if data is None:
                return
            self._heard_at = _now()
            try:
                await self._handle(parse_request(data))
            except ProtocolError as error:
                await self.send(
                    Failure(
                        "bad_request", error.message, run=error.run, id=error.request
                    )
                )

    async def _handle(self, request: Request) -> None:
        if isinstance(request, RunStart):
            await self._start(request)
        elif isinstance(request, RunCancel):
            self._service.cancel(request.run)
        elif isinstance(request, StatusRequest):
            look = asyncio.create_task(self._tell_status(full=request.full))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)
        elif isinstance(request, TerminalRequest):
            await self._line.handle(request)
        else:
            await self._begin_answer(request)

    async def _begin_answer(self, request: WorkspaceRequest) -> None:
        """Requests about one workspace are served in the order they came in, beside
        everything else; nothing more is read while many are waiting."""
        if len(self._answers) >= MAX_ANSWERS:
            await asyncio.wait(self._answers, return_when=asyncio.FIRST_COMPLETED)
        self.workspaces.add(request.workspace)
        answer = asyncio.create_task(self._answer(request))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _answer(self, request: WorkspaceRequest) -> None:
        reply: WorkspaceReply | Failure
        try:
            reply = await self._service.answer(request)
        except RunnerError as error:
            reply = Failure(error.code, error.message, error.retryable, id=request.id)
        with suppress(ConnectionError):
            await self.send(reply)

    async def _start(self, request: RunStart) -> None:
        try:
            if len(self._runs) >= MAX_RUNS:
                raise RunnerBusyError("Too many runs at once. Wait for one to end.")
            run = Run(request, self.send)
            task = self._service.begin(run)
        except RunnerError as error:
            failure = Failure(error.code, error.message, error.retryable, request.run)
            await self.send(failure)
            return
        self._runs[run] = task
        task.add_done_callback(lambda _done: self._runs.pop(run, None))

    async def _tell_status(self, *, full: bool) -> None:
        with suppress(ConnectionError):
            await self.send(await self._service.status(full=full))

    async def send(self, reply: Reply) -> None:
        """Waits while the client does not read; ConnectionError once it has gone."""
        if self._writer.is_closing():
            raise ConnectionResetError
        self._writer.write(encode_frame(reply))
        await self._writer.drain()

    async def _close(self) -> None:
        self._writer.close()
        for run in self._runs:
            run.cancel.set()
        for look in self._looks:
            look.cancel()
        await self._line.close()
        # What was begun on the files is brought to its end, heard or not.
        waiting = {*self._runs.values(), *self._looks, *self._answers}
        if waiting:
            await asyncio.wait(waiting)
        with suppress(ConnectionError):
            await self._writer.wait_closed()


def _now() -> float:
    return asyncio.get_running_loop().time()
