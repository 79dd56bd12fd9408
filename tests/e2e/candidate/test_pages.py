"""The candidate's way from link to record: axe finds nothing, no-JavaScript works."""

import pytest
from django.urls import reverse
from playwright.sync_api import BrowserContext, expect

from interviews.consent_text import CURRENT_VERSION
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.candidates import (
    begin_interview,
    record_consent,
    record_device_check,
    report_problem,
)
from interviews.services.lifecycle import finish_interview
from interviews.timeline.kinds import DeviceChecked
from interviews.tokens import make_token
from tests.e2e.candidate.looks import DESKTOP, PHONE, find_faults
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.browser


def link_to(site: LiveSite, interview: Interview) -> str:
    path = reverse(
        "interviews:candidate-entry", args=[make_token(interview.invitation)]
    )
    return f"{site.address}{path}"


def look(context: BrowserContext, url: str) -> list[str]:
    """Return the faults of one page, wide and narrow, light and dark."""
    faults = []
    page = context.new_page()
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        page.goto(url)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            faults += [
                f"{size['width']} {scheme} {fault}" for fault in find_faults(page)
            ]
    page.close()
    return faults


@pytest.mark.parametrize("name", ["link", "consent", "declined", "record", "report"])
def test_pages_before_the_start_are_accessible(
    launch: Launch, site: LiveSite, name: str
) -> None:
    interview = InterviewFactory.create()
    context = launch().new_context(bypass_csp=True, reduced_motion="reduce")
    enter(context, site, interview)
    url = (
        link_to(site, interview)
        if name == "link"
        else address_of(site, interview, name)
    )

    assert look(context, url) == []
    context.close()


def test_pages_from_check_to_record_are_accessible(
    launch: Launch, site: LiveSite, interview: Interview
) -> None:
    context = launch().new_context(bypass_csp=True, reduced_motion="reduce")
    enter(context, site, interview)
    faults = look(context, address_of(site, interview, "check"))
    record_device_check(
        interview.pk,
        result=DeviceChecked(
            camera="not_found", microphone="ok", socket="ok", upload="ok"
        ),
    )
    record_consent(interview.pk, version=CURRENT_VERSION, language="en")
    faults += look(context, address_of(site, interview, "begin"))
    begin_interview(interview.pk)
    report_problem(interview.pk, page="room", message="It hung.", diagnostics={})
    finish_interview(interview.pk)
    for name in ("finish", "record"):
        faults += look(context, address_of(site, interview, name))

    assert faults == []
    context.close()


def test_the_way_to_the_check_works_without_javascript(
    launch: Launch, site: LiveSite
) -> None:
    interview = InterviewFactory.create()
    context = launch().new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(link_to(site, interview))
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("Something is wrong", exact=True).click()
    page.get_by_label("What happened?").fill("No scripts here.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your report has arrived")
    page.goto(address_of(site, interview, "consent"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agree and continue").click()

    page.wait_for_url("**/check/")
    assert "need JavaScript" in page.content()
    interview.refresh_from_db()
    assert interview.state == InterviewState.PREPARING
    assert interview.problem_reports.get().page == "consent"
    context.close()


def test_a_missing_tick_is_said_beside_the_box(launch: Launch, site: LiveSite) -> None:
    interview = InterviewFactory.create()
    context = launch().new_context()
    enter(context, site, interview)
    page = context.new_page()
    page.goto(address_of(site, interview, "consent"))

    page.get_by_role("button", name="Agree and continue").click()

    expect(page.get_by_role("alert")).to_contain_text("Tick the box")
    expect(page.get_by_role("checkbox")).to_be_focused()
    assert not interview.consents.exists()
    context.close()


def test_going_back_from_the_receipt_leads_forward_again(
    launch: Launch, site: LiveSite
) -> None:
    interview = InterviewFactory.create(state=InterviewState.INVITED)
    context = launch().new_context()
    enter(context, site, interview)
    page = context.new_page()
    page.goto(address_of(site, interview, "consent"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Agree and continue").click()
    page.wait_for_url("**/check/")

    page.go_back()

    page.wait_for_url("**/check/")
    assert interview.consents.count() == 1
    context.close()
