"""A room behind a cable, with a real runner."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page
from pytest_django.fixtures import Settings

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.e2e.conftest import Launch, LiveSite, enter
from tests.e2e.workspace.cable import Cable
from tests.factories.interviews import InterviewFactory
from tests.fakes.runner_process import RunnerProcess, open_runner
from tests.js.browser.conftest import WIDE, Room

PATIENCE_MS = 15_000


@pytest.fixture
def cable(site: LiveSite, settings: Settings) -> Iterator[Cable]:
    """The only way from the browser to the site."""
    made = Cable(urlsplit(site.address).port or 0)
    site.address = settings.PUBLIC_URL = made.address
    settings.CSRF_TRUSTED_ORIGINS = [made.address]
    yield made
    made.remove()


@pytest.fixture(scope="module")
def _runner_process() -> Iterator[RunnerProcess]:
    with open_runner() as runner:
        yield runner


@pytest.fixture
def runner(
    site: LiveSite, _runner_process: RunnerProcess, settings: Settings
) -> RunnerProcess:
    """The real runner; the site speaks to it."""
    settings.RUNNER_SOCKET = str(_runner_process.socket)
    return _runner_process


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, started_at=now()
    )
    return made


class CabledRoom(Room):
    """Windows onto the room; whoever leaves one is not asked whether he means it."""

    def open(self, page: Page | None = None) -> Page:
        page = page or self.context.new_page()
        page.on("dialog", _accept)
        opened = super().open(page)
        opened.set_default_timeout(PATIENCE_MS)
        return opened

    def reload(self, page: Page) -> None:
        """Load the room anew in the same window."""
        page.reload()
        page.locator(".cm-content").wait_for()


def _accept(dialog: Dialog) -> None:
    dialog.accept()


@pytest.fixture
def context(
    launch: Launch, site: LiveSite, cable: Cable, interview: Interview
) -> Iterator[BrowserContext]:
    """The candidate's browser."""
    made = launch().new_context(viewport=WIDE, reduced_motion="reduce")
    # What is still being loaded when the cable is cut is no matter of these tests.
    made.route("**/*.woff2", lambda route: route.abort())
    enter(made, site, interview)
    yield made
    made.close()


@pytest.fixture
def room(
    site: LiveSite, context: BrowserContext, interview: Interview
) -> Iterator[CabledRoom]:
    """The room of the interview; a script error in any window fails the test."""
    opened = CabledRoom(site, interview, context)
    yield opened
    assert opened.errors == []
