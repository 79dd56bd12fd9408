"""A program in the terminal, taken over by a second device: on one server, and on two."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.fixtures import Settings

from base.clock import now
from interviewlm.cluster import servers
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.tokens import make_token
from tests.e2e.conftest import Launch, LiveSite, enter
from tests.e2e.stack import Stack, open_stack
from tests.e2e.workspace.conftest import PATIENCE_MS, CabledRoom
from tests.e2e.workspace.test_terminal import (
    enter_line,
    expect_shown,
    open_terminal,
    read_screen,
)
from tests.factories.interviews import InterviewFactory
from tests.fakes.runner_process import RunnerProcess
from tests.js.browser.conftest import WIDE

pytestmark = pytest.mark.browser


def begin_program(page: Page) -> None:
    """Have a program run that knows something."""
    open_terminal(page)
    enter_line(page, "python3 -q")
    expect_shown(page, r">>>\Z")
    enter_line(page, "kept = 40")
    expect_shown(page, r"kept = 40\s+>>>\Z")


def take_program_over(first: Page, second: Page) -> None:
    """The second device asks; once it is told to take over, the first only reads."""
    expect(second.locator("[data-notices]")).to_contain_text("on another device")
    second.keyboard.press("Alt+t")
    expect(second.locator("[data-terminal-hint]")).to_contain_text("Reading only")
    expect_shown(second, r"kept = 40\s+>>>\Z")
    expect(first.locator("[data-terminal-hint]")).to_contain_text("Ctrl+M")

    second.get_by_role("button", name="Take over here").click()
    expect(first.locator("[data-terminal-hint]")).to_contain_text("Reading only")
    expect(second.locator("[data-terminal-hint]")).to_contain_text("Ctrl+M")
    second.locator(".terminal-fit").click()
    enter_line(second, "kept + 2")
    expect_shown(second, r"^42$")
    expect_shown(first, r"^42$")
    first.locator(".terminal-fit").click()
    first.keyboard.type("intruder")
    enter_line(second, "kept + 3")
    expect_shown(first, r"^43$")
    assert "intruder" not in read_screen(second)


def test_second_device_takes_over_a_program_that_runs_on(
    room: CabledRoom,
    runner: RunnerProcess,
    launch: Launch,
    site: LiveSite,
    interview: Interview,
) -> None:
    first = room.open()
    begin_program(first)
    device = launch().new_context(viewport=WIDE, reduced_motion="reduce")
    enter(device, site, interview)
    take_program_over(first, room.open(device.new_page()))
    device.close()


@pytest.fixture
def stack(
    transactional_db: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Stack]:
    """Two web processes and a runner, with a Redis between them."""
    with servers.redis_server() as address:
        monkeypatch.setenv("TEST_REDIS_URL", address)
        with open_stack(tmp_path, "tests.e2e.settings") as opened:
            settings.VAR_DIR = opened.demo.var
            opened.start("simulator", "runner", "web", "web2")
            yield opened


def open_room(context: BrowserContext, stack: Stack, interview: Interview) -> Page:
    """Press the button of the invitation's link, and go into the room."""
    token = make_token(interview.invitation)
    link = stack.url + reverse("interviews:candidate-entry", args=[token])
    context.request.post(link, max_redirects=0)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    path = reverse("interviews:interview-room", args=[interview.pk])
    page.goto(stack.url + path)
    page.locator(".cm-content").wait_for()
    return page


@pytest.mark.long
@pytest.mark.servers
@pytest.mark.xdist_group("chaos")
def test_second_device_takes_over_through_another_web_process(
    stack: Stack, launch: Launch
) -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE, started_at=now())
    here = launch().new_context(viewport=WIDE, reduced_motion="reduce")
    # The address is one; this browser's connections end at the other process.
    port = stack.ports["web2"]
    elsewhere = launch(f"--host-resolver-rules=MAP 127.0.0.1 127.0.0.1:{port}")
    there = elsewhere.new_context(viewport=WIDE, reduced_motion="reduce")
    first = open_room(here, stack, interview)
    begin_program(first)
    take_program_over(first, open_room(there, stack, interview))
    here.close()
    there.close()
