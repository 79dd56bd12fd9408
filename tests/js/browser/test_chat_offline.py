"""An answer whose page loses its network, again and again, over the whole site."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from assistant.enums import MessageRole
from assistant.models import Message
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from tests.assistant.conftest import Running, server, simulator
from tests.e2e.conftest import LiveSite
from tests.js.browser.conftest import Room

__all__ = ["server", "simulator"]

pytestmark = pytest.mark.browser

WITHIN = 30_000
CONNECTING = "Connecting to the assistant"


@pytest.fixture(autouse=True)
def _simulated(site: LiveSite, settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url
    import_shipped_prompts()
    stall = {"fault": "stall", "seconds": 6, "after": 8}
    simulator.app.faults.order(FaultOrder.model_validate({"next": [stall]}))


def lose_network(page: Page) -> None:
    """Go offline until the page knows it, and come back until it is connected."""
    page.context.set_offline(offline=True)
    expect(page.get_by_text(CONNECTING)).to_be_visible(timeout=WITHIN)
    page.context.set_offline(offline=False)
    expect(page.get_by_text(CONNECTING)).to_be_hidden(timeout=WITHIN)


def test_answer_is_whole_for_a_page_that_was_offline_meanwhile(room: Room) -> None:
    page = room.open()
    page.get_by_label("Your question").fill("Please write a long answer")
    page.keyboard.press("Enter")
    answer = page.locator(".turn-answer")
    expect(answer).not_to_be_empty(timeout=WITHIN)
    for _ in range(3):
        lose_network(page)
    expect(page.get_by_role("button", name="Ask", exact=True)).to_be_visible(
        timeout=WITHIN
    )
    expect(page.locator(".turn-rating")).to_be_visible(timeout=WITHIN)

    said = page.locator(".turn-text").inner_text()
    room.open(page)
    expect(page.locator(".turn-text")).to_have_text(
        said, timeout=WITHIN, use_inner_text=True
    )
    assert Message.objects.filter(role=MessageRole.ASSISTANT).count() == 1
