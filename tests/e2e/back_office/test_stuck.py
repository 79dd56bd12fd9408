"""The list of live interviews that need a look, refreshed by itself."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from base.clock import now
from interviews.enums import InterviewState
from tests.e2e.back_office.test_watch import WIDE
from tests.e2e.conftest import Launch, LiveSite
from tests.factories.interviews import InterviewFactory
from tests.factories.people import make_people
from tests.interviews.workspace.windows import member_cookies
from tests.js.browser.conftest import find_violations

pytestmark = pytest.mark.browser

# What the page does every twenty seconds, it does as soon as it is looked at again.
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


def test_list_refreshes_by_itself_and_says_when_it_cannot(
    site: LiveSite, launch: Launch
) -> None:
    people = make_people()
    context = launch().new_context(viewport=WIDE, reduced_motion="reduce")
    context.add_cookies(
        [
            {"name": name, "value": value, "url": site.address}
            for name, value in member_cookies(people.recruiter).items()
        ]
    )
    page = context.new_page()
    page.goto(f"{site.address}/admin/stuck/")
    expect(page.locator("[data-stuck]")).to_contain_text("Nobody is being interviewed")

    interview = InterviewFactory.create(
        organisation=people.organisation,
        state=InterviewState.ACTIVE,
        started_at=now() - timedelta(minutes=30),
        last_seen_at=now() - timedelta(minutes=2),
    )
    page.evaluate(LOOK_AGAIN)
    row = page.locator(f"[data-interview='{interview.pk}']")
    expect(row.locator("[data-reason=away]")).to_contain_text("Not connected")
    expect(page.locator("[data-stuck-announce]")).to_have_text("1 of 1 live interview")
    assert find_violations(page) == []

    page.route("**/admin/stuck/?part=rows", lambda route: route.abort())
    page.evaluate(LOOK_AGAIN)
    expect(page.locator("[data-stuck-old]")).to_be_visible()
    expect(row).to_be_visible()
    context.close()
