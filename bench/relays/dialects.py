"""How each relay is spoken to: what opens a socket, a question, tokens, the end."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4


class Dialect(Protocol):
    """What the load says to one relay, and how it reads the answers.

    `opens_ready`: it may ask as soon as the socket is open.
    """

    opens_ready: bool

    def replies(self, frame: bytes) -> list[str]:
        """Return what must be answered at once, as a page would."""

    def is_ready(self, frame: bytes) -> bool:
        """Say whether the question may be asked from here on."""

    def question(self) -> str:
        """Return the frame that asks."""

    def is_text(self, frame: bytes) -> bool:
        """Say whether the frame brings new text."""

    def is_end(self, frame: bytes) -> bool:
        """Say whether the answer is whole."""


class Bare:
    """The bare relay: text in, small JSON out."""

    opens_ready = True

    def replies(self, _frame: bytes) -> list[str]:
        return []

    def is_ready(self, _frame: bytes) -> bool:
        return True

    def question(self) -> str:
        return "How do I keep an answer whole?"

    def is_text(self, frame: bytes) -> bool:
        return b'"delta"' in frame[:24]

    def is_end(self, frame: bytes) -> bool:
        return b'"done"' in frame[:24]


class Ours:
    """The assistant socket; each question in a conversation of its own."""

    opens_ready = False

    def replies(self, frame: bytes) -> list[str]:
        """Say how far it has read, when asked: the server sends no further ahead."""
        if b'"type": "ping"' not in frame[:24]:
            return []
        return [json.dumps({"type": "pong", "t": json.loads(frame)["t"]})]

    def is_ready(self, frame: bytes) -> bool:
        return b'"hello"' in frame[:24]

    def question(self) -> str:
        return json.dumps(
            {
                "type": "turn.ask",
                "id": str(uuid4()),
                "text": "How do I keep an answer whole?",
                "conversation": str(uuid4()),
            }
        )

    def is_text(self, frame: bytes) -> bool:
        return b'"turn.delta"' in frame[:96]

    def is_end(self, frame: bytes) -> bool:
        if b'"type": "turn.failed"' in frame or b'"type": "error"' in frame:
            raise RuntimeError(frame.decode())
        return b'"type": "turn.finished"' in frame


class Chainlit:
    """Socket.IO over one WebSocket, as Chainlit's own page speaks it."""

    opens_ready = False

    def __init__(self) -> None:
        self._has_asked = False

    def replies(self, frame: bytes) -> list[str]:
        if frame == b"2":
            return ["3"]
        if frame.startswith(b"0{"):
            session = {"sessionId": str(uuid4()), "clientType": "webapp"}
            return [f"40{json.dumps(session)}"]
        return ['42["connection_successful"]'] if frame.startswith(b"40{") else []

    def is_ready(self, frame: bytes) -> bool:
        return frame.startswith(b'42["clear_call_fn"')

    def question(self) -> str:
        self._has_asked = True
        message = {
            "id": str(uuid4()),
            "threadId": "",
            "name": "User",
            "type": "user_message",
            "output": "How do I keep an answer whole?",
            "createdAt": "2026-01-01T00:00:00Z",
        }
        asked = ["client_message", {"message": message, "fileReferences": []}]
        return f"42{json.dumps(asked)}"

    def is_text(self, frame: bytes) -> bool:
        return frame.startswith((b'42["stream_token"', b'42["stream_start"'))

    def is_end(self, frame: bytes) -> bool:
        return self._has_asked and frame.startswith(b'42["task_end"')


@dataclass(frozen=True)
class Seat:
    """Where one socket is opened: a path on the relay, the headers of a page."""

    path: str
    headers: dict[str, str]


DIALECTS: dict[str, Callable[[], Dialect]] = {
    "bare": Bare,
    "ours": Ours,
    "chainlit": Chainlit,
}
