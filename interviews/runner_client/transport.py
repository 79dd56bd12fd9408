"""One connection to a runner: dialled, frames out, frames in."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from django.utils.translation import gettext_lazy as _

from interviews.runner_client.dialling import dial
from interviews.runner_client.errors import RunnerUnavailable, runner_lost
from runner.protocol import (
    Failure,
    ProtocolError,
    Reply,
    Request,
    encode_frame,
    parse_reply,
    read_frame,
)

CONNECT_SECONDS = 5.0


class Link:
    """An open connection; ConnectionError once the runner has gone."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, frame: Request) -> None:
        """RunnerUnavailable for a frame that is too large to send."""
        try:
            self._writer.write(encode_frame(frame))
        except ProtocolError as error:
            raise RunnerUnavailable(
                "too_large",
                _("The files are too large to run together."),
                is_retryable=False,
            ) from error
        await self._writer.drain()

    def send_eof(self) -> None:
        """Say that no more requests follow; over TLS that is to leave altogether."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        else:
            self._writer.close()

    async def receive(self, seconds: float | None) -> Reply:
        """The next frame, failures among them; RunnerUnavailable when none comes within
        so many seconds, None for as long as the connection lasts."""
        try:
            async with asyncio.timeout(seconds):
                data = await read_frame(self._reader)
            if data is None:
                raise runner_lost()
            return parse_reply(data)
        except (TimeoutError, ProtocolError) as error:
            raise runner_lost() from error

    async def close(self) -> None:
        """Ends what was started over this connection."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def connect(address: str) -> AsyncGenerator[Link, None]:
    """A connection for as long as the block; RunnerUnavailable when there is none."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            streams = await dial(address)
    except (OSError, TimeoutError) as error:
        raise RunnerUnavailable(
            "runner_unreachable",
            _("Running code is off at the moment: the runner does not answer."),
        ) from error
    link = Link(*streams)
    try:
        yield link
    except ConnectionError as error:
        raise runner_lost() from error
    finally:
        await link.close()


def refusal(failure: Failure) -> RunnerUnavailable:
    """The runner's refusal as an error of ours."""
    return RunnerUnavailable(
        failure.code, failure.message, is_retryable=failure.retryable
    )
