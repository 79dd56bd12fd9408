"""The terminal of the room against the real runner: what people do in a shell."""

import re

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.enums import Role
from interviews.models import Interview
from tests.e2e.conftest import Launch, LiveSite, address_of
from tests.e2e.workspace.conftest import CabledRoom
from tests.factories.accounts import MembershipFactory
from tests.fakes.runner_process import RunnerProcess
from tests.js.browser.conftest import WIDE

pytestmark = pytest.mark.browser

TRIES = 300


def open_terminal(page: Page) -> None:
    """Go to the terminal by key, and wait for its prompt."""
    page.keyboard.press("Alt+t")
    expect_shown(page, r"\$\Z")


def read_screen(page: Page) -> str:
    """Return what the terminal in sight shows, a line a row."""
    rows = page.locator(".terminal-screen:not([hidden]) .xterm-rows")
    return str(rows.inner_text()).replace("\xa0", " ")


def expect_shown(page: Page, pattern: str) -> None:
    """Wait until the terminal in sight shows that."""
    page.locator(".terminal-screen:not([hidden]) .xterm-rows").wait_for()
    for _ in range(TRIES):
        if re.search(pattern, read_screen(page).rstrip(), re.MULTILINE):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{pattern!r} is not in {read_screen(page)!r}")


def enter_line(page: Page, text: str) -> None:
    """Type a line."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def watch(
    launch: Launch, site: LiveSite, interview: Interview
) -> tuple[BrowserContext, Page]:
    """Open the watch page of a member, at the terminal."""
    user = MembershipFactory.create(
        organisation=interview.organisation, role=Role.RECRUITER
    ).user
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    context = launch().new_context(viewport=WIDE, reduced_motion="reduce")
    name = settings.SESSION_COOKIE_NAME
    value = client.cookies[name].value
    context.add_cookies([{"name": name, "value": value, "url": site.address}])
    page = context.new_page()
    page.goto(address_of(site, interview, "watch"))
    expect(page.locator("[data-state=connection]")).to_have_text("online")
    page.get_by_role("tab", name="Terminal").click()
    return context, page


def size_of(page: Page, moment: str) -> str:
    """Return rows and columns as the shell has them; each moment has another name."""
    enter_line(page, f"clear; stty size; echo {moment}")
    expect_shown(page, rf"^\d+ \d+\n{moment}$")
    found = re.search(r"\d+ \d+", read_screen(page))
    assert found
    return found[0]


def test_programs_work_and_a_refresh_finds_them_running(
    room: CabledRoom, runner: RunnerProcess
) -> None:
    page = room.open()
    open_terminal(page)
    enter_line(page, "python3 -q")
    expect_shown(page, r">>>\Z")
    enter_line(page, "20 + 22")
    expect_shown(page, r"\b42\b")
    page.keyboard.press("Control+d")
    before = size_of(page, "before")
    old = page.locator(".xterm-screen").evaluate("(screen) => screen.offsetWidth")
    page.set_viewport_size({"width": 1100, "height": 700})
    page.wait_for_function(
        "(old) => document.querySelector('.xterm-screen').offsetWidth < old", arg=old
    )
    assert size_of(page, "after") != before

    enter_line(page, "clear; yes flood")
    expect_shown(page, "flood")
    page.keyboard.press("Control+c")
    enter_line(page, "clear; echo calm")
    expect_shown(page, r"\A\s*calm")

    enter_line(page, "vi notes.txt")
    expect_shown(page, "notes.txt")
    page.keyboard.type("iwritten in the terminal")
    page.keyboard.press("Escape")
    room.reload(page)
    page.keyboard.press("Alt+t")
    expect_shown(page, "written in the terminal")
    enter_line(page, ":wq")
    expect_shown(page, r"\$\Z")
    enter_line(page, "clear; cat notes.txt")
    # Nothing was typed by the page itself: no answers to what vi asked before.
    expect_shown(page, r"\A\s*written in the terminal\s+~\S*\$\Z")
    page.keyboard.press("Alt+f")


def test_two_terminals_are_apart_and_who_watches_can_not_type(
    room: CabledRoom,
    runner: RunnerProcess,
    launch: Launch,
    site: LiveSite,
    interview: Interview,
) -> None:
    page = room.open()
    open_terminal(page)
    enter_line(page, "name=first; clear")
    page.get_by_role("button", name="Open another terminal").click()
    expect_shown(page, r"\$\Z")
    enter_line(page, 'echo "[$name]"')
    expect_shown(page, r"\[\]")
    context, watcher = watch(launch, site, interview)
    expect(watcher.locator("[data-terminal-hint]")).to_contain_text(
        "Only the candidate types"
    )
    watcher.get_by_role("button", name="Terminal 1", exact=True).click()
    page.get_by_role("button", name="Terminal 1", exact=True).click()
    page.locator(".terminal-screen:not([hidden]) .terminal-fit").click()
    enter_line(page, 'echo "[$name]"')
    expect_shown(watcher, r"\[first\]")
    watcher.locator(".terminal-screen:not([hidden]) .terminal-fit").click()
    watcher.keyboard.type("echo intruder\n")
    enter_line(page, "echo done")
    expect_shown(watcher, "done")
    assert "intruder" not in watcher.locator(".terminal-screens").inner_text()

    enter_line(page, "exit 3")
    expect(page.locator("[data-terminal-line]")).to_contain_text("code 3")
    expect_shown(watcher, "code 3")
    page.get_by_role("button", name="Start again").click()
    expect_shown(page, r"code 3\.\s+~\S*\$\Z")
    enter_line(page, "echo again-$((1 + 1))")
    expect_shown(page, "again-2")
    expect_shown(watcher, "again-2")

    page.get_by_role("button", name="Terminal 2", exact=True).click()
    page.get_by_role("button", name="Close terminal 2").click()
    page.get_by_role("button", name="Close it").click()
    watcher.get_by_role("button", name="Terminal 2", exact=True).click()
    expect_shown(watcher, "The shell was ended")
    context.close()


def test_second_window_takes_the_shell_over_and_the_first_reads(
    room: CabledRoom, runner: RunnerProcess
) -> None:
    first = room.open()
    open_terminal(first)
    enter_line(first, "name=kept; clear")
    second = room.open()
    second.keyboard.press("Alt+t")
    expect(second.locator("[data-terminal-hint]")).to_contain_text("Reading only")
    second.get_by_role("button", name="Take over here").click()
    expect(first.locator("[data-terminal-hint]")).to_contain_text("Reading only")
    expect(second.locator("[data-terminal-hint]")).to_contain_text("Ctrl+M")
    second.locator(".terminal-fit").click()
    enter_line(second, 'echo "[$name]"')
    expect_shown(second, r"^\[kept\]")
    expect_shown(first, r"^\[kept\]")
    first.locator(".terminal-fit").click()
    first.keyboard.type("intruder")
    enter_line(second, "echo done")
    expect_shown(first, "^done")
    assert "intruder" not in read_screen(second)
