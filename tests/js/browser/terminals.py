"""The other end of the room's terminal sockets, for tests of the page alone."""

import json
import struct
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, WebSocketRoute

PROMPT = "\x1b[?2004h~/two-sum$ "


class FakeShell:
    """One terminal: what the page sent, and what the test prints."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.typed = b""
        self.frames: list[dict[str, Any]] = []
        self.queries: list[dict[str, list[str]]] = []
        self.printed = b""
        self._socket: WebSocketRoute | None = None

    def attend(self, socket: WebSocketRoute, hello: dict[str, Any]) -> None:
        """Say hello, and again all that was printed after what the page has."""
        self._socket = socket
        query = parse_qs(urlsplit(socket.url).query)
        self.queries.append(query)
        socket.on_message(self._hear)
        after = min(int(query.get("after", ["0"])[0]), len(self.printed))
        told: dict[str, Any] = {
            "version": 1,
            "name": self.name,
            "is_new": not self.printed,
            "shell": "g1/1",
            "generation": "g1",
            "started_at": "2026-11-22T08:00:00Z",
            "offset": after,
            "head": len(self.printed),
            "rows": 24,
            "cols": 80,
            "is_driver": True,
            "limits": {"ack_bytes": 131_072, "window_bytes": 524_288},
        }
        self.send(type="hello", **(told | hello))
        if self.printed[after:]:
            self._send_bytes(after, self.printed[after:])

    def _hear(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.typed += message
        else:
            self.frames.append(json.loads(message))

    def send(self, **frame: Any) -> None:
        """Send a frame to the page."""
        assert self._socket is not None
        self._socket.send(json.dumps(frame))

    def say(self, text: str | bytes) -> None:
        """Print."""
        data = text.encode() if isinstance(text, str) else text
        offset = len(self.printed)
        self.printed += data
        self._send_bytes(offset, data)

    def _send_bytes(self, offset: int, data: bytes) -> None:
        assert self._socket is not None
        for at in range(0, len(data), 32_768):
            head = struct.pack(">Q", offset + at)
            self._socket.send(head + data[at : at + 32_768])

    def cut(self) -> None:
        """Lose the connection."""
        assert self._socket is not None
        self._socket.close(code=1013)

    def until(self, page: Page, is_so: Callable[["FakeShell"], bool]) -> None:
        """Wait until something is so of what the page sent."""
        for _ in range(300):
            if is_so(self):
                return
            page.wait_for_timeout(30)
        raise AssertionError((self.typed[-200:], self.frames[-5:]))


class FakeTerminals:
    """A workspace where shells can be had, and the shells."""

    def __init__(self) -> None:
        self.shells: dict[str, FakeShell] = {}
        # What hello tells beside what it always does.
        self.hello: dict[str, Any] = {}

    def __getitem__(self, name: str) -> FakeShell:
        return self.shells.setdefault(name, FakeShell(name))

    def attend(self, socket: WebSocketRoute) -> None:
        """Be the terminal that the address names."""
        name = urlsplit(socket.url).path.rstrip("/").rsplit("/", 1)[-1]
        self[name].attend(socket, self.hello)

    def attend_workspace(self, near: WebSocketRoute) -> None:
        """Pass everything on; only that code can be run is said here."""
        far = near.connect_to_server()
        near.on_message(far.send)

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "hello":
                frame["running"] = {"available": True, "message": ""}
                message = json.dumps(frame)
            near.send(message)

        far.on_message(pass_on)

    def wait_for(self, page: Page, name: str) -> FakeShell:
        """Wait until the page has come to a terminal."""
        self[name].until(page, lambda shell: bool(shell.queries))
        return self[name]


def screen_text(page: Page) -> str:
    """Return what the terminal that is shown shows."""
    return str(page.locator(".terminal-screen:visible .xterm-rows").inner_text())
