"""Speaks to the runner over its socket; the only module here that knows its protocol.

It imports the frame codecs of `runner.protocol`, and nothing else of the runner: the
two are separate processes that share a wire format.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from interviews.errors import RunningUnavailableError
from runner.protocol import (
    CollectedFile,
    Failure,
    InputFile,
    LimitRequest,
    Package,
    ProtocolError,
    Reply,
    RunCancel,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStart,
    RunStarted,
    Status,
    StatusRequest,
    encode_frame,
    parse_reply,
    read_frame,
)

__all__ = [
    "CollectedFile",
    "InputFile",
    "LimitRequest",
    "Package",
    "RunFinished",
    "RunFrame",
    "RunOutput",
    "RunQueued",
    "RunResult",
    "RunSpec",
    "RunStarted",
    "RunnerClient",
    "RunnerUnavailable",
    "Status",
    "run_to_end",
    "source_file",
]

RunFrame = RunQueued | RunStarted | RunOutput | RunFinished
Reason = Literal["exited", "timeout", "cancelled", "memory", "output", "failed"]

_CONNECT_SECONDS = 5.0
_STATUS_SECONDS = 60.0
# The longest a runner is silent during an honest run: the wall limit and its ends.
_SILENCE_SECONDS = 180.0


class RunnerUnavailable(RunningUnavailableError):  # noqa: N818 - named for the fact
    """The runner cannot be reached or refuses to run; `code` says which."""

    def __init__(
        self, code: str, message: object, *, is_retryable: bool = True
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = is_retryable


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One command in a fresh workspace; paths are relative to the workspace root."""

    argv: tuple[str, ...]
    files: tuple[InputFile, ...] = ()
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    limits: LimitRequest = field(default_factory=LimitRequest)
    collect: tuple[str, ...] = ()
    run: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class RunResult:
    """A whole run; `stdout` and `stderr` hold what was kept of the output."""

    reason: Reason
    exit_code: int | None
    message: str
    stdout: bytes
    stderr: bytes
    duration_ms: int
    peak_memory_bytes: int
    truncated: bool
    files: Mapping[str, bytes]

    @property
    def is_success(self) -> bool:
        return self.reason == "exited" and self.exit_code == 0


def source_file(path: str, text: str) -> InputFile:
    """A text file for `RunSpec.files`."""
    return InputFile(path, text.encode())


class RunnerClient:
    """One connection per call, so that leaving a call ends what it started."""

    def __init__(self, socket_path: str | Path) -> None:
        self._path = str(socket_path)

    async def status(self, *, full: bool = False) -> Status:
        """What the runner can do; `full` repeats every check of its doctor first."""
        async with self._connect() as (reader, writer):
            await _send(writer, StatusRequest(full=full))
            reply = await _receive(reader, _STATUS_SECONDS)
        if isinstance(reply, Status):
            return reply
        raise _lost()

    async def run(self, spec: RunSpec) -> AsyncGenerator[RunFrame, None]:
        """The frames of one run, the last one `RunFinished`.

        Closing or cancelling the iteration cancels the run in the runner.
        """
        request = RunStart(
            run=str(spec.run),
            argv=spec.argv,
            files=spec.files,
            cwd=spec.cwd,
            env=dict(spec.env),
            stdin=spec.stdin,
            limits=spec.limits,
            collect=spec.collect,
        )
        async with self._connect() as (reader, writer):
            await _send(writer, request)
            while True:
                frame = await _receive(reader, _SILENCE_SECONDS)
                if isinstance(frame, Status):
                    continue
                yield frame
                if isinstance(frame, RunFinished):
                    return

    async def cancel(self, run_id: UUID | str) -> None:
        """Stop a run, whoever started it; unknown and ended runs are left alone."""
        async with self._connect() as (reader, writer):
            await _send(writer, RunCancel(str(run_id)))
            writer.write_eof()
            with contextlib.suppress(RunnerUnavailable):
                await _receive(reader, _CONNECT_SECONDS)

    async def run_to_end(self, spec: RunSpec) -> RunResult:
        """Run and gather everything; RunnerUnavailable when it could not be run."""
        output: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
        async with contextlib.aclosing(self.run(spec)) as frames:
            async for frame in frames:
                if isinstance(frame, RunOutput):
                    output[frame.stream].append(frame.data)
                elif isinstance(frame, RunFinished):
                    return _result(frame, output)
        raise _lost()

    @contextlib.asynccontextmanager
    async def _connect(
        self,
    ) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_unix_connection(self._path)
        except (OSError, TimeoutError) as error:
            raise RunnerUnavailable(
                "runner_unreachable",
                _("Running code is off at the moment: the runner does not answer."),
            ) from error
        try:
            yield reader, writer
        except ConnectionError as error:
            raise _lost() from error
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def run_to_end(spec: RunSpec) -> RunResult:
    """For workers: run and wait, without an event loop of one's own."""
    return asyncio.run(RunnerClient(settings.RUNNER_SOCKET).run_to_end(spec))


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


async def _send(
    writer: asyncio.StreamWriter, frame: RunStart | RunCancel | StatusRequest
) -> None:
    try:
        writer.write(encode_frame(frame))
    except ProtocolError as error:
        raise RunnerUnavailable(
            "too_large",
            _("The files are too large to run together."),
            is_retryable=False,
        ) from error
    await writer.drain()


async def _receive(reader: asyncio.StreamReader, seconds: float) -> RunFrame | Status:
    """The next frame; failures of the runner are raised."""
    try:
        async with asyncio.timeout(seconds):
            data = await read_frame(reader)
        if data is None:
            raise _lost()
        reply: Reply = parse_reply(data)
    except (TimeoutError, ProtocolError) as error:
        raise _lost() from error
    if isinstance(reply, Failure):
        raise RunnerUnavailable(reply.code, reply.message, is_retryable=reply.retryable)
    return reply


def _lost() -> RunnerUnavailable:
    return RunnerUnavailable(
        "runner_lost", _("The connection to the runner was lost. Run it again.")
    )
