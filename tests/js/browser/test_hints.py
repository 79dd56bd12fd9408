"""The hint ladder in the room: taken by keyboard, shown everywhere, kept."""

import pytest
from playwright.sync_api import expect

from interviews.models import Interview
from tests.js.browser.conftest import PHONE, Room, find_violations

pytestmark = pytest.mark.browser

OWN = ["Look at what you search for.", "A `dict` remembers."]


@pytest.fixture
def interview(interview: Interview) -> Interview:
    for section in interview.assessment_version.sections.all():
        problem = section.problem_version
        problem.hints = OWN
        problem.save(update_fields=["hints"])
    version = interview.assessment_version
    version.assistant_limits = {"model_hints": 0}
    version.save(update_fields=["assistant_limits"])
    return interview


def test_hints_are_taken_one_by_one_and_seen_in_every_window(room: Room) -> None:
    page, other = room.open(), room.open()
    page.get_by_role("button", name="Take a hint").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".hint-text")).to_have_text(OWN[:1])
    expect(page.locator("[data-hints=announce]")).to_have_text(f"Hint 1: {OWN[0]}")
    expect(other.locator(".hint-text")).to_have_count(1)

    page.keyboard.press("Enter")
    expect(page.locator(".hint-text")).to_have_count(2)
    expect(page.locator(".hint-text code")).to_have_text("dict")
    expect(page.locator("[data-hints=state]")).to_have_text(
        "There are no more hints for this problem."
    )
    # The button is gone; whoever pressed it is not thrown to the top of the page.
    expect(page.locator("[data-hints=toggle]")).to_be_focused()
    page.get_by_role("button", name="Next problem").click()
    expect(page.locator(".hint-text")).to_have_count(0)
    expect(page.get_by_role("button", name="Take a hint")).to_be_visible()

    # It opens at the problem where the window that writes is.
    room.open(other)
    other.get_by_role("button", name="Previous problem").click()
    other.get_by_role("button", name="Hints 2 taken").click()
    expect(other.locator(".hint-text")).to_have_count(2)


def test_next_hint_stays_in_reach_and_the_room_in_place(room: Room) -> None:
    long = ["Follow the smallest input by hand. " * 12] * 4
    for section in room.interview.assessment_version.sections.all():
        section.problem_version.hints = long
        section.problem_version.save(update_fields=["hints"])
    page = room.open()
    for count in range(1, 5):
        page.locator("[data-hints=take]").click()
        expect(page.locator(".hint-text")).to_have_count(count)
        expect(page.locator(".hint-head").last).to_be_in_viewport()
        expect(page.locator(".room-bar")).to_be_in_viewport(ratio=1)


def test_policy_and_hints_fit_a_phone_in_both_themes(room: Room) -> None:
    page = room.open()
    page.get_by_role("button", name="Take a hint").click()
    expect(page.locator(".hint-text")).to_have_count(1)
    page.get_by_role("button", name="What it may do").click()
    expect(page.locator("[data-hints=lines]")).to_contain_text("questions a minute")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert find_violations(page) == []
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Assistant", exact=True).click()
    expect(page.locator(".hint-text")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]
