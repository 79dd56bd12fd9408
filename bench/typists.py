"""Typists on sockets: each types at a steady pace and sends as the room's editor does.

One batch is under way at a time; what is typed meanwhile goes along with the next one.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import quantiles
from time import perf_counter
from typing import Protocol
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

EVERY_SECONDS = 0.2
WARM_UP_SECONDS = 2.0
SECONDS = 8.0
ANSWER_SECONDS = 60.0


class Keyboard(Protocol):
    """How one socket stores keystrokes."""

    async def open(self) -> None:
        """Get ready to type."""

    async def store(self, count: int) -> None:
        """Send so many keystrokes, and wait until they are stored."""


@dataclass
class Echo:
    """A keyboard on the bare echo."""

    socket: ClientConnection

    async def open(self) -> None:
        """Nothing to do."""

    async def store(self, count: int) -> None:
        """Send, and wait for the echo."""
        await self.socket.send(json.dumps({"id": str(uuid4()), "text": "x" * count}))
        await asyncio.wait_for(self.socket.recv(), ANSWER_SECONDS)


@dataclass
class Room:
    """A keyboard on the workspace socket: one document, edits at its end."""

    socket: ClientConnection
    path: str
    client: str = field(default_factory=lambda: str(uuid4()))
    length: int = 0
    version: int = 0

    async def open(self) -> None:
        """Read the document the edits go to."""
        frame_id = await self._send("document.open", path=self.path)
        opened = await self._answer(frame_id)
        text, self.version = str(opened["text"]), int(str(opened["version"]))
        self.length = len(text.encode("utf-16-le")) // 2

    async def store(self, count: int) -> None:
        """Send one update for each keystroke, and wait for the acknowledgement."""
        updates = [self._press(at) for at in range(count)]
        frame_id = await self._send(
            "document.update", path=self.path, version=self.version, updates=updates
        )
        acknowledged = await self._answer(frame_id)
        self.version = int(str(acknowledged["version"]))
        self.length += count

    def _press(self, typed: int) -> dict[str, object]:
        before = self.length + typed
        return {"client": self.client, "changes": [before, [0, "x"]]}

    async def _send(self, kind: str, **fields: object) -> str:
        frame_id = str(uuid4())
        await self.socket.send(json.dumps({"type": kind, "id": frame_id, **fields}))
        return frame_id

    async def _answer(self, frame_id: str) -> dict[str, object]:
        while True:
            text = await asyncio.wait_for(self.socket.recv(), ANSWER_SECONDS)
            frame: dict[str, object] = json.loads(text)
            if frame["type"] == "ping":
                await self.socket.send(json.dumps({"type": "pong", "t": frame["t"]}))
            elif frame["type"] == "error":
                raise RuntimeError(frame)
            elif frame.get("id") == frame_id:
                return frame


@dataclass(frozen=True)
class Seat:
    """Where one typist sits: the address, the headers, the keyboard for the socket."""

    url: str
    headers: dict[str, str]
    keyboard: Callable[[ClientConnection], Keyboard]


async def type_steadily(seats: Sequence[Seat]) -> tuple[float, float]:
    """Type on every seat at once; return p50 and p99 from keystroke to stored."""
    async with AsyncExitStack() as stack:
        keyboards = [await _sit_down(stack, seat) for seat in seats]
        began = perf_counter()
        gathered = await asyncio.gather(
            *(
                _type(keyboard, began + EVERY_SECONDS * number / len(seats))
                for number, keyboard in enumerate(keyboards)
            )
        )
    waits = [wait for waits in gathered for wait in waits]
    cuts = quantiles(waits, n=100)
    return cuts[49], cuts[98]


async def type_at_once(
    seats: Sequence[Seat], seconds: float, meter: Callable[[], float]
) -> tuple[int, float]:
    """Send the next keystroke as soon as one is stored, for so long.

    Return how many were, and by how much the meter has moved meanwhile.
    """
    async with AsyncExitStack() as stack:
        keyboards = [await _sit_down(stack, seat) for seat in seats]

        async def work(keyboard: Keyboard, end: float) -> int:
            stored = 0
            while perf_counter() < end:
                await keyboard.store(1)
                stored += 1
            return stored

        async def type_all(seconds: float) -> int:
            end = perf_counter() + seconds
            return sum(await asyncio.gather(*(work(each, end) for each in keyboards)))

        await type_all(WARM_UP_SECONDS)
        before = meter()
        stored = await type_all(seconds)
        return stored, meter() - before


async def _sit_down(stack: AsyncExitStack, seat: Seat) -> Keyboard:
    socket = await stack.enter_async_context(
        connect(seat.url, additional_headers=seat.headers, max_size=None)
    )
    keyboard = seat.keyboard(socket)
    await keyboard.open()
    return keyboard


async def _type(keyboard: Keyboard, begin: float) -> list[float]:
    """Press a key every so often; return how long each took to be stored."""
    waits: list[float] = []
    pressed = 0
    end = begin + WARM_UP_SECONDS + SECONDS
    while True:
        due = begin + EVERY_SECONDS * pressed
        if due > end:
            return waits
        await asyncio.sleep(max(0.0, due - perf_counter()))
        # Everything that fell due while the last batch was under way goes now.
        count = int((perf_counter() - due) / EVERY_SECONDS) + 1
        await keyboard.store(count)
        stored_at = perf_counter()
        times = [due + EVERY_SECONDS * number for number in range(count)]
        waits += [stored_at - at for at in times if at >= begin + WARM_UP_SECONDS]
        pressed += count
