"""A page's side of the assistant socket."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.http import HttpResponse

from interviewlm.asgi import application
from interviews.access import cookie_name, grant_candidate
from interviews.models import Interview

Frames = list[dict[str, Any]]


def cookie_header(interview: Interview) -> tuple[bytes, bytes]:
    response = HttpResponse()
    grant_candidate(response, interview, is_secure=False)
    name = cookie_name(interview.pk)
    return b"cookie", f"{name}={response.cookies[name].value}".encode()


@asynccontextmanager
async def opened(
    interview: Interview, *, as_candidate: bool = True
) -> AsyncIterator[WebsocketCommunicator]:
    headers = [(b"origin", b"http://testserver"), (b"host", b"testserver")]
    if as_candidate:
        headers.append(await sync_to_async(cookie_header)(interview))
    socket = WebsocketCommunicator(
        application, f"/ws/interviews/{interview.pk}/assistant/", headers=headers
    )
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
