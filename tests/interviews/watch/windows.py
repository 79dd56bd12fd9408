"""Windows of members who watch, opened as the watch page opens them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.models import User
from interviewlm.asgi import application
from interviews.models import Interview
from tests.interviews.workspace.windows import (
    WAIT,
    Frame,
    Window,
    member_cookies,
)


def watch_connection(
    interview: Interview, cookies: Mapping[str, str], *, socket: str = "workspace"
) -> WebsocketCommunicator:
    """A socket of the watch page, not yet open."""
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    headers = [
        (b"host", b"testserver"),
        (b"origin", b"http://testserver"),
        (b"cookie", cookie.encode()),
    ]
    path = f"/ws/interviews/{interview.pk}/{socket}/?as=member"
    return WebsocketCommunicator(application, path, headers=headers)


@asynccontextmanager
async def open_watch(
    interview: Interview, user: User, *, extra: Mapping[str, str] | None = None
) -> AsyncIterator[Window]:
    """Open the watch page of a member; `extra` are more cookies of their browser."""
    cookies = await sync_to_async(member_cookies)(user)
    window = Window(watch_connection(interview, {**(extra or {}), **cookies}))
    accepted, _code = await window.communicator.connect(WAIT)
    assert accepted
    try:
        window.hello = await window.next()
        yield window
    finally:
        await window.communicator.disconnect(timeout=WAIT)


async def is_let_in(
    interview: Interview, user: User, *, socket: str = "workspace"
) -> bool:
    """Say whether a member's socket is accepted."""
    cookies = await sync_to_async(member_cookies)(user)
    communicator = watch_connection(interview, cookies, socket=socket)
    accepted, _code = await communicator.connect(WAIT)
    await communicator.disconnect(timeout=WAIT)
    return accepted


async def until_soon(window: Window, kind: str, /, **fields: object) -> Frame:
    """The next such frame; fails where clocks keep coming but never this one."""
    async with asyncio.timeout(WAIT):
        return await window.until(kind, **fields)


async def until_watched_by(window: Window, *names: str) -> Frame:
    """Wait until a window is told that exactly these people watch."""
    while True:
        frame = await until_soon(window, "presence.watchers")
        if sorted(each["name"] for each in frame["watchers"]) == sorted(names):
            return frame


async def until_candidate(window: Window, *, connected: bool) -> Frame:
    """Wait until a watcher is told so of the candidate."""
    return await until_soon(window, "presence.candidate", connected=connected)
