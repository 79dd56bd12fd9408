"""How text comes into the editor of a real browser, and what is kept of it."""

import pytest
from playwright.sync_api import Page

from interviews.models import Event
from tests.js.browser.conftest import Room
from tests.js.browser.test_workspace import expect_saved, write

pytestmark = pytest.mark.browser

PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
  document.querySelector(".cm-content").dispatchEvent(event);
}"""
SELECT = """(code) => {
  code.closest("[tabindex]")?.focus();
  getSelection().selectAllChildren(code);
}"""


def inputs(room: Room) -> list[tuple[str, int, str] | None]:
    """Return what was told of each update that is stored, in order."""
    events = Event.objects.filter(interview=room.interview, kind="document.updated")
    told = [
        update.get("input")
        for event in events.order_by("seq")
        for update in event.payload["updates"]
    ]
    return [item and (item["kind"], item["size"], item["source"]) for item in told]


def paste_here(page: Page) -> None:
    """Paste at the end of the open file as a person does."""
    write(page, "")
    page.keyboard.press("Control+v")


def test_paste_from_another_program_is_from_outside(room: Room) -> None:
    page = room.open()
    write(page, "")
    page.evaluate(PASTE, "brought 😀")
    expect_saved(page)

    assert inputs(room) == [("paste", 10, "outside")]


def test_cut_and_paste_in_the_editor_is_from_inside(room: Room) -> None:
    page = room.open()
    write(page, "ab")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Control+x")
    paste_here(page)
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    expect_saved(page)

    assert [item for item in inputs(room) if item] == [
        ("paste", 2, "inside"),
        ("undo", 2, "inside"),
    ]


def test_text_copied_from_the_problem_is_from_inside(room: Room) -> None:
    page = room.open()
    words = page.locator("[data-statement]").first
    words.evaluate(SELECT)
    page.keyboard.press("Control+c")
    paste_here(page)
    expect_saved(page)

    ((kind, size, source),) = [item for item in inputs(room) if item]
    assert (kind, source) == ("paste", "inside")
    assert size > 0
