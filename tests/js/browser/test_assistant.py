"""The assistant's panel: streaming, what is refused, what an answer may do."""

import pytest
from playwright.sync_api import Page, expect

from interviews.models import Document
from tests.js.browser.conftest import FakeAssistant, Room, find_violations

pytestmark = pytest.mark.browser

PARAGRAPH = "A sentence that takes some room in the panel. " * 8 + "\n\n"
SCROLLED = "document.querySelector('.chat-log').scrollTop"
CODE = "```python\nx = 41 + 1\n```\n"


def ask(page: Page, text: str) -> None:
    """Type a question and send it."""
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")


def test_chat_answer_does_not_move_what_is_being_read(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "Why does it fail?")
    expect(page.locator(".turn-question")).to_have_text("Why does it fail?")
    page.wait_for_function("document.querySelector('.turn')")
    _wait_asked(page, assistant, 1)
    assistant.begin()
    assistant.say(PARAGRAPH)
    expect(page.locator(".turn-answer")).to_contain_text("takes some room")
    before = page.evaluate("document.querySelector('.chat-log').scrollTop")
    for _ in range(8):
        assistant.say(PARAGRAPH)
    expect(page.locator(".turn-text > *")).to_have_count(9)
    assert page.evaluate("document.querySelector('.chat-log').scrollTop") == before
    expect(page.get_by_role("button", name="More below")).to_be_visible()
    assistant.end()
    expect(page.get_by_role("button", name="Ask")).to_be_visible()
    assert find_violations(page) == []


def test_chat_answer_is_rated_and_the_rating_taken_back(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "Why does it fail?")
    _wait_asked(page, assistant, 1)
    assistant.begin()
    assistant.say("Because.")
    helped = page.get_by_role("button", name="This helped")
    expect(helped).to_be_hidden()
    assistant.end()
    helped.click()
    expect(helped).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="This did not help").click()
    expect(helped).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Enter")
    expect(page.locator(".turn-rating [aria-pressed=true]")).to_have_count(0)
    assert [rated["rating"] for rated in assistant.rated] == ["up", "down", None]
    assert find_violations(page) == []


def test_chat_answer_markup_is_text_and_links_are_harmless(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "<b>hi</b>")
    expect(page.locator(".turn-question")).to_have_text("<b>hi</b>")
    _wait_asked(page, assistant, 1)
    assistant.begin()
    assistant.say(
        "<img src=x onerror=alert(1)> ![i](http://evil.test/x.png) [a](javascript:alert(1))"
    )
    assistant.end()
    answer = page.locator(".turn-answer")
    expect(answer).to_contain_text("<img src=x onerror=alert(1)>")
    assert answer.locator("img, a[href^=javascript]").count() == 0


def test_chat_too_long_question_stays_in_the_box(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "a" * 10_001)
    expect(page.locator("[data-composer=problem]")).to_contain_text("10,001 characters")
    expect(page.get_by_label("Your question")).to_have_value("a" * 10_001)
    assert assistant.asked == []


def test_chat_refused_question_comes_back_with_the_reason(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "One more?")
    _wait_asked(page, assistant, 1)
    assistant.send(
        type="error",
        id=assistant.asked[0]["id"],
        code="rate_limited",
        message="Too many questions in one minute.",
        retryable=True,
    )
    expect(page.get_by_label("Your question")).to_have_value("One more?")
    expect(page.locator("[data-composer=problem]")).to_have_text(
        "Too many questions in one minute."
    )


def test_chat_question_without_an_answer_yet_survives_a_reload(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    box = page.get_by_label("Your question")
    ask(page, "Why does it fail?")
    _wait_asked(page, assistant, 1)
    expect(box).to_have_value("")
    room.open(page)
    expect(box).to_have_value("Why does it fail?")
    ask(page, "Why does it fail?")
    _wait_asked(page, assistant, 2)
    assistant.begin()
    assistant.end()
    expect(page.get_by_role("button", name="Ask")).to_be_visible()
    room.open(page)
    expect(box).to_have_value("")


def test_chat_code_is_applied_to_the_open_file_and_taken_back(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "How?")
    _wait_asked(page, assistant, 1)
    assert [path.split("/")[1] for path in assistant.asked[0]["files"]] == [
        "solution.py"
    ]
    assistant.begin()
    assistant.say(CODE)
    assistant.end()
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("menuitem", name="Append to solution.py").click()
    expect(page.locator(".cm-content")).to_contain_text("x = 41 + 1")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cm-content")).not_to_contain_text("x = 41 + 1")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    assert not Document.objects.filter(text__contains="41 + 1").exists()


def test_chat_question_behind_another_waits_and_can_be_taken_back(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "First?")
    _wait_asked(page, assistant, 1)
    assistant.begin()
    assistant.say(PARAGRAPH * 4)
    expect(page.locator(".turn-text > *")).to_have_count(4)
    before = page.evaluate(SCROLLED)
    ask(page, "Second?")
    _wait_asked(page, assistant, 2)
    assert page.evaluate(SCROLLED) == before
    waiting = assistant.asked[1]["id"]
    assistant.send(type="turn.queued", id=waiting, turn="u", is_waiting=True)
    expect(page.locator(".turn").nth(1)).to_contain_text("Waits for the answer before")
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Take back").click()
    assistant.wait_stopped(page, "u")
    assistant.send(
        type="turn.finished", turn="u", stop_reason="withdrawn", text_length=0
    )
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.get_by_label("Your question")).to_have_value("Second?")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    assert find_violations(page) == []


def test_chat_new_conversation_begins_empty_and_the_old_one_is_kept(
    room: Room, assistant: FakeAssistant
) -> None:
    page = room.open()
    ask(page, "First?")
    _wait_asked(page, assistant, 1)
    first = {"id": assistant.asked[0]["id"], "turn": "t", "conversation": "c1"}
    assistant.send(type="turn.queued", **first)
    assistant.send(type="turn.started", model="m", **first)
    assistant.end()
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, "Another thing?")
    _wait_asked(page, assistant, 2)
    assert "conversation" not in assistant.asked[0]
    assert assistant.asked[1]["conversation"] not in ("", "c1")
    expect(page.locator(".turn-question")).to_have_text("Another thing?")
    page.get_by_label("Show conversation").select_option(index=0)
    expect(page.locator(".turn-question")).to_have_text("First?")
    assert find_violations(page) == []


def _wait_asked(page: Page, assistant: FakeAssistant, count: int) -> None:
    for _ in range(100):
        if len(assistant.asked) >= count:
            return
        page.wait_for_timeout(50)
    raise AssertionError("the question did not arrive")
