"""What a socket still has to say: bounded, in order, at the reader's pace."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

logger = logging.getLogger(__name__)

MAX_WAITING = 256
WINDOW_CHARS = 1024 * 1024
PING_AFTER_CHARS = 256 * 1024
STALLED_SECONDS = 30.0
FLUSH_SECONDS = 2.0

Send = Callable[[str], Awaitable[None]]
GiveUp = Callable[[], Awaitable[None]]


class Outbound:
    """A queue in front of one socket.

    Some servers buffer without bound for a reader that stalls (daphne), so the page
    answers a ping every 256 KiB, and no more than a window of text goes unanswered.
    `post` never waits: a socket that is too far behind is given up, and its page
    comes back to a fresh `hello`. `push` waits, for senders that can be slowed down.
    `post_latest` is for what only its last value counts: it takes one place at most.
    """

    def __init__(self, send: Send, give_up: GiveUp) -> None:
        self._send = send
        self._give_up = give_up
        self._queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue(MAX_WAITING)
        self._latest: dict[str, dict[str, Any]] = {}
        self._sent = 0
        self._confirmed = 0
        self._pinged = 0
        self._room = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send; frames posted before wait."""
        self._sender = asyncio.create_task(self._send_all())

    def post(self, frame: Mapping[str, Any]) -> None:
        """Queue a frame, or give the socket up if it is too far behind."""
        try:
            self._queue.put_nowait(frame)
        except asyncio.QueueFull:
            self._fail("too far behind")

    def post_latest(self, key: str, frame: Mapping[str, Any]) -> None:
        """Queue a frame in place of the one under this key that still waits.

        Left out where the socket is far behind: the next one tells as much.
        """
        waiting = self._latest.get(key)
        if waiting is not None:
            waiting.clear()
            waiting.update(frame)
        elif not self._queue.full():
            self._latest[key] = {**frame}
            self._queue.put_nowait(self._latest[key])

    async def push(self, frame: Mapping[str, Any]) -> None:
        """Queue a frame as soon as there is room."""
        await self._queue.put(frame)

    def confirm(self, sent: float | None) -> None:
        """The page has read everything up to the ping it answers."""
        if sent is not None and self._confirmed < sent <= self._sent:
            self._confirmed = int(sent)
            self._room.set()

    async def flush(self) -> None:
        """Wait until everything is sent, for a short time at most."""
        if self._sender is None or self._sender.done():
            return
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._queue.join()
        except TimeoutError:
            logger.info("A socket closed with frames unsent")

    async def stop(self) -> None:
        """End the sending; what is queued is dropped."""
        tasks = [task for task in (self._sender, self._closing) if task is not None]
        for task in tasks:
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send_all(self) -> None:
        while True:
            frame = await self._queue.get()
            try:
                await self._wait_for_room()
                self._forget_latest(frame)
                await self._send_one(frame)
            except TimeoutError:
                self._fail("stalled")
                return
            except (OSError, RuntimeError):
                # The connection is gone; the server tells the consumer by itself.
                return
            finally:
                self._queue.task_done()

    def _forget_latest(self, frame: Mapping[str, Any]) -> None:
        for key, waiting in self._latest.items():
            if waiting is frame:
                del self._latest[key]
                return

    async def _send_one(self, frame: Mapping[str, Any]) -> None:
        text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
        await self._send(text)
        self._sent += len(text)
        if self._sent - self._pinged >= PING_AFTER_CHARS:
            self._pinged = self._sent
            await self._send(json.dumps({"type": "ping", "t": self._sent}))

    async def _wait_for_room(self) -> None:
        async with asyncio.timeout(STALLED_SECONDS):
            while self._sent - self._confirmed > WINDOW_CHARS:
                self._room.clear()
                await self._room.wait()

    def _fail(self, why: str) -> None:
        if self._closing is None:
            logger.info("Giving a socket up: %s", why)
            self._closing = asyncio.create_task(self._close())

    async def _close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self._give_up()
