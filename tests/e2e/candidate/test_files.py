"""The files panel of the room: brought along, moved about, deleted, undone, taken away."""

import zipfile
from pathlib import Path

import pytest
from django.db import transaction
from playwright.sync_api import FilePayload, Locator, Page, expect

from base.clock import now
from interviews.enums import FileKind, InterviewState, Origin
from interviews.models import Document, Interview, WorkspaceFile
from interviews.services.workspace_files import keep_file, read_content
from tests.e2e.conftest import LiveSite
from tests.factories.interviews import InterviewFactory
from tests.js.browser.conftest import PHONE, Room, find_violations, room, take_over

__all__ = ["room"]

pytestmark = pytest.mark.browser

BINARY = b"\x89BIN\x00\xff" * 2_000
DROP = """([target, files]) => {
  const dataTransfer = new DataTransfer();
  for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
  const node = document.querySelector(target);
  for (const kind of ["dragover", "drop"]) {
    node.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way."""
    return InterviewFactory.create(state=InterviewState.ACTIVE, started_at=now())


@pytest.fixture
def page(room: Room) -> Page:
    """The room with its files shown."""
    opened = room.open()
    opened.keyboard.press("Alt+f")
    expect(opened.get_by_role("treeitem", name="solution.py").first).to_be_visible()
    return opened


def folder_of(interview: Interview) -> str:
    return interview.assessment_version.sections.order_by("position")[0].folder


def row(page: Page, path: str) -> Locator:
    return page.locator(f'[data-tree] [data-path$="/{path}"]')


def upload(page: Page, *files: tuple[str, bytes]) -> None:
    """Choose files with the button."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload").click()
        page.get_by_role("menuitem", name="Files…").click()
    chooser.value.set_files(
        [
            FilePayload(name=name, mimeType="application/octet-stream", buffer=data)
            for name, data in files
        ]
    )


def stored(interview: Interview) -> dict[str, bytes]:
    """What the database has in the first folder, by the path below it."""
    folder = folder_of(interview)
    found = {
        each.path: each.text.encode()
        for each in Document.objects.filter(interview=interview)
    }
    for each in WorkspaceFile.objects.filter(interview=interview):
        found[each.path] = read_content(each) or b""
    return {
        path.removeprefix(f"{folder}/"): data
        for path, data in found.items()
        if path.startswith(f"{folder}/")
    }


def test_files_come_by_button_and_by_drop(page: Page, interview: Interview) -> None:
    upload(page, ("cities.db", BINARY), ("notes.md", b"# one\r\n"))
    expect(page.locator("[data-uploads]")).to_contain_text("2 files uploaded.")
    expect(row(page, "cities.db")).to_contain_text("Binary file, 12 KB")

    folder = folder_of(interview)
    target = f'[data-path="{folder}/tests"]'
    page.evaluate(DROP, [target, [["helper.py", "h = 1\n"]]])
    expect(row(page, "tests/helper.py")).to_be_visible()
    page.evaluate(DROP, [".editor-tabs", [["elsewhere.py", "not here"]]])

    kept = stored(interview)
    assert kept["cities.db"] == BINARY
    assert kept["notes.md"] == b"# one\n"
    assert kept["tests/helper.py"] == b"h = 1\n"
    assert "elsewhere.py" not in kept


def test_binary_is_shown_and_downloaded(page: Page) -> None:
    upload(page, ("cities.db", BINARY))
    row(page, "cities.db").click()
    panel = page.get_by_role("region", name="File", exact=True)
    expect(panel).to_contain_text("cannot be edited here")
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text("cities.db")
    expect(page.locator("[data-editor-view]")).to_be_hidden()

    with page.expect_download() as download:
        panel.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes() == BINARY
    assert find_violations(page) == []

    page.get_by_role("button", name="Close cities.db").click()
    expect(page.locator("[data-editor-view]")).to_be_visible()
    expect(panel).to_be_hidden()


def test_refused_upload_says_why_and_offers_both_ways(
    page: Page, interview: Interview
) -> None:
    upload(
        page,
        ("solution.py", b"answer = 42\n"),
        ("README.md", b"mine\n"),
        ("huge.bin", b"\0" * (8 * 1024 * 1024 + 1)),
        ("a\u202egnp.py", b""),
    )
    refused = page.locator(".upload-refused")
    expect(refused).to_have_count(4)
    expect(refused.filter(has_text="huge.bin")).to_contain_text("larger than 8 MB")
    expect(refused.filter(has_text="gnp")).to_contain_text("not allowed")
    assert find_violations(page) == []

    refused.filter(has_text="solution.py").get_by_role("button", name="Replace").click()
    expect(page.locator(".cm-content")).to_have_text("answer = 42")
    refused.filter(has_text="README.md").get_by_role("button", name="Keep both").click()
    expect(row(page, "README_2.md")).to_be_visible()
    for name in ("huge.bin", "gnp"):
        refused.filter(has_text=name).get_by_role("button", name="Dismiss").click()
    expect(refused).to_have_count(0)
    assert stored(interview)["solution.py"] == b"answer = 42\n"
    assert stored(interview)["README_2.md"] == b"mine\n"


def test_folder_is_renamed_moved_and_deleted_at_once(
    page: Page, interview: Interview
) -> None:
    row(page, "tests").click()
    page.keyboard.press("F2")
    page.get_by_label("New name").fill("checks/unit")
    page.keyboard.press("Enter")
    expect(row(page, "checks/unit/test_solution.py")).to_be_visible()
    row(page, "checks/unit/test_solution.py").drag_to(row(page, "checks"))
    expect(row(page, "checks/test_solution.py")).to_be_visible()
    page.locator("[data-tree]").get_by_role("treeitem", name="checks").focus()
    page.keyboard.press("Delete")
    expect(page.locator("[data-tree-form]")).to_contain_text("with 1 file?")
    page.keyboard.press("Enter")
    expect(row(page, "checks")).to_have_count(0)
    assert set(stored(interview)) == {"README.md", "solution.py"}

    page.get_by_role("button", name="Undo").click()
    expect(row(page, "checks/test_solution.py")).to_be_visible()
    assert "checks/test_solution.py" in stored(interview)


def test_deleted_file_comes_back_with_what_was_typed_last(
    page: Page, interview: Interview
) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("# last")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator("[data-file-line]")).to_contain_text("Deleted solution.py.")
    expect(row(page, "solution.py")).to_have_count(0)
    assert "solution.py" not in stored(interview)

    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cm-content")).to_contain_text("# last")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" of all")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    assert stored(interview)["solution.py"].endswith(b"# last of all")


def test_file_without_content_is_deleted_after_a_question(
    room: Room, interview: Interview
) -> None:
    path = f"{folder_of(interview)}/dump.bin"
    with transaction.atomic():
        keep_file(
            interview,
            path,
            FileKind.LARGE,
            None,
            size=9_000_000,
            hash="",
            origin=Origin.SYSTEM,
        )
    page = room.open()
    page.keyboard.press("Alt+f")
    row(page, "dump.bin").focus()
    expect(page.get_by_role("button", name="Rename")).to_be_disabled()

    page.keyboard.press("Delete")
    expect(page.locator("[data-tree-form]")).to_contain_text("cannot be undone")
    page.keyboard.press("Escape")
    expect(row(page, "dump.bin")).to_be_focused()
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")

    expect(row(page, "dump.bin")).to_have_count(0)
    line = page.locator("[data-file-line]")
    expect(line).to_contain_text("Deleted dump.bin.")
    expect(line.get_by_role("button", name="Undo")).to_have_count(0)
    assert not WorkspaceFile.objects.filter(interview=interview).exists()


def test_move_is_chosen_in_the_menu_by_keys(page: Page, interview: Interview) -> None:
    row(page, "README.md").focus()
    page.keyboard.press("Shift+F10")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_label("Move README.md to").select_option(label="tests/")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(row(page, "tests/README.md")).to_be_focused()
    assert "tests/README.md" in stored(interview)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(row(page, "tests/README.md")).to_have_count(0)
    page.keyboard.type("so")
    expect(page.locator("[data-tree] :focus")).to_have_text("solution.py")


def test_archive_holds_what_the_database_has(page: Page, interview: Interview) -> None:
    upload(page, ("cities.db", BINARY))
    expect(row(page, "cities.db")).to_be_visible()
    page.locator(".cm-content").click()
    page.keyboard.type("# just typed\n")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all as ZIP").click()

    folder = folder_of(interview)
    with zipfile.ZipFile(download.value.path()) as archive:
        names = [name for name in archive.namelist() if name.startswith(f"{folder}/")]
        packed = {name.removeprefix(f"{folder}/"): archive.read(name) for name in names}
    assert packed == stored(interview)
    assert b"# just typed\n" in packed["solution.py"]
    assert packed["cities.db"] == BINARY


def test_second_window_sees_what_the_first_brings(room: Room, page: Page) -> None:
    second = room.open()
    take_over(second)
    second.keyboard.press("Alt+f")
    expect(page.get_by_role("button", name="Upload")).to_be_disabled()
    upload(second, ("cities.db", BINARY))
    expect(row(page, "cities.db")).to_be_visible()
    row(second, "cities.db").click()
    second.keyboard.press("Delete")
    expect(row(page, "cities.db")).to_have_count(0)


def test_files_panel_on_a_phone(page: Page) -> None:
    upload(page, ("cities.db", BINARY))
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Problem", exact=True).click()
    row(page, "cities.db").click()
    expect(page.get_by_role("region", name="File", exact=True)).to_be_visible()
    assert find_violations(page) == []


def test_typing_is_undone_after_a_reload(page: Page, interview: Interview) -> None:
    before = stored(interview)["solution.py"]
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("# gone again")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    page.reload()
    expect(page.locator(".cm-content")).to_contain_text("# gone again")
    page.locator(".cm-content").click()
    page.keyboard.press("Control+z")
    expect(page.locator(".cm-content")).not_to_contain_text("gone")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    assert stored(interview)["solution.py"] == before
