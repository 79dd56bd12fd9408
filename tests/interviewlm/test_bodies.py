"""Requests that are too large are refused before anything of them is read."""

import asyncio
import hashlib
from tempfile import TemporaryFile
from typing import IO, Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pytest_django.fixtures import Settings

from interviewlm.bodies import BODY_FILE, ENVELOPE_BYTES, BodyLimit
from interviewlm.body_files import BodyFileHandler


@pytest.fixture
def most(settings: Settings) -> int:
    """A limit that is easily reached."""
    settings.LIMITS = {**settings.LIMITS, "chunk_bytes": 100, "kept_file_bytes": 50}
    return 100 + ENVELOPE_BYTES


async def run(*blocks: bytes, length: bytes | None = None) -> dict[str, Any]:
    """Send a body; return the status, what the application read, and how much came."""
    told: dict[str, Any] = {"read": b"", "asked": 0}
    waiting = [*blocks]

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            told["read"] += message["body"]
            if not message["more_body"]:
                await send({"type": "http.response.start", "status": 200})
                return

    async def receive() -> Any:
        told["asked"] += 1
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        told.setdefault("status", message.get("status"))

    headers = [] if length is None else [(b"content-length", length)]
    await BodyLimit(application)({"headers": headers}, receive, send)
    return told


async def test_body_up_to_the_limit_passes(most: int) -> None:
    body = b"x" * most
    told = await run(body[:10], body[10:], length=str(most).encode())

    assert told == {"read": body, "asked": 2, "status": 200}


async def test_body_that_says_it_is_too_large_is_not_read(most: int) -> None:
    told = await run(b"x", length=str(most + 1).encode())

    assert told == {"read": b"", "asked": 1, "status": 413}


@pytest.mark.parametrize("length", [None, b"5", b"none"])
async def test_body_that_does_not_say_so_is_refused_once_it_is(
    most: int, length: bytes | None
) -> None:
    told = await run(b"x" * most, b"y", b"z", length=length)

    assert told["read"] == b"x" * most
    assert told["status"] == 413


# Bodies that a server has put into a file


def file_of(data: bytes) -> IO[bytes]:
    made = TemporaryFile()  # noqa: SIM115 -- closed by what is tested
    made.write(data)
    made.seek(0)
    return made


async def ask(scope: dict[str, Any], *messages: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask Django for the body's length and hash, through both layers."""
    waiting = [*messages]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        # A page that waits for its answer sends nothing more.
        return waiting.pop(0) if waiting else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    whole = {"type": "http", "method": "PUT", "path": "/", "headers": [], **scope}
    await BodyLimit(BodyFileHandler())(whole, receive, send)
    return sent


def show_body(request: HttpRequest) -> HttpResponse:
    """Answer with what arrived."""
    return HttpResponse(hashlib.sha256(request.read()).hexdigest())


async def wait_for_ever(request: HttpRequest) -> HttpResponse:
    """Wait in the event loop; say how it ended."""
    told = request.scope["told"]  # type: ignore[attr-defined]  # ASGI's requests have it
    told["begun"].set()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        told["cancelled_in"] = asyncio.get_running_loop()
        raise
    return HttpResponse()


urlpatterns = [
    path("", show_body),
    path("wait", wait_for_ever),
]
EMPTY = {"type": "http.request", "body": b"", "more_body": False}


@pytest.fixture
def here(settings: Settings) -> None:
    """Only the view of this module, without middleware."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []


@pytest.mark.usefixtures("here")
async def test_body_in_a_file_is_read_from_there_and_the_file_closed() -> None:
    data = b"x" * 200_000
    file = file_of(data)
    sent = await ask({BODY_FILE: file}, EMPTY)
    assert sent[0]["status"] == 200
    assert sent[1]["body"].decode() == hashlib.sha256(data).hexdigest()
    assert file.closed


@pytest.mark.usefixtures("here")
async def test_body_without_a_file_is_read_as_ever() -> None:
    sent = await ask({}, {**EMPTY, "body": b"bytes"})
    assert sent[1]["body"].decode() == hashlib.sha256(b"bytes").hexdigest()


@pytest.mark.usefixtures("here")
async def test_file_of_a_page_that_left_is_closed() -> None:
    file = file_of(b"x")
    assert await ask({BODY_FILE: file}, {"type": "http.disconnect"}) == []
    assert file.closed


# Where middleware and views run


@pytest.mark.usefixtures("here")
async def test_view_that_waits_for_a_page_that_left_is_cancelled() -> None:
    told: dict[str, Any] = {"begun": asyncio.Event()}

    waiting = [EMPTY]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        await told["begun"].wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/wait", "headers": []}
    await BodyFileHandler()({**scope, "told": told}, receive, send)
    assert told["cancelled_in"] == asyncio.get_running_loop()
    assert sent == []
