"""The running site, Chromium and Firefox ESR, as the recording's tests use them."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright

from tests.e2e.conftest import CHROMIUM
from tests.e2e.conftest import launch as launch
from tests.e2e.conftest import playwright as playwright
from tests.e2e.conftest import site as site

FIREFOX = "/usr/bin/firefox-esr"
FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream=fps=10",
)
PREFS: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "browser.sessionstore.resume_from_crash": False,
    "toolkit.startup.max_resumed_crashes": -1,
    # A question before leaving would keep a page from being reloaded.
    "dom.disable_beforeunload": True,
}
# A small camera: what is tested does not depend on the size of the picture.
SMALL_CAMERA = """(() => {
  const media = navigator.mediaDevices;
  const open = media.getUserMedia.bind(media);
  media.getUserMedia = ({ audio, video }) =>
    open({ audio, video: video && { width: 160, height: 120, frameRate: 10 } });
})()"""


@dataclass
class Kept:
    """A browser with a profile of its own, which outlives it."""

    context: BrowserContext
    profile: Path

    def kill(self) -> None:
        """End the browser's own processes at once, as a crash does."""
        for pid in _processes_with(str(self.profile)):
            os.kill(pid, signal.SIGKILL)


StartKept = Callable[[], Kept]


@pytest.fixture(params=["chromium", "firefox"])
def engine(request: pytest.FixtureRequest) -> str:
    """The browser under test."""
    name: str = request.param
    if name == "firefox" and not Path(FIREFOX).exists():
        pytest.skip("Firefox ESR is not installed")
    return name


@pytest.fixture(scope="module")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """A Firefox without a profile of its own, to play what was recorded."""
    if not Path(FIREFOX).exists():
        pytest.skip("Firefox ESR is not installed")
    browser = playwright.firefox.launch(
        channel="moz-firefox", executable_path=FIREFOX, firefox_user_prefs=PREFS
    )
    yield browser
    browser.close()


@pytest.fixture
def start_kept(
    playwright: Playwright, engine: str, tmp_path: Path
) -> Iterator[StartKept]:
    """Start the browser on one and the same profile, again after each death."""
    profile = tmp_path / "profile"
    started: list[BrowserContext] = []

    def start() -> Kept:
        if engine == "chromium":
            context = playwright.chromium.launch_persistent_context(
                profile, executable_path=CHROMIUM, args=[*FLAGS]
            )
        else:
            context = playwright.firefox.launch_persistent_context(
                profile,
                channel="moz-firefox",
                executable_path=FIREFOX,
                firefox_user_prefs=PREFS,
            )
        context.add_init_script(SMALL_CAMERA)
        started.append(context)
        return Kept(context, profile)

    yield start
    started[-1].close()


def _processes_with(argument: str) -> list[int]:
    """Return our own processes that were started with this argument."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if argument in line and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found
