"""A second tab, another device, a refresh, and what is noted of the windows."""

import re

import pytest
from playwright.sync_api import Page, expect

from interviews.enums import InterviewState
from interviews.models import Document, Event, Interview
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.e2e.workspace.desk import expect_saved
from tests.factories.interviews import InterviewFactory
from tests.js.browser.conftest import WIDE, Room, find_violations, room

__all__ = ["room"]

pytestmark = pytest.mark.browser

# Nothing of a browser without a screen loses the keyboard by itself.
LEAVE = "document.hasFocus = () => false; dispatchEvent(new Event('blur'))"
RETURN = "document.hasFocus = () => true; dispatchEvent(new Event('focus'))"


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way whose assessment has facts noted."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        invitation__assessment_version__notes_presence=True,
        invitation__assessment_version__is_recorded=False,
    )
    return made


def write(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def test_another_device_asks_and_the_first_reads_at_once(
    room: Room, site: LiveSite, launch: Launch, interview: Interview
) -> None:
    first = room.open()
    write(first, "# first\n")
    expect_saved(first)
    device = launch().new_context(viewport=WIDE, reduced_motion="reduce")
    enter(device, site, interview)
    second = room.open(device.new_page())
    question = second.locator("[data-notices]")
    expect(question).to_contain_text("another browser or on another device")
    expect(question).to_contain_text("Take over here?")
    write(second, "# never stored")
    expect(second.locator(".cm-content")).not_to_contain_text("never stored")
    assert find_violations(second) == []

    second.get_by_role("button", name="Take over here").click()
    expect(first.locator("[data-notices]")).to_contain_text("now goes on in another")
    write(first, "# too late")
    expect(first.locator(".cm-content")).not_to_contain_text("too late")
    write(second, "# second\n")
    expect_saved(second)
    expect(first.locator(".cm-content")).to_contain_text("# second")

    # A refresh of the window that writes asks nothing.
    second.reload()
    second.locator(".cm-content").wait_for()
    expect_saved(second)
    expect(second.locator("[data-notices]")).to_be_empty()
    write(second, "# after the refresh\n")
    expect_saved(second)

    first.get_by_role("button", name="Write here again").click()
    expect(first.locator("[data-notices]")).to_be_empty()
    write(first, "# back")
    expect_saved(first)
    folder = interview.assessment_version.sections.order_by("position")[0].folder
    text = Document.objects.get(interview=interview, path=f"{folder}/solution.py").text
    for line in ("# first", "# second", "# after the refresh", "# back"):
        assert text.count(line) == 1
    device.close()


def test_window_left_alone_writes_by_itself(room: Room) -> None:
    first = room.open()
    expect_saved(first)
    second = room.open()
    expect(second.locator("[data-notices]")).to_contain_text("another tab")
    first.close()
    expect(second.locator("[data-notices]")).to_be_empty(timeout=30_000)
    write(second, "# alone")
    expect_saved(second)


def test_facts_are_told_and_stand_in_the_candidates_own_record(
    room: Room, site: LiveSite, interview: Interview
) -> None:
    page = room.open()
    expect_saved(page)
    page.evaluate(LEAVE)

    def kinds() -> list[str]:
        found = Event.objects.filter(interview=interview, kind__startswith="focus.")
        return list(found.order_by("seq").values_list("kind", flat=True))

    for _look in range(100):
        if kinds():
            break
        page.wait_for_timeout(100)
    page.evaluate(RETURN)
    for _look in range(100):
        if len(kinds()) == 2:
            break
        page.wait_for_timeout(100)
    assert kinds() == ["focus.lost", "focus.regained"]

    page.goto(address_of(site, interview, "record"))
    record = page.get_by_role("heading", name="What was noted of your windows")
    expect(record).to_be_visible()
    expect(page.locator("body")).to_contain_text("The room was not in front")
    expect(page.locator("body")).to_contain_text(
        re.compile(r"The room was in front again: after \d+ s")
    )
