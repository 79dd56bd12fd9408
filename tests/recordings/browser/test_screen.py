"""The screen beside the camera, where the assessment asks for it."""

import re

import pytest
from playwright.sync_api import Page, expect

from interviews.enums import InterviewState
from interviews.models import Event, Interview
from recordings.enums import Track
from recordings.models import Segment
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory
from tests.recordings.browser.conftest import FLAGS, SMALL_CAMERA

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What is shared is kept within reach: the browser's own “Stop sharing” cannot be pressed.
KEEP_SHARED = """(() => {
  const media = navigator.mediaDevices;
  const share = media.getDisplayMedia.bind(media);
  media.getDisplayMedia = async (wanted) => {
    if (window.refusesScreen) throw new DOMException("no", "NotAllowedError");
    const stream = await share(wanted);
    window.sharedTrack = stream.getVideoTracks()[0];
    return stream;
  };
  window.refusesScreen = true;
})()"""
STOP_SHARING = """() => {
  window.sharedTrack.stop();
  window.sharedTrack.dispatchEvent(new Event("ended"));
}"""
PATIENCE_MS = 30_000


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way that asks for the screen."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        invitation__assessment_version__records_screen=True,
    )
    return made


@pytest.fixture
def page(launch: Launch, site: LiveSite, interview: Interview) -> Page:
    """The room in a browser with a camera and a screen."""
    context = launch(*FLAGS).new_context()
    context.add_init_script(SMALL_CAMERA)
    context.add_init_script(KEEP_SHARED)
    enter(context, site, interview)
    room = context.new_page()
    room.goto(address_of(site, interview, "room"))
    return room


def codes() -> list[str]:
    noted = Event.objects.filter(kind="recording.capture_noted").order_by("seq")
    return [event.payload["code"] for event in noted]


def test_screen_is_refused_then_shared_then_ended_and_the_room_goes_on(
    page: Page, interview: Interview
) -> None:
    light = page.locator('[data-state="screen"]')
    notices = page.locator("[data-notices]")
    share = notices.get_by_role("button", name="Share your screen")
    expect(notices).to_contain_text("also records your screen", timeout=PATIENCE_MS)

    share.click()
    expect(notices).to_contain_text("Your screen is not shared")
    page.evaluate("() => { window.refusesScreen = false; }")
    share.click()
    stored = re.compile(r"Screen: 0:(0[1-9]|[1-5]\d) stored")
    expect(light).to_have_text(stored, timeout=PATIENCE_MS)
    expect(share).to_have_count(0)

    page.evaluate(STOP_SHARING)
    expect(light).to_have_text("Screen not shared")
    expect(notices).to_contain_text("no longer shared")
    expect(share).to_be_visible()
    page.locator('[data-open="finish"]').click()
    page.locator("[data-finish-confirm]").click()
    page.wait_for_url(re.compile("/finish/"), timeout=PATIENCE_MS)

    tracks = Segment.objects.values_list("recording__track", flat=True)
    assert set(tracks) == {Track.CAMERA, Track.SCREEN}
    assert all(Segment.objects.values_list("closed_at", flat=True))
    assert codes() == ["screen_refused", "screen_shared", "screen_ended"]
    page.context.close()
