"""unfold's pages in a real browser: they work under their policy."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.factories.accounts import PASSWORD
from tests.factories.people import People, make_people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    # Playwright's loop runs in this thread; the queries below are the test's own.
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser.new_page()
        browser.close()


def sign_in(page: Page, url: str, people: People) -> None:
    page.goto(f"{url}/admin/accounts/membership/")
    page.fill("[name=login]", people.owner.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/admin/accounts/membership/")


def test_admin_runs_without_policy_violations(
    live_server: LiveServer, page: Page
) -> None:
    people = make_people()
    problems: list[str] = []
    page.on(
        "console",
        lambda message: (
            problems.append(message.text) if message.type == "error" else None
        ),
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    sign_in(page, live_server.url, people)
    page.check("input.action-select >> nth=0")
    page.locator("#nav-sidebar-inner").get_by_text("owner@acme.example").click()
    page.get_by_role("link", name="Change password").wait_for()
    for path in ("/admin/", "/admin/accounts/membership/add/"):
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
    assert problems == []
