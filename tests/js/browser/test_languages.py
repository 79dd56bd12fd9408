"""Completion and marks of mistakes, as the candidate meets them in the room."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from pytest_django.fixtures import Settings

from interviews import availability
from interviews.models import Document
from tests.e2e.conftest import LiveSite
from tests.fakes.runner_process import RunnerProcess, open_runner
from tests.js.browser.conftest import Room, find_violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def runner_process() -> Iterator[RunnerProcess]:
    """One real runner for the tests of this module."""
    with open_runner() as runner:
        yield runner


@pytest.fixture
def real_runner(
    site: LiveSite, runner_process: RunnerProcess, settings: Settings
) -> None:
    """The site speaks to the real runner."""
    settings.RUNNER_SOCKET = str(runner_process.socket)
    availability._known.clear()


def folder_of(room: Room) -> str:
    version = room.interview.assessment_version
    return version.sections.order_by("position")[0].folder


def write(page: Page, text: str) -> None:
    """Type at the end of the open file, as a person does."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text, delay=15)


def replace(page: Page, text: str) -> None:
    """Put a text in the place of all there is, without the editor's help."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def offered(page: Page) -> Locator:
    return page.locator(".cm-tooltip-autocomplete li")


def take(page: Page, key: str) -> None:
    """Press a key once the list has been up for a moment, as it wants."""
    page.wait_for_timeout(150)
    page.keyboard.press(key)


def add_file(room: Room, page: Page, name: str, text: str) -> None:
    """Create a file and put a text into it."""
    page.keyboard.press("Alt+f")
    page.get_by_role("button", name="New file").click()
    page.locator("[data-tree-form] input").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text(name)
    replace(page, text)
    path = f"{folder_of(room)}/{name}"
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    assert Document.objects.get(interview=room.interview, path=path).text == text


def test_room_words_and_symbols_are_offered_and_taken_with_tab(room: Room) -> None:
    page = room.open()
    write(page, "\ndef measure_everything(first_value):\nreturn fir")
    expect(offered(page).first).to_contain_text("first_value")
    take(page, "Tab")
    expect(page.locator(".cm-content")).to_contain_text("return first_value")
    write(page, "\n\n\nmeas")
    expect(offered(page).first).to_contain_text("measure_everything")
    take(page, "Enter")
    write(page, "\n")
    text = page.locator(".cm-content").inner_text()
    assert "measure_everything" in [line.strip() for line in text.splitlines()]


def test_room_whole_word_leaves_enter_a_new_line(room: Room) -> None:
    page = room.open()
    write(page, "\nnumber = 1\nnumb")
    expect(offered(page).first).to_contain_text("number")
    page.keyboard.type("er", delay=15)
    expect(offered(page)).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.type("x = 2")
    expect(page.locator(".cm-line").last).to_have_text("x = 2")


def test_room_escape_closes_the_list_and_then_leaves_the_editor(room: Room) -> None:
    page = room.open()
    write(page, "\nnumber = 1\nnum")
    expect(offered(page).first).to_be_visible()
    assert find_violations(page) == []
    page.keyboard.press("Escape")
    expect(offered(page)).to_have_count(0)
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).not_to_be_focused()


def test_room_symbols_of_another_open_file_are_offered_with_its_name(
    room: Room,
) -> None:
    page = room.open()
    add_file(room, page, "pumps.py", "class PumpStation:\n    pass\n")
    page.locator(".editor-tabs .tab", has_text="solution.py").click()
    write(page, "\npum")
    expect(offered(page).first).to_contain_text("PumpStation")
    expect(offered(page).first).to_contain_text("pumps.py")


def test_room_sql_and_shell_are_coloured(room: Room) -> None:
    page = room.open()
    add_file(room, page, "query.sql", "SELECT name FROM pets;\n")
    expect(page.locator(".tok-keyword").first).to_have_text("SELECT")
    add_file(room, page, "run.sh", "for x in 1 2; do echo $x; done\n")
    expect(page.locator(".tok-keyword").first).to_have_text("for")


def test_room_mistakes_are_marked_and_go_when_mended(
    room: Room, real_runner: None
) -> None:
    page = room.open()
    replace(page, "import os\n\nprint(total)\n")
    mark = page.locator(".cm-lintRange-error")
    expect(mark).to_have_text("total")
    expect(page.locator(".cm-lintRange-warning")).to_have_text("os")
    expect(page.locator(".cm-lint-marker")).to_have_count(2)
    mark.hover()
    expect(page.locator(".cm-diagnostic")).to_contain_text("Undefined name `total`")
    expect(page.locator(".cm-diagnostic")).to_contain_text("ruff F821")
    write(page, "# typed on\n")
    expect(mark).to_have_text("total")
    replace(page, "total = 1\n\nprint(total)\n")
    expect(page.locator(".cm-lint-marker")).to_have_count(0)


def test_room_mistakes_are_marked_at_once_by_key_and_listed(
    room: Room, real_runner: None
) -> None:
    page = room.open()
    add_file(room, page, "page.ts", "export const a = 1;\ndebugger;\n")
    page.keyboard.press("Control+s")
    expect(page.locator(".cm-lintRange-error")).to_have_text("debugger;")
    page.keyboard.press("Alt+m")
    expect(page.locator(".cm-panel-lint")).to_contain_text("debugger")
    assert find_violations(page) == []


def test_room_without_a_runner_is_silent_about_mistakes(room: Room) -> None:
    page = room.open()
    replace(page, "print(total)\n")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    page.wait_for_timeout(2_000)
    expect(page.locator(".cm-lint-marker")).to_have_count(0)
