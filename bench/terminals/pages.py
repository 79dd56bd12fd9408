"""A browser's side of a terminal: bytes typed, bytes shown, and acknowledged."""

import asyncio
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter

from websockets.asyncio.client import ClientConnection, connect

ACK_BYTES = 128 * 1024
ANSWER_SECONDS = 30.0
SETTLE_SECONDS = 0.5
READY_SECONDS = 5.0
_OFFSET_BYTES = 8
_ATTEMPTS = 6
_KEYS = b"abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Seat:
    """Where one page goes; `is_ours` says in which dialect it is spoken to."""

    url: str
    headers: dict[str, str]
    is_ours: bool


@dataclass
class Page:
    """A socket of one terminal."""

    socket: ClientConnection
    is_ours: bool
    shown: int = 0
    acknowledged: int = 0
    _pressed: int = 0
    _unread: bytes = b""

    async def arrive(self) -> None:
        """Wait for a shell that is ready, whatever an earlier page has left running."""
        word = secrets.token_hex(8).encode()
        await self.see(b"$ ")
        for _attempt in range(_ATTEMPTS):
            await self.send(b"\x03")
            # What is typed before the shell has taken that goes with it.
            await asyncio.sleep(SETTLE_SECONDS)
            await self.send(b"echo %s''%s\r" % (word[:4], word[4:]))
            with suppress(TimeoutError):
                async with asyncio.timeout(READY_SECONDS):
                    await self.see(word)
                    await self.see(b"$ ")
                return
        raise RuntimeError("A shell is not ready.")

    async def begin(self) -> None:
        """Wait for a program that does nothing but listen."""
        await self.arrive()
        await self.send(b"cat\r")
        await self.see(b"cat\r\n")

    async def send(self, data: bytes) -> None:
        """Type."""
        await self.socket.send(data)

    async def receive(self) -> bytes:
        """Return what is shown next."""
        while True:
            message = await asyncio.wait_for(self.socket.recv(), ANSWER_SECONDS)
            if isinstance(message, str):
                self._read_note(message)
                continue
            if not self.is_ours:
                return message
            data = message[_OFFSET_BYTES:]
            self.shown = int.from_bytes(message[:_OFFSET_BYTES], "big") + len(data)
            if self.shown - self.acknowledged >= ACK_BYTES:
                self.acknowledged = self.shown
                await self.socket.send(json.dumps({"type": "ack", "upto": self.shown}))
            return data

    async def see(self, word: bytes) -> None:
        """Take output up to a word, and leave what follows for the next."""
        while word not in self._unread:
            self._unread = self._unread[-len(word) :] + await self.receive()
        self._unread = self._unread.partition(word)[2]

    async def press(self) -> float:
        """Press a key; return the seconds until it is echoed."""
        key = bytes([_KEYS[self._pressed % len(_KEYS)]])
        self._pressed += 1
        began = perf_counter()
        await self.send(key)
        await self.see(key)
        return perf_counter() - began

    def _read_note(self, message: str) -> None:
        frame = json.loads(message)
        if frame["type"] in {"error", "exit", "lost"}:
            raise RuntimeError(message)
        if frame["type"] == "hello":
            self.acknowledged = int(frame["offset"])


async def open_page(seat: Seat) -> Page:
    """Open the socket."""
    socket = await connect(
        seat.url, additional_headers=seat.headers, max_size=None, compression=None
    )
    return Page(socket, seat.is_ours)
