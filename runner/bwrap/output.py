"""Passes a program's output on in pieces, counts it and stops at the caps."""

import asyncio
from contextlib import suppress

from runner.bwrap.channels import CHUNK_BYTES, PipeReader
from runner.limits import Limits
from runner.protocol.replies import Stream
from runner.sandbox import Sink

_COALESCE_SECONDS = 0.02
_HELD_BACK_BYTES = 4096


class OutputPump:
    """Both streams of one run against one budget.

    Nothing is passed on before the program itself has started: until then the text is
    the sandbox's own, which goes to `complaint` instead.
    """

    def __init__(self, sink: Sink, limits: Limits) -> None:
        self._sink = sink
        self._limits = limits
        self._read = 0
        self._sent = 0
        self._is_started = False
        self._settled = asyncio.Event()
        self._ended = asyncio.Event()
        self.overflow = asyncio.Event()
        self.complaint = b""

    @property
    def is_truncated(self) -> bool:
        return self._read > self._sent

    def settle(self, *, is_started: bool) -> None:
        """The program has started, or the sandbox ended before it could."""
        if not self._settled.is_set():
            self._is_started = is_started
            self._settled.set()

    def hurry(self) -> None:
        """The program has ended: nothing more is worth waiting for."""
        self._ended.set()

    async def pump(self, stream: Stream, reader: PipeReader) -> None:
        while data := await reader.read(CHUNK_BYTES):
            if not await self._is_program(data):
                continue
            self._read += len(data)
            await self._pass_on(stream, data)
            if self._read > self._limits.output_bytes_kill:
                self.overflow.set()
                return
            if len(data) < CHUNK_BYTES and not self._ended.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(_COALESCE_SECONDS):
                        await self._ended.wait()

    async def _is_program(self, data: bytes) -> bool:
        """Wait until it is known whose text this is."""
        await self._settled.wait()
        if not self._is_started:
            self.complaint = (self.complaint + data)[:_HELD_BACK_BYTES]
        return self._is_started

    async def _pass_on(self, stream: Stream, data: bytes) -> None:
        piece = data[: max(self._limits.output_bytes_kept - self._sent, 0)]
        if piece:
            self._sent += len(piece)
            await self._sink.output(stream, piece)
