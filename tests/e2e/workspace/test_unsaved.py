"""What is not stored yet: kept through switches, crashes and reloads, or told of."""

import json

import pytest
from playwright.sync_api import Error, Page, WebSocketRoute, expect

from interviews.models import Interview
from tests.e2e.workspace.cable import Cable
from tests.e2e.workspace.conftest import CabledRoom
from tests.e2e.workspace.desk import (
    Record,
    expect_saved,
    go_to_end,
    open_file,
    read_editor,
)
from tests.js.browser.conftest import take_over

pytestmark = pytest.mark.browser

KEEP_NOTHING = """
const refuse = () => { throw new DOMException("full", "QuotaExceededError"); };
IDBFactory.prototype.open = refuse;
Storage.prototype.setItem = refuse;
"""


READ_STORE = """() => new Promise((resolve) => {
  const opening = indexedDB.open("interviewlm-documents");
  opening.onsuccess = () => {
    const found = opening.result.transaction("left").objectStore("left").getAll();
    found.onsuccess = () => {
      opening.result.close();
      resolve(JSON.stringify(found.result));
    };
  };
})"""


class Line:
    """A page's workspace socket; while it `holds`, edits wait on their way."""

    def __init__(self, page: Page) -> None:
        self.holds = False
        self._waiting: list[tuple[WebSocketRoute, str | bytes]] = []
        page.route_web_socket("**/workspace/**", self._attend)

    def _attend(self, near: WebSocketRoute) -> None:
        far = near.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            if self.holds and json.loads(message)["type"] == "document.update":
                self._waiting.append((far, message))
            else:
                far.send(message)

        near.on_message(pass_on)

    def release(self) -> None:
        """Let everything through."""
        self.holds = False
        for far, message in self._waiting:
            far.send(message)


def expect_unsaved(page: Page) -> None:
    """Wait until the bar says that the work is kept here."""
    expect(page.locator("[data-state=saved]")).to_contain_text("safe here")


def write(page: Page, text: str) -> None:
    """Write at the end of the open file."""
    go_to_end(page)
    page.keyboard.insert_text(text)


def wait_until_kept(page: Page, text: str) -> None:
    """Wait until the browser's own store has this text."""
    for _ in range(100):
        if text in page.evaluate(READ_STORE):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not kept: {text}")


def test_files_switched_in_the_middle_of_an_edit_keep_both(
    room: CabledRoom, cable: Cable, interview: Interview
) -> None:
    page = room.open()
    page.keyboard.press("Alt+f")
    for round_ in range(3):
        if round_ == 1:
            cable.cut()
        for name in ("README.md", "solution.py"):
            open_file(page, name)
            page.locator(".cm-content").click()
            page.keyboard.press("Control+End")
            page.keyboard.type(f"# {round_} in {name}", delay=0)
    expect_unsaved(page)
    cable.mend()
    expect_saved(page)

    for name in ("README.md", "solution.py"):
        open_file(page, name)
        shown = read_editor(page)
        Record(interview, name).check(shown)
        assert [shown.count(f"# {round_} in {name}") for round_ in range(3)] == [1] * 3


def test_edits_of_two_files_survive_a_reload_before_they_are_stored(
    room: CabledRoom, cable: Cable, interview: Interview
) -> None:
    page = room.open()
    page.keyboard.press("Alt+f")
    cable.cut()
    for name in ("solution.py", "README.md"):
        if name == "README.md":
            cable.mend()
            open_file(page, name)
            cable.cut()
        write(page, f"# unsaved in {name} 😀")
    expect_unsaved(page)
    cable.mend()
    room.reload(page)
    expect(page.locator(".cm-content")).to_contain_text("# unsaved")
    expect_saved(page)
    for name in ("solution.py", "README.md"):
        assert Record(interview, name).text.count(f"# unsaved in {name} 😀") == 1


def test_edits_survive_a_page_that_crashes(
    room: CabledRoom, cable: Cable, interview: Interview
) -> None:
    page = room.open()
    cable.cut()
    write(page, "# written before the crash")
    wait_until_kept(page, "# written before the crash")
    with pytest.raises(Error):
        page.goto("chrome://crash")
    cable.mend()
    page = room.open()
    take_over(page)
    expect(page.locator(".cm-content")).to_contain_text("# written before the crash")
    expect_saved(page)
    Record(interview).check(read_editor(page))


def test_work_that_waits_in_a_closed_window_comes_to_the_open_one(
    room: CabledRoom, cable: Cable, interview: Interview
) -> None:
    first = room.open()
    cable.cut()
    write(first, "# from the first window")
    wait_until_kept(first, "# from the first window")
    cable.mend()
    second = room.open()
    take_over(second)
    write(second, "# from the second window\n")
    first.close()
    expect(second.locator(".cm-content")).to_contain_text("# from the first window")
    expect_saved(second)
    shown = read_editor(second)
    Record(interview).check(shown)
    assert shown.count("window") == 2


def test_window_that_lost_the_writing_keeps_its_work_until_it_has_it_again(
    room: CabledRoom, interview: Interview
) -> None:
    first = room.context.new_page()
    line = Line(first)
    room.open(first)
    line.holds = True
    write(first, "# from the first window\n")
    second = room.open()
    take_over(second)
    expect(first.locator("[data-notices]")).to_contain_text("another tab")
    state = first.locator("[data-state=saved]")
    expect(state).to_have_text("Kept in this window: write here again to store it")
    write(second, "# from the second window\n")
    expect(first.locator(".cm-content")).to_contain_text("# from the second window")
    expect(first.locator(".cm-content")).to_contain_text("# from the first window")
    line.release()
    first.get_by_role("button", name="Write here again").click()
    expect_saved(first)
    expect(second.locator(".cm-content")).to_contain_text("# from the first window")
    shown = read_editor(first)
    assert shown == read_editor(second)
    Record(interview).check(shown)


def test_browser_that_keeps_nothing_is_told_of(
    room: CabledRoom, cable: Cable, interview: Interview
) -> None:
    room.context.add_init_script(KEEP_NOTHING)
    page = room.open()
    cable.cut()
    write(page, "# typed offline")
    expect(page.locator("[data-state=saved]")).to_contain_text("keeps no copy")
    cable.mend()
    expect_saved(page)
    assert Record(interview).text.endswith("# typed offline")
