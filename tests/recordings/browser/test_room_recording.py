"""Camera to player through the whole product, in a real Chromium."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.enums import AssetKind
from recordings.models import Asset, Chunk, Segment
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory
from tests.factories.people import make_people
from tests.recordings.steps import assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
REFUSED = ("--use-fake-device-for-media-stream", "--deny-permission-prompts")
STORED = re.compile(r"0:(0[4-9]|[1-5]\d)( of [\d:]+)? stored")
SEEK = """async ([address, seconds]) => {
  const video = document.createElement("video");
  video.muted = true;
  video.src = address;
  await new Promise((done, failed) => {
    video.onloadedmetadata = done;
    video.onerror = () => failed(new Error(video.error.message));
  });
  const { duration } = video;
  video.currentTime = seconds;
  await new Promise((done, failed) => {
    video.onseeked = done;
    video.onerror = () => failed(new Error(video.error.message));
  });
  return [duration, video.currentTime, video.videoWidth];
}"""


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way."""
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


@pytest.fixture
def context(
    launch: Launch, site: LiveSite, interview: Interview
) -> Iterator[BrowserContext]:
    """The candidate's browser."""
    made = launch(*CAMERA).new_context()
    enter(made, site, interview)
    yield made
    made.close()


def open_room(context: BrowserContext, site: LiveSite, interview: Interview) -> Page:
    page = context.new_page()
    page.goto(address_of(site, interview, "room"))
    return page


def test_room_is_recorded_through_a_reload_and_can_be_watched(
    site: LiveSite, context: BrowserContext, interview: Interview, media: Path
) -> None:
    page = open_room(context, site, interview)
    expect(page.locator('[data-state="record"]')).to_have_text(STORED, timeout=30_000)
    page.reload()
    page.wait_for_timeout(5000)
    page.locator('[data-open="finish"]').click()
    page.locator("[data-finish-confirm]").click()
    page.wait_for_url(re.compile("/finish/"), timeout=60_000)

    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED
    segments = list(Segment.objects.order_by("started_ms"))
    assert len(segments) == 2
    assert all(segment.closed_at and segment.header for segment in segments)
    assert segments[1].started_ms > segments[0].started_ms + 4000
    assemble(interview)
    asset = Asset.objects.get(kind=AssetKind.PLAYABLE)
    assert asset.duration_ms > 8000
    recording = interview.recordings.get()
    assert recording.captured_ms == recording.stored_ms

    people = make_people()
    interview.organisation.memberships.create(user=people.owner, role="owner")
    client = Client()
    client.force_login(people.owner)
    member = context.browser.new_context()  # type: ignore[union-attr]
    member.add_cookies(
        [
            {
                "name": "sessionid",
                "value": client.cookies["sessionid"].value,
                "url": site.address,
            }
        ]
    )
    player = member.new_page()
    player.goto(f"{site.address}/healthz")
    session = client.session
    session["organisation"] = interview.organisation_id
    session.save()
    path = f"/interviews/{interview.pk}/recordings/{asset.pk}/"
    duration, at, width = player.evaluate(SEEK, [path, asset.duration_ms / 2000])
    assert abs(duration * 1000 - asset.duration_ms) < 1000
    assert abs(at * 1000 - asset.duration_ms / 2) < 100
    assert width == segments[0].width
    member.close()


@pytest.mark.long
def test_second_window_does_not_record_twice(
    site: LiveSite, context: BrowserContext, interview: Interview
) -> None:
    first = open_room(context, site, interview)
    expect(first.locator('[data-state="record"]')).to_have_text(STORED, timeout=30_000)
    second = open_room(context, site, interview)
    expect(second.locator('[data-state="record"]')).to_have_text(
        "Recording in another window", timeout=20_000
    )
    assert Segment.objects.count() == 1
    with second.expect_response(re.compile(r"/recordings/segments$"), timeout=30_000):
        first.close()
    expect(second.locator('[data-state="record"]')).to_have_text(STORED, timeout=30_000)
    assert Segment.objects.count() == 2
    second.close()


def test_without_permission_the_room_works_and_says_so(
    site: LiveSite, launch: Launch, interview: Interview
) -> None:
    context = launch(*REFUSED).new_context()
    enter(context, site, interview)
    page = open_room(context, site, interview)
    expect(page.locator('[data-state="record"]')).to_have_text(
        "Not recording", timeout=20_000
    )
    expect(page.locator("[data-notices]")).to_contain_text("Allow them beside")
    expect(page.locator("[data-notices]")).to_contain_text("Try again")
    expect(page.locator('[data-state="saved"]')).not_to_have_text("Connecting…")
    context.close()


@pytest.mark.long
def test_server_that_fails_for_a_while_loses_nothing(
    site: LiveSite, context: BrowserContext, interview: Interview, media: Path
) -> None:
    media.write_text("the disk refuses", encoding="utf-8")
    page = open_room(context, site, interview)
    page.wait_for_timeout(6000)
    assert not Chunk.objects.exists()
    media.unlink()
    expect(page.locator('[data-state="record"]')).to_have_text(STORED, timeout=30_000)
    page.close()
