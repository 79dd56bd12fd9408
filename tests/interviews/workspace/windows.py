"""A window of the workspace as a test drives it: through the whole ASGI application."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import uuid4

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from interviewlm.asgi import application
from interviews.access import grant_candidate
from interviews.models import Interview

Frame = dict[str, Any]
WAIT = 10.0


def candidate_cookies(interview: Interview) -> dict[str, str]:
    """The cookie a candidate got by opening the link."""
    response = HttpResponse()
    grant_candidate(response, interview, is_secure=False)
    return {name: morsel.value for name, morsel in response.cookies.items()}


def member_cookies(user: User) -> dict[str, str]:
    """The cookies of someone who is signed in."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return {settings.SESSION_COOKIE_NAME: client.cookies["sessionid"].value}


def dump(frame: Frame) -> str:
    """JSON as a browser writes it: plain text, only half characters escaped."""
    text = json.dumps(frame, ensure_ascii=False)
    return re.sub(r"[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


class Window:
    """One connected page; every frame it ever got is in `seen`."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self.communicator = communicator
        self.hello: Frame = {}
        self.seen: list[Frame] = []
        self.close_code: int | None = None

    async def send(self, **frame: Any) -> str:
        """Send a frame; `type` is given as `kind`, the id is made when missing."""
        frame.setdefault("id", str(uuid4()))
        frame["type"] = frame.pop("frame")
        await self.communicator.send_to(text_data=dump(frame))
        return str(frame["id"])

    async def send_text(self, text: str) -> None:
        await self.communicator.send_to(text_data=text)

    async def next(self) -> Frame:
        """The next frame; pings are answered, a close is noted as type `closed`."""
        until = monotonic() + WAIT
        while True:
            try:
                left = max(0.01, until - monotonic())
                output = await self.communicator.receive_output(left)
            except TimeoutError:
                kinds = [frame["type"] for frame in self.seen]
                raise AssertionError(f"no frame came after {kinds}") from None
            if output["type"] == "websocket.close":
                self.close_code = output.get("code", 1000)
                return {"type": "closed", "code": self.close_code}
            frame: Frame = json.loads(output["text"])
            self.seen.append(frame)
            if frame["type"] != "ping":
                return frame
            await self.send(frame="pong", t=frame["t"])

    async def until(self, kind: str, /, **fields: Any) -> Frame:
        """The next frame of this type and with these values; others pass by."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and fields.items() <= frame.items():
                return frame
            assert frame["type"] != "closed", f"closed while waiting for {kind}"

    async def ask(self, kind: str, /, **fields: Any) -> Frame:
        """Send a frame and return the first one that echoes its id."""
        frame_id = await self.send(frame=kind, **fields)
        while True:
            frame = await self.next()
            if frame.get("id") == frame_id:
                return frame
            assert frame["type"] != "closed", f"closed while asking {kind}"

    async def until_started(self, begun: Frame) -> None:
        """Wait until a run has started; its first frame may say so already."""
        if begun["type"] != "run.started":
            await self.until("run.started", run=begun["run"])

    async def is_quiet(self) -> bool:
        """Say whether nothing waits after everything sent so far was handled."""
        return bool((await self.ask_ping())["type"] == "pong")

    async def ask_ping(self) -> Frame:
        await self.send(frame="ping", t=1)
        return await self.next()

    async def edit(self, path: str, version: int, changes: list[Any]) -> Frame:
        """Store one change set of this window's editor."""
        updates = [{"client": "editor", "changes": changes}]
        return await self.ask(
            "document.update", path=path, version=version, updates=updates
        )


def connection(
    interview: Interview,
    cookies: Mapping[str, str],
    *,
    origin: str = "http://testserver",
    query: str = "",
) -> WebsocketCommunicator:
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = [(b"host", b"testserver"), (b"cookie", cookie.encode())]
    if origin:
        headers.append((b"origin", origin.encode()))
    path = f"/ws/interviews/{interview.pk}/workspace/{query}"
    return WebsocketCommunicator(application, path, headers=headers)


@asynccontextmanager
async def open_window(
    interview: Interview, *, member: User | None = None, query: str = ""
) -> AsyncIterator[Window]:
    """Open the page of the candidate, or of a member who looks on."""
    if member is None:
        cookies = candidate_cookies(interview)
    else:
        cookies = await sync_to_async(member_cookies)(member)
    window = Window(connection(interview, cookies, query=query))
    accepted, _code = await window.communicator.connect(WAIT)
    assert accepted
    try:
        first = await window.next()
        window.hello = first
        yield window
    finally:
        await window.communicator.disconnect(timeout=WAIT)


async def is_refused(
    interview: Interview, cookies: Mapping[str, str], **more: str
) -> bool:
    """Say whether a socket with these cookies is refused before it is accepted."""
    communicator = connection(interview, cookies, **more)
    accepted, _code = await communicator.connect(WAIT)
    await communicator.disconnect(timeout=WAIT)
    return not accepted


async def wait_until(condition: Any, seconds: float = WAIT) -> None:
    """Wait for something another task does."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 -- the condition belongs to other code
            await asyncio.sleep(0.01)
