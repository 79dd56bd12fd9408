"""A budget that is used up: the candidate reads why, and the interview goes on."""

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django import Settings

from assistant.services.metering import CHAT
from assistant.services.prompts import import_shipped_prompts
from interviews.enums import InterviewState
from interviews.models import Document, Interview
from tests.assistant.conftest import Running, server, simulator
from tests.e2e.candidate.looks import DESKTOP, PHONE, find_faults
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.billing import BudgetFactory
from tests.factories.interviews import InterviewFactory

__all__ = ["server", "simulator"]

pytestmark = pytest.mark.browser

SPENT = (
    "The assistant's budget for this interview is used up. "
    "Everything else goes on: your files, the tests and your time."
)


@pytest.fixture
def interview(site: LiveSite, simulator: Running, settings: Settings) -> Interview:
    """An interview under way, with a simulated assistant."""
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url
    import_shipped_prompts()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


@pytest.fixture
def context(launch: Launch) -> Iterator[BrowserContext]:
    """A browser that holds still."""
    opened = launch().new_context(
        bypass_csp=True, reduced_motion="reduce", viewport=DESKTOP
    )
    yield opened
    opened.close()


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")


def test_a_spent_budget_gives_the_words_back_and_leaves_the_rest_alone(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    budget = BudgetFactory.create(
        payer=str(interview.organisation_id),
        subject=str(interview.pk),
        purpose=CHAT,
        soft_usd=None,
        hard_usd=Decimal("0.000001"),
    )
    enter(context, site, interview)
    page = context.new_page()
    page.goto(address_of(site, interview, "room"))
    page.locator(".cm-content").wait_for()
    ask(page, "How do I start?")
    expect(page.locator(".turn-foot")).to_contain_text("Simulated answer")
    expect(page.locator(".turn-foot")).not_to_contain_text("tokens")

    ask(page, "One more?")

    box, notice = page.get_by_label("Your question"), page.locator("[data-chat=state]")
    expect(notice).to_have_text(SPENT)
    expect(box).to_have_value("One more?")
    expect(page.locator("[data-composer=problem]")).to_have_text(
        "Your question was not sent, for the reason above."
    )
    expect(page.locator("[data-chat=announce]")).to_contain_text(SPENT)
    expect(page.locator(".turn-question")).to_have_text(["How do I start?"])

    page.locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    page.keyboard.insert_text("# on my own\n")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    assert Document.objects.filter(text__startswith="# on my own").exists()

    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert find_faults(page) == []
    page.set_viewport_size(DESKTOP)

    budget.hard_usd = Decimal(1)
    budget.save()
    box.press("Enter")
    expect(page.locator(".turn-question")).to_have_text(
        ["How do I start?", "One more?"]
    )
    expect(notice).to_be_hidden()
    expect(page.locator("[data-composer=problem]")).to_be_empty()


def test_where_cost_is_shown_each_answer_says_what_it_took(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    version = interview.assessment_version
    version.shows_cost = True
    version.save(update_fields=["shows_cost"])
    BudgetFactory.create(
        payer=str(interview.organisation_id),
        subject=str(interview.pk),
        purpose=CHAT,
        soft_usd=Decimal("0.000001"),
    )
    enter(context, site, interview)
    page = context.new_page()
    page.goto(address_of(site, interview, "room"))
    page.locator(".cm-content").wait_for()

    ask(page, "How do I start?")

    cost = page.locator(".turn-cost")
    expect(cost).to_have_text(re.compile(r"^[\d,]+ tokens, \$0\.\d{4}$"))
    page.reload()
    expect(cost).to_have_count(1)
    expect(page.locator("[data-chat=state]")).to_contain_text("answers short")
    assert find_faults(page) == []
