"""The page about money in a real browser: axe, the phone, and choices without scripts."""

import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from base.clock import now
from billing.enums import Outcome, Scope
from billing.models import Budget
from billing.services.calls import Call
from billing.services.ledger import Report, record_call
from interviews.models import Interview
from tests.factories.billing import ModelPriceFactory
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People, make_people
from tests.interviewlm.costs.conftest import costs_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture
def people() -> People:
    return make_people()


@pytest.fixture
def interview(people: People) -> Interview:
    """An interview with calls of every kind, under a budget that is nearly used up."""
    made: Interview = InterviewFactory.create(
        organisation=people.organisation,
        state="completed",
        invitation__assessment_version__title="Engineer for very longwindedtitles",
    )
    ModelPriceFactory.create(model="claude-sonnet-5-5")
    for outcome in (Outcome.FINISHED, Outcome.STOPPED, Outcome.FAILED):
        record(made, outcome)
    record(made, Outcome.FINISHED, model="claude-of-which-nobody-knows-the-price")
    Budget.objects.create(
        payer=str(made.organisation_id), scope=Scope.PAYER_MONTH, soft_usd=1, hard_usd=9
    )
    return made


def record(
    interview: Interview, outcome: Outcome, model: str = "claude-sonnet-5-5"
) -> None:
    call = Call(
        payer=str(interview.organisation_id),
        reference=str(interview.pk),
        provider="anthropic",
        model=model,
        purpose="chat",
        group=str(interview.assessment_version.assessment_id),
    )
    raw = {
        "input_tokens": 2_000,
        "cache_creation_input_tokens": 9_000,
        "cache_read_input_tokens": 60_000,
        "output_tokens": 90_000,
        "output_tokens_details": {"thinking_tokens": 4_000},
    }
    record_call(call, Report(outcome, raw), bound=Decimal(3), at=now())


@pytest.fixture
def page(
    monkeypatch: pytest.MonkeyPatch,
    live_server: LiveServer,
    people: People,
    client: Client,
) -> Iterator[Page]:
    """A page signed in as the owner; errors and broken policies fail the test."""
    # Playwright's loop runs in this thread; the queries below are the test's own.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    client.force_login(people.owner)
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
        opened.on(
            "console",
            lambda line: faults.append(line.text) if line.type == "error" else None,
        )
        yield opened
        browser.close()
    assert faults == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_sticks_out(
    page: Page, live_server: LiveServer, interview: Interview, theme: str, width: int
) -> None:
    page.emulate_media(
        color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce"
    )
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}{costs_url()}")
    page.get_by_text("The same as a table").click()

    page.evaluate("(source) => new Function(source)()", AXE.read_text())
    result = page.evaluate("() => axe.run()")
    found = [
        (fault["id"], fault["nodes"][0]["target"]) for fault in result["violations"]
    ]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    wider = """() => [...document.querySelectorAll(".card")].filter((card) =>
        [...card.querySelectorAll("table")].some((table) =>
          !table.closest(".table-frame") &&
          table.getBoundingClientRect().right > card.getBoundingClientRect().right
        )).length"""
    assert page.evaluate(wider) == 0


def test_days_are_asked_only_where_they_are_chosen(
    page: Page, live_server: LiveServer, interview: Interview
) -> None:
    page.goto(f"{live_server.url}{costs_url()}")
    expect(page.get_by_label("From", exact=True)).to_be_hidden()

    page.get_by_label("Period").select_option("days")
    page.get_by_label("From", exact=True).fill("2026-01-01")
    page.get_by_label("To", exact=True).fill("2026-01-31")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_text("January 2026")).to_be_visible()
    expect(page.get_by_text("No call was metered in this period")).to_be_visible()
    expect(page.get_by_label("From", exact=True)).to_have_value("2026-01-01")


def test_click_on_a_model_narrows_the_page(
    page: Page, live_server: LiveServer, interview: Interview
) -> None:
    page.goto(f"{live_server.url}{costs_url()}")

    page.get_by_role("link", name="claude-of-which-nobody-knows-the-price").click()

    expect(page.get_by_label("Model", exact=True)).to_have_value(
        "claude-of-which-nobody-knows-the-price"
    )
    expect(page.get_by_text("1 call has an unknown cost.")).to_be_visible()
