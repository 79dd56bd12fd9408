"""A command of one's own, typed below the output."""

import pytest
from playwright.sync_api import Page, expect

from interviews.models import Interview, Run
from tests.e2e.workspace.conftest import CabledRoom
from tests.fakes.runner_process import RunnerProcess
from tests.js.browser.conftest import PHONE, find_violations

pytestmark = pytest.mark.browser

WITHIN = 30_000


def run(page: Page, command: str) -> None:
    """Type a command, run it with Enter, wait for its end."""
    page.get_by_label("Command", exact=True).fill(command)
    page.keyboard.press("Enter")
    expect(page.locator("[data-run-state]")).to_contain_text("exit", timeout=WITHIN)


def test_command_is_typed_run_and_brought_back_by_keys(
    room: CabledRoom, runner: RunnerProcess, interview: Interview
) -> None:
    page = room.open()
    page.keyboard.press("Alt+c")
    line = page.get_by_label("Command", exact=True)
    expect(line).to_be_focused()
    page.get_by_role("button", name="Variables").click()
    page.get_by_label("Environment variables").fill("GREETING=hello there")
    run(page, 'echo "$GREETING" | tee said.txt; exit 3')

    expect(page.locator("[data-run-output]")).to_contain_text("hello there")
    state = page.locator("[data-run-state]")
    expect(state).to_contain_text("Ended with exit code 3.")
    expect(state).to_contain_text("MB")
    expect(line).to_have_value("")
    page.keyboard.press("Alt+f")
    expect(page.get_by_role("treeitem", name="said.txt")).to_be_visible()
    run(page, "cat said.txt")
    line.press("ArrowUp")
    line.press("ArrowUp")
    expect(line).to_have_value('echo "$GREETING" | tee said.txt; exit 3')
    line.press("ArrowDown")
    expect(line).to_have_value("cat said.txt")
    kinds = Run.objects.filter(interview=interview).values_list("kind", "env")
    assert list(kinds) == [("command", {"GREETING": "hello there"})] * 2

    room.reload(page)
    page.keyboard.press("Alt+c")
    line.press("ArrowUp")
    expect(line).to_have_value("cat said.txt")


def test_variable_that_may_not_be_set_is_told(
    room: CabledRoom, runner: RunnerProcess
) -> None:
    page = room.open()
    page.keyboard.press("Alt+c")
    page.get_by_role("button", name="Variables").click()
    page.get_by_label("Environment variables").fill("PATH=/tmp")
    page.get_by_label("Command", exact=True).fill("ls")
    page.keyboard.press("Enter")

    expect(page.locator("[data-run-state]")).to_contain_text("belongs to the sandbox")
    expect(page.get_by_label("Command", exact=True)).to_have_value("ls")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_command_line_fits_a_phone(
    room: CabledRoom, runner: RunnerProcess, theme: str
) -> None:
    page = room.open()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Tests").last.click()
    page.get_by_role("tab", name="Output").click()
    page.get_by_role("button", name="Variables").click()
    run(page, "echo on a phone")

    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
    assert find_violations(page) == []
