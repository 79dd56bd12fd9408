"""Chunks as a web server gives them to Django: written once, and nothing left behind."""

import asyncio
import hashlib
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from interviewlm.bodies import BODY_FILE, BodyLimit
from interviewlm.body_files import BodyFileHandler
from interviewlm.daphne_bodies import LimitedRequest
from interviews.models import Interview
from recordings.models import Chunk
from recordings.storage import PartFile
from tests.factories.interviews import InterviewFactory
from tests.recordings.conftest import Browser, let_in, slices_of_recording
from tests.recordings.test_uploads import files

pytestmark = pytest.mark.django_db(transaction=True)

# Longer than what is handed to a thread at once.
LARGE = bytes(range(256)) * 12_000
BLOCK = 300_000
TOKEN = "t" * 32
SERVERS = ["uvicorn", "daphne"]


def headers_of(client: Client, digest: str) -> list[tuple[bytes, bytes]]:
    cookies = [f"{name}={one.value}" for name, one in client.cookies.items()]
    headers = {
        "host": "testserver",
        "content-type": "video/webm",
        "cookie": "; ".join([*cookies, f"csrftoken={TOKEN}"]),
        "x-csrftoken": TOKEN,
        "x-chunk-sha256": digest,
        "x-chunk-start-ms": "0",
        "x-chunk-duration-ms": "2000",
    }
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def messages_of(data: bytes) -> list[dict[str, Any]]:
    """What uvicorn says of a body."""
    blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)] or [b""]
    return [
        {"type": "http.request", "body": block, "more_body": number < len(blocks)}
        for number, block in enumerate(blocks, 1)
    ]


async def ask(scope: dict[str, Any], *waiting: dict[str, Any]) -> list[dict[str, Any]]:
    coming = [*waiting]
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        return coming.pop(0) if coming else await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await BodyLimit(BodyFileHandler())(scope, receive, send)
    return sent


def put(
    browser: Browser,
    index: int,
    data: bytes,
    *,
    server: str = "uvicorn",
    digest: str = "",
    is_left: bool = False,
) -> tuple[int, dict[str, Any]]:
    """Send a chunk as this server hands it on; (0, {}) where the browser left."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": "PUT",
        "path": f"{browser.base}/{browser.segment}/chunks/{index}",
        "query_string": b"",
        "headers": headers_of(
            browser.client, digest or hashlib.sha256(data).hexdigest()
        ),
    }
    messages = messages_of(data)
    if server == "daphne":
        scope[BODY_FILE] = given_by_daphne(messages)
        messages = messages_of(b"")
    if is_left:
        messages[-1] = {"type": "http.disconnect"}
    sent = asyncio.run(ask(scope, *messages))
    if not sent:
        return 0, {}
    return sent[0]["status"], json.loads(sent[1]["body"])


def given_by_daphne(messages: list[dict[str, Any]]) -> Any:
    """Return what a request of daphne's puts the body of a chunk into."""
    request = LimitedRequest(Mock())
    request.requestHeaders.addRawHeader(b"X-Chunk-Sha256", b"0")
    request.gotLength(None)
    for message in messages:
        request.handleContentChunk(message["body"])
    content: Any = request.content
    assert isinstance(content, PartFile)
    return content


@pytest.mark.parametrize("server", SERVERS)
def test_body_is_moved_into_its_place_and_a_repeat_changes_nothing(
    browser: Browser, media: Path, server: str
) -> None:
    browser.open()
    browser.ticket(1, LARGE)

    assert put(browser, 1, LARGE, server=server)[0] == 201
    [stored] = files(media)
    assert stored.read_bytes() == LARGE
    assert stored == media / Chunk.objects.get().key

    assert put(browser, 1, LARGE, server=server)[0] == 200
    assert files(media) == [stored]


def test_first_chunk_is_looked_into_where_it_lies(browser: Browser) -> None:
    browser.open()
    [data] = slices_of_recording(count=1)

    assert put(browser, 0, data)[0] == 201

    header = browser.stored().header
    assert header
    assert data.startswith(bytes(header))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("data", "digest", "status", "code"),
    [
        (LARGE, "0" * 64, 400, "hash_mismatch"),
        (LARGE[:-1], "", 400, "wrong_size"),
        (b"", "", 400, "bad_request"),
        (LARGE, "", 413, "chunk_too_large"),
    ],
    ids=["hash", "size", "empty", "large"],
)
def test_nothing_stays_of_what_is_refused(
    browser: Browser,
    media: Path,
    settings: Settings,
    server: str,
    data: bytes,
    digest: str,
    status: int,
    code: str,
) -> None:
    browser.open()
    if code == "chunk_too_large":
        settings.LIMITS = {**settings.LIMITS, "chunk_bytes": len(data) - 1}
    if code == "wrong_size":
        browser.ticket(1, data, size=len(LARGE))

    answer = put(browser, 1, data, server=server, digest=digest)

    assert (answer[0], answer[1]["code"]) == (status, code)
    assert files(media) == []


@pytest.mark.parametrize("server", SERVERS)
def test_nothing_stays_of_a_browser_that_left(
    browser: Browser, media: Path, server: str
) -> None:
    browser.open()
    assert put(browser, 1, LARGE, server=server, is_left=True) == (0, {})
    assert files(media) == []


@pytest.mark.parametrize("server", SERVERS)
def test_stranger_is_refused_and_nothing_kept(
    browser: Browser, interview: Interview, media: Path, server: str
) -> None:
    browser.open()
    other = let_in(Client(), InterviewFactory.create(state="active"))

    for client in (Client(), other):
        stranger = Browser(client, interview, browser.segment)
        status, answer = put(stranger, 1, LARGE, server=server)
        assert (status, answer["code"]) == (404, "not_found")
    assert files(media) == []


def test_header_of_a_chunk_takes_no_other_request_past_the_middleware(
    browser: Browser, media: Path
) -> None:
    """Daphne goes by that header alone when it begins a file."""
    headers = [
        one for one in headers_of(browser.client, "0" * 64) if b"csrf" not in one[0]
    ]
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/accounts/login/",
        "query_string": b"",
        "headers": headers,
        BODY_FILE: given_by_daphne(messages_of(LARGE)),
    }

    sent = asyncio.run(ask(scope, *messages_of(b"")))

    assert sent[0]["status"] == 403
    assert b"CSRF" in sent[1]["body"]
    assert files(media) == []


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no file become longer than a little."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("server", SERVERS)
def test_disk_that_is_full_asks_to_try_again(
    browser: Browser, media: Path, server: str
) -> None:
    browser.open()
    with full_disk():
        status, answer = put(browser, 1, LARGE, server=server)

    assert (status, answer["code"], answer["retryable"]) == (
        503,
        "storage_unavailable",
        True,
    )
    assert files(media) == []
    assert put(browser, 1, LARGE, server=server)[0] == 201


def test_folder_that_cannot_be_made_asks_to_try_again(
    browser: Browser, media: Path
) -> None:
    browser.open()
    media.write_text("a file where the folder should be", encoding="utf-8")

    assert put(browser, 1, LARGE)[1]["code"] == "storage_unavailable"
