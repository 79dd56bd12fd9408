"""Requests that are too large are refused before anything of them is read."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from interviewlm.bodies import ENVELOPE_BYTES, BodyLimit


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

    assert told == {"read": b"", "asked": 0, "status": 413}


@pytest.mark.parametrize("length", [None, b"5", b"none"])
async def test_body_that_does_not_say_so_is_cut_off(
    most: int, length: bytes | None
) -> None:
    told = await run(b"x" * most, b"y", b"z", length=length)

    assert told == {"read": b"x" * most, "asked": 2}
