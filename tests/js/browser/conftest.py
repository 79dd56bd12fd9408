"""The room in a real Chromium, against the whole site."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, ViewportSize, WebSocketRoute

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.e2e.conftest import (
    SETTLED,
    Launch,
    LiveSite,
    address_of,
    enter,
    launch,
    playwright,
    site,
)
from tests.factories.interviews import InterviewFactory

__all__ = ["launch", "playwright", "site"]

WIDE: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
_AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"


class Room:
    """Windows onto the room of one interview, all of the same candidate."""

    def __init__(
        self, site: LiveSite, interview: Interview, context: BrowserContext
    ) -> None:
        self.interview = interview
        self.context = context
        self.errors: list[str] = []
        self.address = address_of(site, interview, "room")

    def open(self, page: Page | None = None) -> Page:
        """Open one more window, or the room in the given one, and wait for the editor."""
        page = page or self.context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(self.address)
        page.locator(".cm-content").wait_for()
        return page


def take_over(page: Page) -> None:
    """Say yes where a later window asks; without a question it writes already."""
    button = page.get_by_role("button", name="Take over here")
    shown = button.or_(page.locator("[data-state=saved].good"))
    shown.first.wait_for()
    if button.is_visible():
        button.click()
        button.wait_for(state="detached")


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way."""
    return InterviewFactory.create(state=InterviewState.ACTIVE, started_at=now())


@pytest.fixture
def room(site: LiveSite, launch: Launch, interview: Interview) -> Iterator[Room]:
    """The room of the interview; a script error in any window fails the test."""
    context = launch().new_context(viewport=WIDE, reduced_motion="reduce")
    enter(context, site, interview)
    opened = Room(site, interview, context)
    yield opened
    context.close()
    assert opened.errors == []


def find_violations(page: Page) -> list[str]:
    """Return the ids of what axe-core finds wrong with the page, once it is still."""
    page.evaluate(SETTLED)
    page.evaluate(_AXE.read_text())
    found: list[str] = page.evaluate(
        "axe.run().then((result) => result.violations.map((one) => one.id))"
    )
    return found


class FakeAssistant:
    """The assistant socket with the test at its other end."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.rated: list[dict[str, Any]] = []
        # What hello tells beside what it always does.
        self.hello: dict[str, Any] = {}
        self._socket: WebSocketRoute | None = None
        self._sent = 0

    def attend(self, socket: WebSocketRoute) -> None:
        """Say hello and remember what is asked."""
        self._socket = socket
        socket.on_message(self._hear)
        told: dict[str, Any] = {
            "conversation": None,
            "limits": {"message_chars": 10_000, "pasted_code_chars": 50_000},
            "messages": [],
            "live": None,
            "assistant": {"available": True, "message": "", "simulated": False},
        }
        self.send(type="hello", **(told | self.hello))

    def _hear(self, message: str | bytes) -> None:
        frame = json.loads(message)
        if frame["type"] == "turn.ask":
            self.asked.append(frame)
        elif frame["type"] == "turn.stop":
            self.stopped.append(frame["turn"])
        elif frame["type"] == "message.rate":
            rated = {"message": frame["message"], "rating": frame["rating"]}
            self.rated.append(rated)
            self.send(type="message.rated", id=frame["id"], **rated)

    def wait_asked(self, page: Page, count: int) -> dict[str, Any]:
        """Wait until the page asked so often; return the last question."""
        for _ in range(200):
            if len(self.asked) >= count:
                return self.asked[-1]
            page.wait_for_timeout(50)
        raise AssertionError("the question did not arrive")

    def wait_stopped(self, page: Page, turn: str) -> None:
        """Wait until the page asked to stop a turn."""
        for _ in range(100):
            if turn in self.stopped:
                return
            page.wait_for_timeout(20)
        raise AssertionError(turn)

    def send(self, **frame: Any) -> None:
        """Send a frame to the page."""
        assert self._socket is not None
        self._socket.send(json.dumps(frame))

    def begin(self) -> None:
        """Begin to answer the last question."""
        self._sent = 0
        self.send(type="turn.queued", id=self.asked[-1]["id"], turn="t")
        self.send(type="turn.started", id=self.asked[-1]["id"], turn="t", model="m")

    def say(self, text: str) -> None:
        """Stream a piece of the answer."""
        self.send(type="turn.delta", turn="t", offset=self._sent, text=text)
        self._sent += len(text)

    def end(self) -> None:
        """End the answer."""
        self.send(
            type="turn.finished",
            turn="t",
            message="m1",
            stop_reason="end_turn",
            text_length=self._sent,
        )


@pytest.fixture
def assistant(room: Room) -> FakeAssistant:
    """An assistant that says what the test says."""
    fake = FakeAssistant()
    room.context.route_web_socket("**/assistant/", fake.attend)
    return fake
