"""A file with a hole in Firefox: it is sought into, and played through."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.recordings.media.recorded import assemble_into, cut, record, segment
from tests.recordings.media.test_browser_recorder import PLAY_PAST, SEEK
from tests.recordings.media.upload_server import UploadServer

pytestmark = pytest.mark.browser

FIREFOX = Path("/usr/bin/firefox-esr")


@pytest.fixture
def server() -> Iterator[UploadServer]:
    running = UploadServer()
    yield running
    running.close()


@pytest.fixture
def page(server: UploadServer) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.firefox.launch(
            # Debian's own: the one that a tester can install.
            channel="moz-firefox",
            executable_path=FIREFOX,
            firefox_user_prefs={"media.autoplay.default": 0},
        )
        opened = browser.new_page()
        opened.goto(server.url)
        yield opened
        browser.close()


@pytest.mark.skipif(not FIREFOX.exists(), reason="Firefox ESR is not installed")
def test_hole_is_sought_into_and_played_through(
    page: Page, server: UploadServer, tmp_path: Path
) -> None:
    assembly, sinks = assemble_into(tmp_path, segment(cut(record()), without=[3]))
    server.kept.media = sinks[0].path
    [hole] = assembly.holes

    inside = (hole.start_ms + hole.end_ms) / 2000
    duration, _current = page.evaluate(SEEK, [7.5, inside])
    reached = page.evaluate(PLAY_PAST, hole.end_ms / 1000 + 0.3)

    assert duration == pytest.approx(assembly.files[0].duration_ms / 1000, abs=0.1)
    assert reached >= hole.end_ms / 1000
