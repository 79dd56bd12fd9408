"""The review desk in a real browser: claims, code, hostile text, axe, the phone."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from interviews.enums import StepState
from interviews.models import Interview, PipelineStep
from tests.factories.interviews import InterviewFactory, PipelineStepFactory
from tests.factories.people import People, make_people
from tests.interviewlm.review.conftest import IMG, fill

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch,
    live_server: LiveServer,
    people: People,
    client: Client,
) -> Iterator[Page]:
    """A page signed in as the recruiter; errors and dialogs fail the test."""
    # Playwright's loop runs in this thread; the queries below are the test's own.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    client.force_login(people.recruiter)
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
        )
        context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": live_server.url,
                }
            ]
        )
        opened = context.new_page()
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("dialog", lambda dialog: faults.append(dialog.message))
        opened.on(
            "console",
            lambda line: faults.append(line.text) if line.type == "error" else None,
        )
        yield opened
        browser.close()
    assert faults == []


def open_desk(page: Page, server: LiveServer, people: People, text: str) -> Interview:
    interview: Interview = InterviewFactory.create(
        organisation=people.organisation, state="completed"
    )
    fill(interview, text)
    page.goto(f"{server.url}{reverse('admin:interview-review', args=[interview.pk])}")
    return interview


def test_claim_shows_its_event_and_the_event_list_opens(
    page: Page, live_server: LiveServer, people: People
) -> None:
    open_desk(page, live_server, people, "ladder words")

    page.locator("#scores [data-moment]").first.click()
    shown = page.locator("[data-shown]")
    expect(shown).to_contain_text("Ran: Visible tests")
    expect(shown.locator("blockquote")).to_have_text("ladder words")
    shown.get_by_role("button", name="Show among the events").click()

    expect(page.get_by_role("tab", name="Events")).to_have_attribute(
        "aria-selected", "true"
    )
    expect(page.locator("tr:focus [data-title]")).to_have_text("Ran: Visible tests")


def test_tabs_and_code_work_by_keyboard(
    page: Page, live_server: LiveServer, people: People
) -> None:
    open_desk(page, live_server, people, "words")

    page.get_by_role("tab", name="Scores").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#code")).to_be_visible()
    expect(page.locator("#scores")).to_be_hidden()
    page.locator("[data-path]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-code-lines] tr")).to_have_count(3)
    page.get_by_label("Compared with").select_option("0")
    expect(page.locator("[data-code-lines] tr.added")).to_have_count(2)


def test_lines_of_a_file_say_who_wrote_them_and_lead_to_the_moment(
    page: Page, live_server: LiveServer, people: People
) -> None:
    open_desk(page, live_server, people, "words")
    page.get_by_role("tab", name="Facts").click()

    bar = page.locator(".origin-bar.is-large")
    expect(bar).to_have_attribute("aria-label", "Starter file 100\xa0%")
    page.get_by_text("Line by line, in 1 file").click()
    page.locator("[data-written]").click()
    line = page.locator("[data-written-lines] tbody tr")
    expect(line.locator("[data-by=starter]")).to_have_text("words")
    expect(line.locator(".by")).to_have_text("Starter file")
    line.locator("[data-moment]").click()
    expect(page.locator("[data-shown]")).to_contain_text(
        "File created: ladder/words.py"
    )


def test_events_are_filtered_and_counted(
    page: Page, live_server: LiveServer, people: People
) -> None:
    open_desk(page, live_server, people, "words")
    page.get_by_role("tab", name="Events").click()

    expect(page.locator("[data-filter-count]")).to_have_text("2 events")
    page.get_by_label("Show").select_option("runs")

    expect(page.locator("[data-filter-count]")).to_have_text("1 event")


def test_hostile_text_stays_text_in_every_tab(
    page: Page, live_server: LiveServer, people: People
) -> None:
    open_desk(page, live_server, people, IMG)
    page.locator("#scores [data-moment]").first.click()
    for tab in page.get_by_role("tab").all():
        tab.click()
    page.get_by_role("tab", name="Code").click()
    page.locator("[data-path]").click()
    expect(page.locator("[data-code-lines] tr").first).to_contain_text(IMG)

    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize(
    ("width", "theme"),
    [
        (1440, "dark"),
        (390, "light"),
        pytest.param(1440, "light", marks=pytest.mark.long),
        pytest.param(390, "dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_and_nothing_sticks_out(
    page: Page, live_server: LiveServer, people: People, theme: str, width: int
) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    open_desk(page, live_server, people, "words")
    found = []
    for tab in page.get_by_role("tab").all():
        tab.click()
        page.evaluate("(source) => new Function(source)()", AXE.read_text())
        result = page.evaluate("() => axe.run()")
        found += [
            (tab.inner_text(), fault["id"], fault["nodes"][0]["target"])
            for fault in result["violations"]
        ]
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            found.append((tab.inner_text(), "sideways", over))
    assert found == []


def test_news_of_a_finished_step_is_announced(
    page: Page, live_server: LiveServer, people: People
) -> None:
    interview = InterviewFactory.create(
        organisation=people.organisation, state="completed"
    )
    step = PipelineStepFactory.create(interview=interview, name="score")
    path = reverse("admin:interview-review", args=[interview.pk])
    page.goto(f"{live_server.url}{path}")
    expect(page.locator("[data-news]")).to_be_hidden()

    PipelineStep.objects.filter(pk=step.pk).update(state=StepState.DONE)

    expect(page.locator("[data-news]")).to_be_visible(timeout=8000)
    expect(page.locator("[data-step-words]")).to_have_text("Done")


def test_rows_are_added_and_removed(
    page: Page, live_server: LiveServer, people: People
) -> None:
    page.goto(f"{live_server.url}{reverse('admin:interviews_rubric_add')}")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(1)

    page.get_by_role("button", name="Add an item").click()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Remove").first.click()

    expect(rows).to_have_count(1)
