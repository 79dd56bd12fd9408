"""The prompt pages in a real browser: what is said while a draft is typed."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from assistant.services.prompts import active_prompt
from tests.assistant.prompts import CHAT_TEXT
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.people import make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def problems() -> list[str]:
    return []


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, problems: list[str]) -> Iterator[Page]:
    # Playwright's loop runs in this thread; the queries below are the test's own.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.on(
            "console",
            lambda message: (
                problems.append(message.text) if message.type == "error" else None
            ),
        )
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        browser.close()


def test_operator_writes_a_draft_and_puts_it_into_use(
    live_server: LiveServer, page: Page, problems: list[str]
) -> None:
    make_people()
    operator = UserFactory.create(email="ops@host.example", is_superuser=True)
    source = active_prompt("chat")
    put = f"Put v{source.number + 1} into use"
    page.goto(f"{live_server.url}/admin/assistant/prompt/{source.prompt_id}/change/")
    page.fill("[name=login]", operator.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")

    page.get_by_role("link", name="New draft").click()
    said = page.get_by_role("list", name="Variables")
    expect(said.get_by_text("statement: present")).to_be_visible()
    page.get_by_label("Text").fill("{{ salary }} {{ policy }}\n{{policy_text}}")
    for line in ("salary: unknown", "statement: missing", "line 2: “{{” opens no"):
        expect(said.get_by_text(line)).to_be_visible()
    page.get_by_label("Text").fill(CHAT_TEXT)
    expect(said.get_by_text("unknown")).to_have_count(0)
    page.get_by_role("button", name="Save", exact=True).click()

    page.goto(f"{live_server.url}/admin/assistant/prompt/{source.prompt_id}/change/")
    page.get_by_role("button", name=put).click()
    expect(page.get_by_role("table", name="Difference")).to_be_visible()
    page.get_by_label("Why (optional)").fill("shorter")
    page.get_by_role("button", name=put).click()
    expect(
        page.get_by_role("button", name=f"Roll back to v{source.number}")
    ).to_be_visible()
    assert active_prompt("chat").text == CHAT_TEXT
    assert problems == []
