"""A client of the runner that speaks frames, and the runner as its own process."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from runner.protocol import (
    Failure,
    LimitRequest,
    Reply,
    Request,
    RunFinished,
    RunOutput,
    RunQueued,
    RunStart,
    RunStarted,
    encode_frame,
    parse_reply,
    read_frame,
)
from runner.protocol.authentication import Authentication
from tests.runner.conftest import ROOT

_OF_RUNS = (RunQueued, RunStarted, RunOutput, RunFinished, Failure)


class Wire:
    """A client that speaks frames."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    async def __aenter__(self) -> "Wire":
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    def send(self, frame: Request | Authentication) -> None:
        self.writer.write(encode_frame(frame))

    async def receive(self) -> Reply:
        async with asyncio.timeout(20):
            return parse_reply(await read_frame(self.reader))

    async def until_last(self, run: str) -> list[Reply]:
        frames: list[Reply] = []
        while True:
            frame = await self.receive()
            if isinstance(frame, _OF_RUNS) and frame.run == run:
                frames.append(frame)
                if isinstance(frame, RunFinished | Failure):
                    return frames


async def dial(path: Path) -> Wire:
    return Wire(*await asyncio.open_unix_connection(path))


def start(*argv: str, wall: float = 10) -> RunStart:
    return RunStart(str(uuid4()), argv, limits=LimitRequest(wall_seconds=wall))


@contextmanager
def program(
    directory: Path, *options: str, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The runner as its own process: socket `s`, state directory `st`."""
    command = [sys.executable, "-m", "runner", "serve", "--no-require-hard-limits"]
    command += ["--socket", str(directory / "s"), "--state-dir", str(directory / "st")]
    command += ["--warm", "1", *options]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **(env or {})}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


async def answering(path: Path) -> Wire:
    """A connection to a runner that may still be starting."""
    for _ in range(500):
        try:
            return await dial(path)
        except OSError:
            await asyncio.sleep(0.02)
    raise AssertionError("the runner did not start")


async def ended(process: subprocess.Popen[bytes]) -> int:
    """The exit code, once there is one."""
    return await asyncio.to_thread(process.wait, 15)
