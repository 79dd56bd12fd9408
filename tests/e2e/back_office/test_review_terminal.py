"""The desk's Terminal tab in a real browser: played, sought, read as text, harmless."""

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.e2e.back_office.test_review_desk import page, people
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.interviewlm.review.test_terminals import STARTED, output, play

__all__ = ["page", "people"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A title, the clipboard, a bell, bytes that are no UTF-8, and a question to the terminal.
HOSTILE = (
    b"\x1b]0;stolen title\x07\x1b]52;c;aGk=\x07\x07\xff\xfe\x1b[c"
    b"\x1b]8;;javascript:alert(1)\x07<img src=x onerror=alert(1)>\x1b]8;;\x07 end\r\n"
)


def test_terminal_is_drawn_as_it_was_at_any_moment(
    page: Page, live_server: LiveServer, people: People
) -> None:
    interview = InterviewFactory.create(
        organisation=people.organisation, state="completed"
    )
    play(
        interview,
        (1000, STARTED),
        (2000, output(b"first line\r\n")),
        (3000, output(HOSTILE)),
        (60_000, output(b"\x1b[2J\x1b[Hcleared and new\r\n")),
        (61_000, output(b"more\r\n", cut=12)),
    )
    page.goto(
        f"{live_server.url}{reverse('admin:interview-review', args=[interview.pk])}"
    )
    title = page.title()
    film, words = page.locator("[data-film]"), page.locator("[data-film-text]")
    lane = page.locator(".lane-terminal .mark")

    page.get_by_role("tab", name="Terminal").click()
    page.get_by_role("checkbox", name="As text").check()
    expect(lane).to_have_count(2)
    board = page.locator("[data-lane-board]")
    box = board.bounding_box()
    assert box is not None
    board.click(position={"x": box["width"] - 2, "y": 4})
    expect(words).to_contain_text("cleared and new")
    expect(words).to_contain_text("12 bytes are not kept")
    lane.nth(0).dispatch_event("click")
    expect(words).not_to_contain_text("cleared")
    expect(page.locator("[data-shown-title]")).to_have_text("Opened terminal 1")
    page.get_by_role("button", name="Play").click()
    expect(words).to_contain_text("first line")
    expect(words).to_contain_text("<img src=x onerror=alert(1)> end")

    expect(film.locator(".xterm-screen")).to_be_visible()
    assert page.title() == title
    expect(page.locator("[data-film] img, [data-film] a")).to_have_count(0)
