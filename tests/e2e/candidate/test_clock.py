"""The clock on the page: how it adds up, its end with nobody at the other end, windows."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from base.clock import now
from interviews.enums import FaultCause, InterviewState, TimeEntryKind
from interviews.models import Document, Event, Interview
from interviews.services.faults import begin_fault, report_fault
from interviews.timeline.kinds import DocumentLate
from interviews.tokens import make_token
from tests.e2e.candidate.looks import DESKTOP, PHONE, find_faults
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def running(site: LiveSite) -> Interview:
    """An interview that began a moment ago."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, started_at=now()
    )
    return made


@pytest.fixture
def context(
    launch: Launch, site: LiveSite, running: Interview
) -> Iterator[BrowserContext]:
    """The browser of its candidate, in Berlin."""
    opened = launch().new_context(
        bypass_csp=True,
        reduced_motion="reduce",
        viewport=DESKTOP,
        locale="en-GB",
        timezone_id="Europe/Berlin",
    )
    enter(opened, site, running)
    yield opened
    opened.close()


def open_room(context: BrowserContext, site: LiveSite, interview: Interview) -> Page:
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(address_of(site, interview, "room"))
    page.locator(".cm-content").wait_for()
    return page


def lose(interview: Interview, began: int, seconds: int, cause: str) -> None:
    """Report a fault that began so many seconds after the start."""
    assert interview.started_at is not None
    at = interview.started_at + timedelta(seconds=began)
    report_fault(
        interview.pk,
        cause=cause,
        key=f"{cause}:{began}",
        began_at=at,
        ended_at=at + timedelta(seconds=seconds),
    )


def solution_of(interview: Interview) -> Document:
    folder = interview.assessment_version.sections.order_by("position")[0].folder
    return Document.objects.get(interview=interview, path=f"{folder}/solution.py")


def test_clock_opens_to_show_how_the_time_adds_up(
    context: BrowserContext, site: LiveSite, running: Interview
) -> None:
    running.time_entries.create(kind=TimeEntryKind.FACTOR, seconds=1800)
    lose(running, 0, 200, FaultCause.RESTART)
    begin_fault(running.pk, cause=FaultCause.SANDBOX, key="sandbox:1", began_at=now())
    page = open_room(context, site, running)
    sheet = page.locator("#clock-sheet")
    expect(sheet).to_be_hidden()
    expect(page.locator("[data-notices]")).to_contain_text("is given back to you")

    page.get_by_role("button", name="Time left").click()

    expect(sheet).to_be_visible()
    lines = [
        line.split("\n") for line in sheet.locator(".ledger-line").all_inner_texts()
    ]
    assert lines == [
        ["Agreed time", "1 h"],
        ["Extra time agreed", "+30 min"],
        ["Given back Our server restarted", "+3 min 20 s"],
        ["In all", "1 h 33 min 20 s"],
    ]
    expect(sheet).to_contain_text("Code could not be run since")
    expect(sheet).to_contain_text("Ends at")
    assert find_faults(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_time_sheet_fits_a_phone(
    context: BrowserContext, site: LiveSite, running: Interview
) -> None:
    lose(running, 0, 200, FaultCause.RESTART)
    page = open_room(context, site, running)
    page.set_viewport_size(PHONE)

    page.get_by_role("button", name="Time left").click()

    expect(page.locator("#clock-sheet")).to_contain_text("Given back")
    assert find_faults(page) == []


def end_in(interview: Interview, seconds: float) -> datetime:
    """Have the time run out so soon; return when."""
    ends_at = now() + timedelta(seconds=seconds)
    Interview.objects.filter(pk=interview.pk).update(
        ends_at=ends_at, last_seen_at=now()
    )
    return ends_at


def cut(context: BrowserContext, page: Page) -> None:
    """Pull the candidate's cable."""
    context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")


def mend(context: BrowserContext, page: Page) -> None:
    context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")


def write(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def test_room_is_read_only_at_its_end_and_keeps_what_was_typed_without_a_connection(
    context: BrowserContext, site: LiveSite, running: Interview
) -> None:
    end_in(running, 8)
    page = open_room(context, site, running)
    write(page, "# before")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    cut(context, page)
    write(page, " and offline")
    content = page.locator(".cm-content")
    expect(content).to_have_attribute("aria-readonly", "true", timeout=12_000)

    late = page.evaluate("document.querySelector('[data-clock]').textContent")
    write(page, " too late")

    assert late == "00:00"
    expect(content).to_contain_text("# before and offline")
    expect(content).not_to_contain_text("too late")
    expect(page.locator("[data-notices]")).to_contain_text("The time is up")
    expect(page.locator("[data-notices]")).to_contain_text("kept in this browser")
    mend(context, page)
    page.wait_for_url("**/finish/")
    assert solution_of(running).text.endswith("# before and offline")
    running.refresh_from_db()
    assert running.state == InterviewState.COMPLETED
    marks = Event.objects.filter(interview=running, kind=DocumentLate.kind)
    assert [event.payload["is_applied"] for event in marks] == [True]


def test_work_that_returns_long_after_the_end_is_kept_and_said(
    context: BrowserContext, site: LiveSite, running: Interview
) -> None:
    page = open_room(context, site, running)
    write(page, "# before")
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")
    cut(context, page)
    write(page, " and offline")
    end_in(running, -60)

    mend(context, page)

    page.wait_for_url("**/finish/")
    expect(page.locator("[data-late]")).to_contain_text("arrived after the end")
    assert solution_of(running).text.endswith("# before")
    late = Event.objects.get(interview=running, kind=DocumentLate.kind).payload
    assert not late["is_applied"]
    kept = running.document_versions.get(hash=late["hash"])
    assert kept.text.endswith("# before and offline")
    assert find_faults(page) == []


def link_to(site: LiveSite, interview: Interview) -> str:
    token = make_token(interview.invitation)
    return site.address + reverse("interviews:candidate-entry", args=[token])


def test_link_that_opens_soon_counts_down_in_both_zones_and_goes_on_by_itself(
    launch: Launch, site: LiveSite
) -> None:
    interview = InterviewFactory.create(
        invitation__opens_at=now() + timedelta(days=2, hours=3),
        invitation__time_zone="Asia/Tokyo",
        invitation__time_factor=Decimal("1.5"),
    )
    invitation = interview.invitation
    context = launch().new_context(
        bypass_csp=True,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="America/New_York",
    )
    page = context.new_page()
    page.goto(link_to(site, interview))

    expect(page.locator("time[data-zoned]").first).to_contain_text("Asia/Tokyo, UTC+9")
    expect(page.locator(".own-time").first).to_contain_text("GMT")
    expect(page.locator("[data-countdown]")).to_contain_text("Opens in 2 d")
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert find_faults(page) == []

    invitation.opens_at = now() + timedelta(seconds=2)
    invitation.save()
    page.reload()
    expect(page.locator("[data-countdown-text]")).to_have_text("1 s")

    page.get_by_role("button", name="Begin").wait_for(timeout=10_000)
    expect(page.locator("dl.facts")).to_contain_text("90 minutes, in one sitting")
    expect(page.locator("dl.facts")).to_contain_text("30 minutes of extra time")
    context.close()


def test_reader_in_the_invitations_zone_sees_one_time_only(
    launch: Launch, site: LiveSite
) -> None:
    interview = InterviewFactory.create(
        invitation__opens_at=now() + timedelta(days=2),
        invitation__time_zone="Europe/Berlin",
    )
    context = launch().new_context(locale="en-GB", timezone_id="Europe/Paris")
    page = context.new_page()
    page.goto(link_to(site, interview))

    expect(page.locator("time[data-zoned]")).to_have_count(2)
    expect(page.locator(".own-time")).to_have_count(0)
    context.close()
