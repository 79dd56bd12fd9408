"""A window at a terminal as a test drives it: through the whole ASGI application."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.models import User
from interviewlm.asgi import application
from interviews.models import Event, Interview
from interviews.services.presence import WritingWindow, take_writing
from interviews.terminals import unpack_chunks
from tests.interviews.workspace.windows import (
    WAIT,
    candidate_cookies,
    member_cookies,
)

Frame = dict[str, Any]
Record = list[tuple[str, dict[str, Any]]]
WRITER = "the-writing-window"


class TerminalWindow:
    """One connected page. `shown` is every byte it got, from the first hello's offset."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator
        self.seen: list[Frame] = []
        self.hello: Frame = {}
        self.shown = b""
        self.upto = 0
        self.close_code: int | None = None

    async def send(self, kind: str, /, **fields: Any) -> None:
        await self.communicator.send_to(text_data=json.dumps({"type": kind, **fields}))

    async def type(self, data: bytes) -> None:
        await self.communicator.send_to(bytes_data=data)

    async def next(self, seconds: float = WAIT) -> Frame:
        """The next frame; bytes are `output`, a close is `closed`."""
        try:
            output = await self.communicator.receive_output(seconds)
        except TimeoutError:
            kinds = [frame["type"] for frame in self.seen]
            last = self.shown[-200:]
            raise AssertionError(f"nothing came after {kinds}: {last!r}") from None
        if output["type"] == "websocket.close":
            self.close_code = output.get("code", 1000)
            frame: Frame = {"type": "closed", "code": self.close_code}
        elif output.get("bytes"):
            (offset,) = struct.unpack(">Q", output["bytes"][:8])
            data = output["bytes"][8:]
            frame = {"type": "output", "offset": offset, "data": data}
            self.shown += data
            self.upto = offset + len(data)
        else:
            frame = json.loads(output["text"])
            if frame["type"] == "hello":
                self.hello, self.upto = frame, frame["offset"]
        self.seen.append(frame)
        return frame

    async def until(self, kind: str, /, **fields: Any) -> Frame:
        """The next frame of this type and with these values; others pass by."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and fields.items() <= frame.items():
                return frame
            assert frame["type"] != "closed", f"closed while waiting for {kind}"

    async def until_shown(self, text: bytes) -> None:
        """Wait until these bytes have come."""
        while text not in self.shown:
            frame = await self.next()
            assert frame["type"] != "closed", f"closed while waiting for {text!r}"

    async def until_closed(self) -> int | None:
        """Wait until the server has closed the socket; return the code."""
        while (await self.next())["type"] != "closed":
            pass
        return self.close_code

    async def ping(self) -> None:
        """Wait until everything sent so far was handled."""
        await self.send("ping")
        await self.until("pong")


def terminal_connection(
    interview: Interview,
    cookies: Mapping[str, str],
    *,
    name: str = "1",
    query: str = "",
) -> WebsocketCommunicator:
    """A socket of a terminal, not yet open."""
    cookie = "; ".join(f"{key}={value}" for key, value in cookies.items())
    headers = [
        (b"host", b"testserver"),
        (b"origin", b"http://testserver"),
        (b"cookie", cookie.encode()),
    ]
    path = f"/ws/interviews/{interview.pk}/terminal/{name}/?{query}"
    return WebsocketCommunicator(application, path, headers=headers)


async def write_here(interview: Interview, token: str = WRITER) -> None:
    """Make the window with this token the candidate's that writes."""
    window = WritingWindow(token)
    await sync_to_async(take_writing)(interview.pk, window)


@asynccontextmanager
async def open_terminal(
    interview: Interview,
    *,
    member: User | None = None,
    writer: str = WRITER,
    **fields: Any,
) -> AsyncIterator[TerminalWindow]:
    """Open a terminal in a window of the candidate, or of a member who watches."""
    name = str(fields.pop("name", "1"))
    if member is None:
        cookies = candidate_cookies(interview)
        fields["writer"] = writer
    else:
        cookies = await sync_to_async(member_cookies)(member)
        fields["as"] = "member"
    query = "&".join(f"{key}={value}" for key, value in fields.items())
    window = TerminalWindow(
        terminal_connection(interview, cookies, name=name, query=query)
    )
    accepted, _code = await window.communicator.connect(WAIT)
    assert accepted
    try:
        yield window
    finally:
        await window.communicator.disconnect(timeout=WAIT)


async def is_terminal_refused(interview: Interview, cookies: Mapping[str, str]) -> bool:
    """Say whether a socket with these cookies is refused before it is accepted."""
    for query in ("writer=x", "as=member"):
        communicator = terminal_connection(interview, cookies, query=query)
        accepted, _code = await communicator.connect(WAIT)
        await communicator.disconnect(timeout=WAIT)
        if accepted:
            return False
    return True


async def read_record(interview: Interview) -> Record:
    """What the timeline has of terminals: kinds and payloads, output unpacked."""
    events = Event.objects.filter(interview=interview, kind__startswith="terminal.")
    found = []
    async for kind, payload in events.order_by("seq").values_list("kind", "payload"):
        if "data" in payload:
            chunks = unpack_chunks(payload.pop("data"))
            payload["bytes"] = b"".join(data for _at, data in chunks)
        found.append((kind, payload))
    return found


async def until_recorded(
    interview: Interview, is_enough: Callable[[Record], bool]
) -> Record:
    """Wait until the timeline has what is asked for; return all of it."""
    async with asyncio.timeout(WAIT):
        while not is_enough(record := await read_record(interview)):  # noqa: ASYNC110 -- another task writes it
            await asyncio.sleep(0.02)
    return record


def recorded_bytes(record: Record) -> bytes:
    """All output that is on record, joined."""
    return b"".join(each.get("bytes", b"") for _kind, each in record)


def has_ended(record: Record) -> bool:
    """Whether the last thing on record is an end."""
    return bool(record) and record[-1][0] == "terminal.ended"
