"""What a connection has to do with its terminal."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from runner.errors import NoTerminalError, RunnerError
from runner.protocol import (
    Failure,
    TerminalAck,
    TerminalAttach,
    TerminalClose,
    TerminalInput,
    TerminalRequest,
    TerminalResize,
    TerminalSignal,
    TerminalTaken,
)
from runner.terminals.attachment import Recorder, Send
from runner.terminals.store import Attached

Attach = Callable[[TerminalAttach, Send], Awaitable[Attached]]


class Line:
    """A connection is attached to one terminal at most, for as long as it lasts."""

    def __init__(self, attach: Attach, send: Send) -> None:
        self._attach = attach
        self._send = send
        self._attached: Attached | None = None
        self._pump: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        """There is something left to send."""
        return self._pump is not None and not self._pump.done()

    async def handle(self, request: TerminalRequest) -> None:
        """Do what is asked; a refusal is sent."""
        try:
            await self._handle(request)
        except RunnerError as error:
            await self._send(Failure(error.code, error.message, error.retryable))

    async def settle(self) -> None:
        """Wait until what has ended is told."""
        if self._pump is not None:
            await asyncio.wait({self._pump})

    async def close(self) -> None:
        """Follow no more; the terminal stays."""
        if self._attached is not None:
            self._attached.terminal.detach(self._attached.attachment)
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)

    async def _handle(self, request: TerminalRequest) -> None:
        if isinstance(request, TerminalAttach):
            await self._begin(request)
            return
        if self._attached is None:
            raise NoTerminalError("Attach to a terminal first.")
        terminal, attachment = self._attached.terminal, self._attached.attachment
        match request:
            case TerminalInput(id=name, data=data):
                taken = terminal.type(attachment, data)
                await self._send(TerminalTaken(name, taken))
            case TerminalResize(rows=rows, cols=cols):
                terminal.resize(attachment, rows, cols)
            case TerminalSignal(signal=signal):
                terminal.signal(attachment, signal)
            case TerminalAck(upto=upto) if isinstance(attachment, Recorder):
                terminal.recording.acknowledge(upto)
            case TerminalAck(upto=upto):
                attachment.acknowledge(upto)
            case TerminalClose():
                terminal.close(attachment)

    async def _begin(self, request: TerminalAttach) -> None:
        if self._attached is not None:
            raise NoTerminalError("This connection has a terminal already.")
        self._attached = await self._attach(request, self._send)
        await self._send(self._attached.answer)
        self._pump = asyncio.create_task(self._follow(self._attached))

    async def _follow(self, attached: Attached) -> None:
        with suppress(ConnectionError):
            await attached.attachment.pump()
