"""The socket's frames over plain HTTP: what a page does where WebSockets are blocked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import AsyncClient
from pytest_django import Settings

from assistant.api.sse import KEEP_ALIVE, keep_alive
from assistant.models import Turn
from assistant.services.prompts import import_shipped_prompts
from billing.models import Usage
from interviewlm import lines
from interviewlm.asgi import application
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.http import EVENTS, chat_url, make_client, parse_event, post
from tests.assistant.socket import cookie_header
from tests.assistant.turns import use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ANSWERED = "Look at the operator."
ASK = {"type": "turn.ask", "id": "ask-00000001", "text": "Why does it fail?"}


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


@pytest.fixture
def model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> FakeModel:
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_API_KEY = "sk-ant-key-of-the-tests"
    return use(monkeypatch, FakeModel())


class Page:
    """A page without WebSockets, through the whole ASGI application."""

    def __init__(self, interview: Interview, client: AsyncClient) -> None:
        self._interview = interview
        self._client = client
        self._rest = ""
        self._events: list[tuple[str, dict[str, Any]]] = []
        self.line = ""
        self.http: Any = None

    async def open(self) -> None:
        """Ask for the events and wait for the line's name."""
        url = chat_url(self._interview, "/events")
        cookie = await sync_to_async(cookie_header)(self._interview)
        communicator: Any = ApplicationCommunicator
        self.http = communicator(
            application,
            {
                "type": "http",
                "method": "GET",
                "path": url,
                "raw_path": url.encode(),
                "query_string": b"",
                "headers": [(b"host", b"testserver"), cookie],
                "http_version": "1.1",
            },
        )
        await self.http.send_input({"type": "http.request", "body": b""})
        start = await self.http.receive_output(timeout=15)
        assert start["status"] == 200
        headers = dict(start["headers"])
        assert headers[b"Content-Type"] == EVENTS.encode()
        assert headers[b"X-Accel-Buffering"] == b"no"
        name, data = await self.next()
        assert name == "line"
        self.line = data["line"]

    async def next(self) -> tuple[str, dict[str, Any]]:
        while not self._events:
            message = await self.http.receive_output(timeout=15)
            *blocks, self._rest = (self._rest + message["body"].decode()).split("\n\n")
            self._events += [parse_event(b) for b in blocks if not b.startswith(":")]
        return self._events.pop(0)

    async def frame(self, kind: str) -> dict[str, Any]:
        """Return the next frame of this type."""
        while True:
            name, data = await self.next()
            if name == "frame" and data["type"] == kind:
                return data

    async def text(self) -> str:
        """Return the answer as it arrives, to its end."""
        text = ""
        while True:
            _name, data = await self.next()
            if data["type"] == "turn.delta":
                assert data["offset"] == len(text)
                text += data["text"]
            elif data["type"] == "turn.finished":
                return text

    async def send(self, frame: dict[str, Any], line: str = "") -> Any:
        url = chat_url(self._interview, "/frames")
        return await post(
            self._client, url, {"line": line or self.line, "frame": frame}
        )

    async def leave(self) -> None:
        """Close the connection, as a browser does; the server lets go of the line."""
        await self.http.send_input({"type": "http.disconnect"})
        await self.http.wait(timeout=15)


@asynccontextmanager
async def opened(interview: Interview) -> AsyncIterator[Page]:
    page = Page(interview, await make_client(interview))
    await page.open()
    try:
        yield page
    finally:
        await page.leave()


async def test_page_asks_and_reads_the_answer_without_a_websocket(
    interview: Interview, model: FakeModel
) -> None:
    async with opened(interview) as page:
        hello = await page.frame("hello")
        sent = await page.send(ASK)
        queued = await page.frame("turn.queued")
        text = await page.text()

    assert sent.status_code == 202
    assert hello["messages"] == []
    assert queued["id"] == ASK["id"]
    assert text == ANSWERED
    assert lines._open == {}


async def test_page_that_was_cut_off_finds_all_of_the_answer_and_one_bill(
    interview: Interview, model: FakeModel
) -> None:
    model.gate.clear()
    async with opened(interview) as page:
        await page.send(ASK)
        first = await page.frame("turn.delta")
    model.gate.set()
    async with opened(interview) as page:
        hello = await page.frame("hello")
        await page.send(ASK)
        again = await page.frame("turn.queued")
        await page.frame("turn.finished")

    told = hello["live"]["text"] if hello["live"] else hello["messages"][-1]["text"]
    assert ANSWERED.startswith(first["text"])
    assert ANSWERED.startswith(told)
    assert told
    assert again["turn"] == first["turn"]
    assert await Turn.objects.acount() == 1
    assert await Usage.objects.acount() == 1


async def test_question_of_another_window_is_followed_here_too(
    interview: Interview, model: FakeModel
) -> None:
    async with opened(interview) as page, opened(interview) as other:
        await page.frame("hello")
        await other.frame("hello")
        await other.send(ASK)
        started = await page.frame("turn.started")
        text = await page.text()

    assert started["model"]
    assert text == ANSWERED


async def test_bad_frame_is_told_as_on_the_socket(interview: Interview) -> None:
    async with opened(interview) as page:
        await page.frame("hello")
        await page.send({"type": "turn.nonsense", "id": "frame-0001"})
        error = await page.frame("error")

    assert (error["id"], error["code"]) == ("frame-0001", "bad_frame")


async def test_line_of_another_interview_or_one_that_ended_takes_nothing(
    interview: Interview, settings: Settings
) -> None:
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    async with opened(other) as theirs, opened(interview) as page:
        forged = await page.send(ASK, line=theirs.line)
        unnamed = await page.send(ASK, line="x")
    # Over Redis nobody knows whether another process has it: the frame is lost.
    late = await page.send(ASK)

    for refused in (forged, unnamed):
        assert (refused.status_code, refused.json()["code"]) == (409, "line_gone")
    assert late.status_code == (202 if settings.REDIS_URL else 409)
    assert not await Turn.objects.aexists()


async def test_interview_that_is_over_is_told_and_the_line_closed(
    interview: Interview,
) -> None:
    interview.state = InterviewState.COMPLETED
    await interview.asave(update_fields=["state"])
    page = Page(interview, await make_client(interview))
    await page.open()
    ended = await page.frame("interview.ended")
    await page.frame("error")
    name, close = await page.next()
    await page.http.wait(timeout=15)

    assert ended["state"] == "completed"
    assert (name, close["code"]) == ("close", 4410)


async def test_frame_reaches_a_line_of_another_process_through_the_layer(
    interview: Interview, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(interview) as page:
        await page.frame("hello")
        # As in another process: the line is not here, and the layer is shared.
        there = dict(lines._open)
        lines._open.clear()
        monkeypatch.setattr(lines, "InMemoryChannelLayer", ())
        sent = await page.send(ASK)
        lines._open.update(there)
        text = await page.text()

    assert sent.status_code == 202
    assert text == ANSWERED


async def test_one_interview_has_only_so_many_lines(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 1)
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    cookies: dict[str, str] = {}
    async with opened(interview), opened(other):
        refused = [event async for event in lines.Line(interview.pk, cookies).events()]

    assert [parse_event(event.decode().strip()) for event in refused] == [
        ("close", {"code": 1013})
    ]


@pytest.mark.parametrize(
    ("size", "status"),
    [
        pytest.param(1_000_000, 400, id="than-a-frame"),
        pytest.param(3_000_000, 413, id="than-a-request"),
    ],
)
async def test_frame_that_is_larger_is_refused(
    interview: Interview, size: int, status: int
) -> None:
    async with opened(interview) as page:
        refused = await page.send({**ASK, "text": "x" * size})

    assert refused.status_code == status
    assert refused.json()["retryable"] is False


async def test_silence_is_broken_by_comments() -> None:
    said = asyncio.Event()

    async def speak() -> AsyncIterator[bytes]:
        await said.wait()
        yield b"data: 1\n\n"

    parts = keep_alive(speak(), seconds=0.01)
    assert await anext(parts) == KEEP_ALIVE
    said.set()
    while (part := await anext(parts)) == KEEP_ALIVE:
        pass
    assert part == b"data: 1\n\n"
    assert [one async for one in parts] == []
