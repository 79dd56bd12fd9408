"""Thank you: what of the recording is still on this computer is sent from there."""

import pytest
from playwright.sync_api import expect

from interviews.enums import InterviewState
from interviews.services.lifecycle import finish_interview
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.browser

RECORDING = "**/api/v1/interviews/*/recordings/**"


def test_an_unsent_recording_is_sent_from_the_last_page(
    launch: Launch, site: LiveSite
) -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    browser = launch(
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"
    )
    context = browser.new_context()
    enter(context, site, interview)
    context.route(RECORDING, lambda route: route.abort())
    page = context.new_page()
    page.goto(address_of(site, interview, "room"))
    page.wait_for_timeout(5000)  # real time: this much is recorded
    finish_interview(interview.pk)
    page.goto(address_of(site, interview, "finish"))

    expect(page.get_by_text("still on this computer")).to_be_visible(timeout=10_000)
    context.unroute(RECORDING)

    expect(page.get_by_text("Your recording is stored")).to_be_visible(timeout=40_000)
    context.close()
