"""The assistant where the network lets no WebSocket through, over the whole site."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from assistant.models import Turn
from assistant.services.prompts import import_shipped_prompts
from tests.assistant.conftest import Running, server, simulator
from tests.e2e.conftest import LiveSite
from tests.js.browser.conftest import Room

__all__ = ["server", "simulator"]

pytestmark = pytest.mark.browser

SLOWER = "the assistant uses a slower way"


@pytest.fixture(autouse=True)
def _simulated(site: LiveSite, settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url
    import_shipped_prompts()


# Addresses with this in them never open, as behind a proxy that knows no upgrade.
BLOCKED = """(() => {
  const Real = WebSocket;
  class Blocked extends EventTarget {
    constructor() {
      super();
      setTimeout(() => this.close());
    }
    send() {}
    close() {
      this.dispatchEvent(Object.assign(new Event("close"), { code: 1006 }));
    }
  }
  window.WebSocket = function (url) {
    return String(url).includes("%s") ? new Blocked() : new Real(url);
  };
})()"""


def ask(page: Page, text: str) -> None:
    """Type a question and send it."""
    page.get_by_label("Your question").fill(text)
    page.keyboard.press("Enter")


def test_chat_goes_on_over_plain_http_and_says_that_it_is_slower(room: Room) -> None:
    room.context.add_init_script(BLOCKED % "/assistant/")
    page = room.open()
    expect(page.get_by_text(SLOWER)).to_be_visible(timeout=30_000)
    ask(page, "How do I start?")
    expect(page.locator(".turn-answer")).to_contain_text("imulated", timeout=30_000)
    expect(page.locator("[data-composer=stop]")).to_be_hidden(timeout=30_000)
    said = page.locator(".turn-answer").text_content() or ""
    room.open(page)
    expect(page.locator(".turn-answer")).to_have_text(said, timeout=30_000)
    assert Turn.objects.count() == 1


def test_room_says_plainly_what_does_not_work_without_websockets(room: Room) -> None:
    room.context.add_init_script(BLOCKED % "/ws/")
    page = room.context.new_page()
    page.goto(room.address)
    notice = page.locator("[data-notices]")
    expect(notice).to_contain_text("can not be opened here", timeout=30_000)
    # Of files and clock nothing is known, so nothing is said of them.
    expect(page.locator("[data-state=saved]")).to_have_text(
        "Your files are not here yet"
    )
    expect(page.locator("[data-clock]")).not_to_have_text("no limit")
    expect(page.get_by_text(SLOWER)).to_be_visible(timeout=30_000)
