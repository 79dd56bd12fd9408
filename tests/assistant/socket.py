"""A page's side of the assistant socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from accounts.models import User
from interviewlm.asgi import application
from interviews.access import cookie_name, grant_candidate
from interviews.models import Interview

Frames = list[dict[str, Any]]


def cookie_header(interview: Interview) -> tuple[bytes, bytes]:
    response = HttpResponse()
    grant_candidate(response, interview, is_secure=False)
    name = cookie_name(interview.pk)
    return b"cookie", f"{name}={response.cookies[name].value}".encode()


def session_header(user: User) -> tuple[bytes, bytes]:
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode()


async def make_socket(
    interview: Interview, *, user: User | None = None
) -> WebsocketCommunicator:
    """The candidate's socket, or that of somebody who is signed in; not open yet."""
    cookie = (
        await sync_to_async(cookie_header)(interview)
        if user is None
        else await sync_to_async(session_header)(user)
    )
    return WebsocketCommunicator(
        application,
        f"/ws/interviews/{interview.pk}/assistant/",
        headers=[(b"origin", b"http://testserver"), (b"host", b"testserver"), cookie],
    )


@asynccontextmanager
async def opened(
    interview: Interview, *, user: User | None = None
) -> AsyncIterator[WebsocketCommunicator]:
    socket = await make_socket(interview, user=user)
    connected, _code = await socket.connect(timeout=10)
    assert connected
    try:
        yield socket
    finally:
        await socket.disconnect(timeout=10)


async def receive_until(
    socket: WebsocketCommunicator, is_last: Callable[[dict[str, Any]], bool]
) -> Frames:
    frames: Frames = []
    while not frames or not is_last(frames[-1]):
        frames.append(await socket.receive_json_from(timeout=15))
    return frames


def is_end(frame: dict[str, Any]) -> bool:
    return frame["type"] in {"turn.finished", "turn.failed", "error"}


def text_of(frames: Frames) -> str:
    return "".join(f["text"] for f in frames if f["type"] == "turn.delta")


async def ask(
    socket: WebsocketCommunicator, text: str, frame_id: str = "ask-00000001"
) -> None:
    await socket.send_json_to({"type": "turn.ask", "id": frame_id, "text": text})
