"""Terminals of real processes: a page that stalls in a flood, and a server killed with -9."""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from interviews.models import Event, Interview
from interviews.terminals import WINDOW_BYTES, unpack_chunks
from tests.e2e.chaos.conftest import interview, stack
from tests.e2e.stack import Stack, wait_until
from tests.interviews.workspace.windows import candidate_cookies

__all__ = ["interview", "stack"]

# A page that holds what it was never asked to hold would cost far more.
MOST_GROWTH = 32 * 1024 * 1024
WAIT = 60


class Page:
    """A page at a terminal; it shows nothing unless `read` is called."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.shown = b""
        self.upto = 0

    def send(self, kind: str, **fields: object) -> None:
        self._socket.send(json.dumps({"type": kind, **fields}))

    def type(self, text: bytes) -> None:
        self._socket.send(text)

    def read(self) -> str:
        """Take one frame; return its type."""
        frame = self._socket.recv(timeout=WAIT)
        if isinstance(frame, str):
            return str(json.loads(frame)["type"])
        (offset,) = struct.unpack(">Q", frame[:8])
        self.shown += frame[8:]
        self.upto = offset + len(frame) - 8
        return "output"

    def until(self, kind: str) -> None:
        while self.read() != kind:
            pass

    def until_shown(self, text: bytes) -> None:
        while text not in self.shown:
            self.read()
            self.send("ack", upto=self.upto)


@contextmanager
def open_page(stack: Stack, interview: Interview, name: str) -> Iterator[Page]:
    cookies = candidate_cookies(interview).items()
    headers = {"Cookie": "; ".join(f"{key}={value}" for key, value in cookies)}
    address = f"ws://127.0.0.1:{stack.ports['web']}/ws/interviews/{interview.pk}"
    with connect(
        f"{address}/terminal/{name}/?writer=this-window",
        origin=Origin(stack.url),
        additional_headers=headers,
        open_timeout=WAIT,
        max_size=None,
    ) as socket:
        page = Page(socket)
        page.until("hello")
        yield page


def memory_of(pid: int) -> int:
    """What a process has in memory, in bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


@pytest.mark.parametrize(
    "server", ["daphne", pytest.param("uvicorn", marks=pytest.mark.long)]
)
def test_page_that_stalls_costs_one_window(
    server: str, stack: Stack, interview: Interview
) -> None:
    stack.env["WEB_SERVER"] = server
    stack.start("runner", "web")
    with (
        open_page(stack, interview, "1") as stalled,
        open_page(stack, interview, "2") as other,
    ):
        other.type(b"echo wa''rm\r")
        other.until_shown(b"warm")
        before = memory_of(stack.pid("web"))
        stalled.type(b"yes\r")
        for number in range(15):
            other.type(f"sleep 0.1; echo go''es-on-{number};\r".encode())
            other.until_shown(f"goes-on-{number}\r".encode())
        growth = memory_of(stack.pid("web")) - before
        stalled.send("ping")
        stalled.until("pong")
        held = len(stalled.shown)
        stalled.type(b"\x03")
        stalled.send("ack", upto=stalled.upto)
        stalled.type(b"echo af''ter\r")
        stalled.until_shown(b"after")

    assert WINDOW_BYTES // 2 < held <= WINDOW_BYTES
    assert growth < MOST_GROWTH


def read_recorded(interview: Interview) -> bytes:
    """All output that is on the timeline."""
    events = Event.objects.filter(interview=interview, kind="terminal.output")
    blocks = events.order_by("seq").values_list("payload__data", flat=True)
    return b"".join(data for each in blocks for _at, data in unpack_chunks(each))


@pytest.mark.long
def test_record_goes_on_when_the_process_that_keeps_it_is_killed(
    stack: Stack, interview: Interview
) -> None:
    stack.start("runner", "web")
    with open_page(stack, interview, "1") as page:
        page.type(b"echo o''ne\r")
        page.until_shown(b"one\r")
        wait_until(lambda: b"one\r" in read_recorded(interview), "it is on record")
        page.type(b"echo t''wo\r")
        page.until_shown(b"two\r")
        stack.kill("web")
    stack.start("web")
    with open_page(stack, interview, "1") as page:
        page.type(b"echo th''ree; exit\r")
        page.until("exit")
        ended = Event.objects.filter(interview=interview, kind="terminal.ended")
        wait_until(ended.exists, "the rest is on record, too")

    assert b"two\r" in page.shown
    assert read_recorded(interview) == page.shown
