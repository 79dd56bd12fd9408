"""A candidate's page as far as its sockets go, over the network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from interviews.models import Interview
from tests.e2e.stack import Stack
from tests.interviews.workspace.windows import candidate_cookies

Frame = dict[str, Any]
WAIT = 15.0


class Page:
    """One open socket; `hello` is what the server said first."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.hello = self.until("hello")

    def send(self, kind: str, /, **fields: Any) -> str:
        """Send a frame and return its id, made here unless given."""
        frame: Frame = {"type": kind, "id": str(uuid4()), **fields}
        self._connection.send(json.dumps(frame))
        return str(frame["id"])

    def next(self) -> Frame:
        """Return the next frame."""
        frame: Frame = json.loads(self._connection.recv(WAIT))
        return frame

    def until(self, *kinds: str) -> Frame:
        """Return the next frame of one of these types; others pass by."""
        while (frame := self.next())["type"] not in kinds:
            assert frame["type"] != "error" or "error" in kinds, frame
        return frame

    def ask(self, kind: str, /, **fields: Any) -> Frame:
        """Send a frame and return the first that echoes its id."""
        frame_id = self.send(kind, **fields)
        while (frame := self.next()).get("id") != frame_id:
            pass
        return frame


@contextmanager
def open_page(
    stack: Stack, interview: Interview, name: str, *, web: str = "web"
) -> Iterator[Page]:
    """Open the candidate's socket of this name; a killed server closes it."""
    cookies = candidate_cookies(interview)
    header = "; ".join(f"{key}={value}" for key, value in cookies.items())
    port = stack.ports[web]
    address = f"ws://127.0.0.1:{port}/ws/interviews/{interview.pk}/{name}/"
    with connect(
        address,
        origin=Origin(stack.url),
        additional_headers={"Cookie": header},
        open_timeout=WAIT,
        close_timeout=1,
    ) as connection:
        yield Page(connection)
