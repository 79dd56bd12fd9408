"""The product on a loopback port inside the test process, and a real Chromium."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import uvicorn
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.cache import cache
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from interviews.models import Interview
from interviews.tokens import make_token

CHROMIUM = "/usr/bin/chromium"
STARTS_WITHIN = 15.0
# Colours halfway from one theme to the other are nobody's choice; the page hears of
# another theme with the next frame.
SETTLED = """async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    await frame();
    await frame();
    await Promise.allSettled(document.getAnimations()
        .filter((one) => one instanceof CSSTransition).map((one) => one.finished));
}"""


class LiveSite:
    """A running site; `address` is its origin.

    `served` takes the place of the product with static files from where they lie.
    """

    def __init__(self, served: Any = None) -> None:
        # Imported here: loading the routes belongs after the settings are set up.
        from interviewlm.asgi import application  # noqa: PLC0415 -- slow import

        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self._listener = listener
        self.address = f"http://localhost:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            served or _with_static_files(application),
            # Sockets are cut off in the middle here; uvloop calls each of them unclosed.
            loop="asyncio",
            http="httptools",
            reset_contextvars=True,
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, daemon=True
        )

    def start(self) -> None:
        self._thread.start()
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._server.started:
            assert time.monotonic() < deadline, "the site did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(STARTS_WITHIN)
        self._listener.close()


class _WholeStaticFiles(ASGIStaticFilesHandler):
    """Static files read in one go: a page that leaves early leaves no file open."""

    def serve(self, request: HttpRequest) -> HttpResponse | FileResponse:
        response = super().serve(request)
        if not isinstance(response, FileResponse):
            return response
        parts = cast("Iterator[bytes]", response.streaming_content)
        whole = HttpResponse(b"".join(parts), headers=dict(response.items()))
        response.close()
        return whole


def _with_static_files(application: Any) -> Any:
    """Serve static files from where they lie, without collecting them first."""
    static = _WholeStaticFiles(application)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        chosen = static if scope["type"] == "http" else application
        await chosen(scope, receive, send)

    return app


@pytest.fixture
def site(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[LiveSite]:
    """The product, with the test's database and no runner."""
    settings.RUNNER_SOCKET = str(tmp_path / "runner.sock")
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    live = LiveSite()
    settings.PUBLIC_URL = live.address
    settings.CSRF_TRUSTED_ORIGINS = [live.address]
    cache.clear()
    live.start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright; its loop runs in this thread, so Django must not mind."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


Launch = Callable[..., Browser]


@pytest.fixture(scope="module")
def launch(playwright: Playwright) -> Iterator[Launch]:
    """Launch Chromium with the given flags, once for each set of flags."""
    browsers: dict[tuple[str, ...], Browser] = {}

    def start(*flags: str) -> Browser:
        if flags not in browsers:
            browsers[flags] = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", *flags]
            )
        return browsers[flags]

    yield start
    for browser in browsers.values():
        browser.close()


def enter(context: BrowserContext, site: LiveSite, interview: Interview) -> None:
    """Press the button of the link, so that the browser holds the cookie."""
    path = reverse(
        "interviews:candidate-entry", args=[make_token(interview.invitation)]
    )
    context.request.post(f"{site.address}{path}", max_redirects=0)


def address_of(site: LiveSite, interview: Interview, name: str) -> str:
    """Return the absolute address of one of the candidate's pages."""
    return site.address + reverse(f"interviews:interview-{name}", args=[interview.pk])
