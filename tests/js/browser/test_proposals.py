"""Proposed edits and questions in the room: nothing changes but by a decision."""

import pytest
from playwright.sync_api import Page, expect

from assistant.enums import MessageRole
from assistant.models import CandidateQuestion, EditProposal, Turn
from interviews.models import Document
from tests.assistant.proposing import begin_turn, change, inquire, propose
from tests.factories.assistant import MessageFactory
from tests.js.browser.conftest import PHONE, Room, find_violations
from tests.js.browser.test_workspace import expect_saved, stored, write

pytestmark = pytest.mark.browser

CODE = "one = 1\n\n\n\ntwo = 2\n"


def prepare(room: Room) -> tuple[Page, Turn]:
    """Open the room with a file to change, and an answer that has ended."""
    page = room.open()
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(CODE)
    expect_saved(page)
    turn = begin_turn(room.interview, "finished")
    MessageFactory.create(turn=turn, text="Make it better")
    MessageFactory.create(
        turn=turn, role=MessageRole.ASSISTANT, text="See.", stop_reason="end_turn"
    )
    return page, turn


def propose_two(room: Room, turn: Turn) -> EditProposal:
    """Propose two parts for the file."""
    document = Document.objects.get(interview=room.interview, text=CODE)
    return propose(
        turn, change(document.path, ("one = 1", "one = 11"), ("two = 2", "two = 22"))
    )


def test_parts_are_decided_one_by_one_with_a_reload_in_between(room: Room) -> None:
    page, turn = prepare(room)
    propose_two(room, turn)
    room.open(page)
    parts = page.locator(".hunk")
    expect(parts).to_have_count(2)
    expect(page.locator(".cm-hunk-old")).to_have_text(["one = 1", "two = 2"])
    page.get_by_role("button", name="Show in editor").click()
    expect(parts.first.get_by_role("button", name="Accept")).to_be_focused()
    assert find_violations(page) == []
    page.keyboard.press("Enter")
    expect(parts).to_have_count(1)
    expect(page.locator(".cm-content")).to_contain_text("one = 11")
    expect(page.get_by_role("button", name="Refuse", exact=True)).to_be_visible()
    write(page, "# mine")
    expect_saved(page)
    room.open(page)
    expect(page.locator(".proposal-state")).to_have_text(["Accepted", "Undecided"])
    parts.get_by_role("button", name="Refuse").click()
    expect(parts).to_have_count(0)
    expect(page.locator(".proposal-state")).to_have_text(["Accepted", "Refused"])
    assert stored(room) == CODE.replace("one = 1", "one = 11") + "# mine"


def test_part_is_edited_before_it_is_accepted_on_a_small_screen(room: Room) -> None:
    page, turn = prepare(room)
    propose_two(room, turn)
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    room.open(page)
    page.get_by_role("button", name="Assistant", exact=True).click()
    page.get_by_role("button", name="Show in editor").click()
    part = page.locator(".hunk").first
    part.get_by_role("button", name="Edit first").click()
    box = part.get_by_label("The lines as you want them")
    expect(box).to_be_focused()
    box.fill("one = 111  # why\n")
    assert find_violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    part.get_by_role("button", name="Accept with changes").click()
    expect(page.locator(".hunk")).to_have_count(1)
    expect(page.locator(".cm-content")).to_contain_text("one = 111  # why")
    assert stored(room) == CODE.replace("one = 1", "one = 111  # why")


def test_reload_shows_what_waits_for_a_decision(room: Room) -> None:
    page, turn = prepare(room)
    turn.messages.filter(role=MessageRole.ASSISTANT).update(text="See.\n\n" * 60)
    propose_two(room, turn)
    room.open(page)
    accept = page.get_by_role("button", name="Accept all")
    expect(accept).to_be_in_viewport(ratio=1)
    # What is typed into is as wide as what is seen of the text.
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text("# " + "long " * 200)
    page.keyboard.press("Control+Home")
    part = page.locator(".hunk").first
    part.get_by_role("button", name="Edit first").click()
    box = part.get_by_label("The lines as you want them")
    expect(box).to_be_in_viewport(ratio=1)


def test_lines_changed_meanwhile_are_kept_and_the_rest_is_accepted(room: Room) -> None:
    page, turn = prepare(room)
    propose_two(room, turn)
    room.open(page)
    expect(page.locator(".hunk")).to_have_count(2)
    page.locator(".cm-line", has_text="one = 1").first.click()
    page.keyboard.press("End")
    page.keyboard.type("0")
    expect(page.locator(".hunk").first).to_contain_text("You have changed these lines")
    page.get_by_role("button", name="Accept all").click()
    expect(page.locator(".proposal-state")).to_have_text(["Undecided", "Accepted"])
    expect(page.locator(".proposal")).to_contain_text("have changed since")
    assert stored(room) == "one = 10\n\n\n\ntwo = 22\n"


def test_edit_that_the_policy_applied_is_taken_back_but_not_where_it_changed(
    room: Room,
) -> None:
    version = room.interview.assessment_version
    version.policy, version.applies_edits = "agent", True
    version.save(update_fields=["policy", "applies_edits"])
    page, turn = prepare(room)
    document = Document.objects.get(interview=room.interview, text=CODE)
    edit = change(document.path, ("one = 1", "one = 11"), ("two = 2", "two = 22"))
    # Windows can not be told from the thread that drives the browser: it comes anew.
    propose(turn, edit, policy="agent")
    room.open(page)
    states = page.locator(".proposal-state")
    expect(states).to_have_text(["Applied", "Applied"])
    expect(page.locator(".hunk")).to_have_count(0)
    expect(page.locator(".cm-content")).to_contain_text("two = 22")
    assert find_violations(page) == []
    page.locator(".cm-line", has_text="one = 11").click()
    page.keyboard.press("End")
    page.keyboard.type("0")
    page.get_by_role("button", name="Take all back").click()
    expect(states).to_have_text(["Applied", "Taken back"])
    expect(page.locator(".proposal")).to_contain_text("have changed since")
    expect(page.locator(".cm-content")).not_to_contain_text("two = 22")
    assert stored(room) == CODE.replace("one = 1", "one = 110")


def test_question_is_answered_by_choosing(room: Room) -> None:
    page, turn = prepare(room)
    inquire(turn)
    room.open(page)
    card = page.get_by_role("group", name="Which one?")
    card.get_by_label("A heap").check()
    assert find_violations(page) == []
    page.locator(".question").get_by_role("button", name="Send").click()
    expect(page.locator(".question")).to_contain_text("Answered")
    room.open(page)
    expect(card.get_by_label("A heap")).to_be_checked()
    expect(card.get_by_label("A heap")).to_be_disabled()
    assert CandidateQuestion.objects.get().answer == [1]
