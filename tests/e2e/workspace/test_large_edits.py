"""Edits larger than one message, and more of them than one message takes."""

import pytest
from playwright.sync_api import expect

from interviews.models import Interview
from tests.e2e.workspace.cable import Cable
from tests.e2e.workspace.conftest import CabledRoom
from tests.e2e.workspace.desk import (
    Record,
    Wire,
    expect_saved,
    go_to_end,
    in_editor,
    paste,
    read_editor,
)

pytestmark = pytest.mark.browser

# The server takes 256 KiB of updates in one message.
MOST_IN_A_MESSAGE = 256 * 1024


def test_paste_of_3_mb_is_refused_in_plain_words_and_changes_nothing(
    room: CabledRoom, interview: Interview
) -> None:
    page = room.open()
    before = read_editor(page)
    go_to_end(page)
    paste(page, "x = 1\n" * 500_000)
    expect(page.locator("[data-notices]")).to_contain_text("larger than 1 MB")
    assert read_editor(page) == before
    page.keyboard.insert_text("# after")
    expect_saved(page)
    assert Record(interview).text == f"{before}# after"


@pytest.mark.long
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = 1\n" * 150_000, id="900 KB"),
        pytest.param("😀" * 65_000, id="260 KB beyond the first plane"),
        pytest.param(
            '"\t\\\u0001\n' * 50_000,
            id="signs that JSON writes long",
        ),
    ],
)
def test_large_paste_arrives_whole_and_is_undone_and_redone_at_once(
    room: CabledRoom, interview: Interview, text: str
) -> None:
    record = Record(interview)
    page = room.context.new_page()
    wire = Wire(page)
    room.open(page)
    before = read_editor(page)
    go_to_end(page)
    paste(page, text)
    expect_saved(page)
    assert record.text == f"{before}{text}"
    page.keyboard.press("Control+z")
    expect_saved(page)
    assert record.text == before
    page.keyboard.press("Control+y")
    expect_saved(page)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    expect_saved(page)
    shown = read_editor(page)
    assert shown == f"{before}{text}"
    record.check(shown, wire)
    assert wire.largest < MOST_IN_A_MESSAGE


@pytest.mark.long
def test_2000_edits_made_offline_arrive_in_few_messages(
    room: CabledRoom, cable: Cable, interview: Interview
) -> None:
    record = Record(interview)
    page = room.context.new_page()
    wire = Wire(page)
    room.open(page)
    go_to_end(page)
    cable.cut()
    in_editor(
        page,
        """for (let number = 0; number < 2000; number += 1) {
          const insert = number % 50 ? "x" : "\\n";
          const changes = { from: view.state.doc.length, insert };
          view.dispatch({ changes, userEvent: "input.type" });
        }""",
    )
    cable.mend()
    expect_saved(page)
    shown = read_editor(page)
    assert shown.count("x") == 1960
    record.check(shown, wire)
    assert len(wire.acknowledged) == 2000
    assert wire.messages <= 6
