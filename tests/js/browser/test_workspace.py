"""Code in the room: stored, kept through a bad network, one window writing."""

import json

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from interviews.models import Document
from tests.js.browser.conftest import PHONE, Room, find_violations, take_over

pytestmark = pytest.mark.browser


def write(page: Page, text: str) -> None:
    """Type at the end of the open file."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def stored(room: Room, name: str = "solution.py") -> str:
    """Return what the server holds of a file of the first section."""
    version = room.interview.assessment_version
    folder = version.sections.order_by("position")[0].folder
    return Document.objects.get(interview=room.interview, path=f"{folder}/{name}").text


def expect_saved(page: Page) -> None:
    """Wait until the bar says that everything is stored."""
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")


def test_room_typing_is_stored_with_signs_beyond_the_first_plane(room: Room) -> None:
    page = room.open()
    write(page, "# ä😀")
    expect_saved(page)
    assert stored(room).endswith("# ä😀")


def test_room_offline_edits_are_kept_through_a_reload(room: Room) -> None:
    page = room.open()
    room.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    write(page, "# typed offline")
    expect(page.locator("[data-state=saved]")).to_contain_text("safe here")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    room.context.set_offline(False)
    room.open(page)
    expect(page.locator(".cm-content")).to_contain_text("# typed offline")
    expect_saved(page)
    assert stored(room).count("# typed offline") == 1


def test_room_second_window_writes_and_the_first_follows(room: Room) -> None:
    first = room.open()
    expect_saved(first)
    second = room.open()
    take_over(second)
    expect(first.locator("[data-notices]")).to_contain_text("another tab")
    write(second, "# second")
    expect(first.locator(".cm-content")).to_contain_text("# second")
    first.get_by_role("button", name="Write here again").click()
    expect(second.locator("[data-notices]")).to_contain_text("another tab")
    write(first, "# first")
    expect(second.locator(".cm-content")).to_contain_text("# first")


def test_room_file_still_opening_stays_with_its_own_problem(room: Room) -> None:
    sections = room.interview.assessment_version.sections.order_by("position")
    first, second = (section.folder for section in sections)
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    is_slow = True

    def attend(near: WebSocketRoute) -> None:
        far = near.connect_to_server()
        near.on_message(far.send)

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            opens = frame["type"] == "document.opened" and is_slow
            if opens and frame["path"].startswith(f"{second}/"):
                held.append((near, message))
            else:
                near.send(message)

        far.on_message(pass_on)

    def open_files() -> list[str | None]:
        tabs = page.locator(".editor-tabs .tab")
        return [tab.get_attribute("title") for tab in tabs.all()]

    room.context.route_web_socket("**/workspace/**", attend)
    page = room.open()
    page.keyboard.press("Alt+PageDown")
    expect(page.locator("[data-section-step]")).to_have_text("2/2")
    for _ in range(100):
        if held:
            break
        page.wait_for_timeout(50)
    assert held
    page.keyboard.press("Alt+PageUp")
    expect(page.locator(".editor-tabs [aria-current]")).to_be_visible()
    is_slow = False
    for near, message in held:
        near.send(message)
    page.keyboard.press("Alt+PageDown")
    expect(page.locator(".editor-tabs [aria-current]")).to_be_visible()
    assert open_files() == [f"{second}/solution.py"]
    page.keyboard.press("Alt+PageUp")
    expect(page.locator(".editor-tabs [aria-current]")).to_be_visible()
    assert open_files() == [f"{first}/solution.py"]


def test_room_large_paste_is_stored_whole_and_undone_at_once(room: Room) -> None:
    page = room.open()
    before = stored(room)
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", "x = 1\\n".repeat(30000));
          const paste = { clipboardData, bubbles: true, cancelable: true };
          document.querySelector(".cm-content").dispatchEvent(new ClipboardEvent("paste", paste));
        }"""
    )
    expect_saved(page)
    assert stored(room).count("x = 1") == 30_000
    page.keyboard.press("Control+z")
    expect_saved(page)
    assert stored(room) == before


def test_room_files_are_made_renamed_and_deleted(room: Room) -> None:
    page = room.open()
    page.keyboard.press("Alt+f")
    page.get_by_role("button", name="New file").click()
    page.keyboard.type("solution.py")
    page.keyboard.press("Enter")
    expect(page.locator("[data-tree-form]")).to_contain_text("already")
    page.get_by_label("Name of the new file").fill("lib/notes.py")
    page.keyboard.press("Enter")
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text("notes.py")
    write(page, "a = 1")
    expect_saved(page)
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_label("New name").fill("lib/ideas.py")
    page.keyboard.press("Enter")
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text("ideas.py")
    assert stored(room, "lib/ideas.py") == "a = 1"
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text("solution.py")
    assert not Document.objects.filter(path__endswith="ideas.py")


def test_room_finish_asks_once_and_leads_to_the_thanks(room: Room) -> None:
    page = room.open()
    write(page, "# last")
    page.get_by_role("button", name="Finish").click()
    dialog = page.locator("#finish-dialog")
    expect(dialog).to_contain_text("cannot come back")
    dialog.get_by_role("button", name="Finish").click()
    page.wait_for_url("**/finish/")
    assert stored(room).endswith("# last")


def test_room_panels_fold_by_key_and_stay_folded(room: Room) -> None:
    page = room.open()
    page.keyboard.press("Control+1")
    expect(page.locator("#tabpanel-problem")).to_be_hidden()
    room.open(page)
    expect(page.locator("#tabpanel-problem")).to_be_hidden()
    page.keyboard.press("Control+1")
    expect(page.locator("#tabpanel-problem")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_room_accessibility_check_finds_nothing(
    room: Room, theme: str, size: str
) -> None:
    page = room.open()
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    if size == "phone":
        page.set_viewport_size(PHONE)
        expect(page.get_by_text("Coding wants a larger screen.")).to_be_visible()
    assert find_violations(page) == []
    page.get_by_role("button", name="Help and shortcuts").click()
    assert find_violations(page) == []
