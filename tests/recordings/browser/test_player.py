"""The desk's player in a real Chromium: keys, pictures of the lane, gaps, two tracks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import AuditEntry
from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.enums import AssetKind
from recordings.models import Asset
from recordings.selectors import list_playable
from recordings.services.renditions import make_rendition
from tests.e2e.conftest import Launch, LiveSite
from tests.factories.interviews import InterviewFactory
from tests.factories.people import make_people
from tests.recordings.browser.conftest import StartKept
from tests.recordings.browser.playing import sign_in
from tests.recordings.conftest import Browser, end, let_in
from tests.recordings.media.recorded import cut, record
from tests.recordings.steps import assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AT = "(name) => document.querySelector(`[data-video=${name}]`).currentTime"
TOGETHER = """() => {
  const [camera, screen] = document.querySelectorAll("[data-video]");
  return !screen.paused && screen.readyState >= 3 &&
    Math.abs(camera.currentTime - screen.currentTime) < 0.1;
}"""
PLAYING_PAST = """(seconds) => {
  const video = document.querySelector("[data-video=camera]");
  return !video.paused && video.currentTime > seconds;
}"""


def make_recorded(*, with_screen: bool) -> Interview:
    """An interview with a camera that has a hole from 12 s on, and a whole screen."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        organisation=make_people().organisation,
        invitation__assessment_version__records_screen=with_screen,
    )
    camera = Browser(let_in(Client(SERVER_NAME="localhost"), made), made)
    camera.send(cut(record(seconds=24), 12), without=(6, 7))
    if with_screen:
        screen = Browser(camera.client, made)
        assert screen.open(track="screen").status_code == 201
        slices = cut(record(audio=None, seconds=24, width=320, height=240), 12)
        for index, data in enumerate(slices):
            assert screen.put(index, data).status_code == 201
        screen.close(12, duration_ms=24_000)
    end(made)
    assert assemble(made).state == "done"
    return made


@pytest.fixture
def recorded(site: LiveSite, media: Path) -> Interview:
    """An interview with both tracks."""
    return make_recorded(with_screen=True)


@pytest.fixture
def desk(launch: Launch, site: LiveSite, recorded: Interview) -> Iterator[Page]:
    """The desk as the owner sees it; errors of the page fail the test."""
    context = launch("--autoplay-policy=no-user-gesture-required").new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    owner = recorded.organisation.memberships.get(role="owner").user
    sign_in(context, site, owner)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(site.address + reverse("admin:interview-review", args=[recorded.pk]))
    yield page
    context.close()
    assert faults == []


def test_player_by_keys_with_pictures_and_a_gap(desk: Page) -> None:
    page = desk
    bar = page.locator("[data-bar]")
    state = page.locator("[data-player-state]")
    assert not AuditEntry.objects.filter(action="recording.viewed").exists()

    page.locator("body").press("Space")
    page.wait_for_function(PLAYING_PAST, arg=0.3)
    page.wait_for_function(TOGETHER)
    assert AuditEntry.objects.filter(action="recording.viewed").count() == 2
    page.locator("body").press("k")
    expect(bar.locator("[data-do=play]")).to_have_attribute("data-playing", "false")

    page.locator("body").press("0")
    expect(bar.locator("[data-at]")).to_have_text("0:00")
    page.locator("body").press("ArrowRight")
    expect(bar.locator("[data-at]")).to_have_text("0:05")
    page.locator("body").press(".")
    page.wait_for_function(f"async () => ({AT})('camera') > 5.02")
    assert page.evaluate(AT, "camera") < 5.1

    board = page.locator("[data-lane-board]")
    box = board.bounding_box()
    assert box is not None
    board.hover(position={"x": 2, "y": 5})
    expect(page.locator("[data-preview-picture]")).to_be_visible()
    expect(page.locator("[data-preview-time]")).to_have_text(re.compile(r"\d:\d\d"))
    assert len(page.locator("[data-wave]").first.get_attribute("d") or "") > 10

    expect(page.locator(".lane .gap")).to_have_count(1)
    page.locator("[data-slider]").fill("11500")
    page.locator("[data-do=play]").click()
    # The screen has no hole there: nothing is skipped, and both are together behind it.
    page.wait_for_function(TOGETHER)
    expect(state).to_have_text("")
    page.keyboard.press(">")
    expect(page.locator("[data-speed]")).to_have_value("1.25")

    page.locator("body").press("?")
    expect(page.locator("#player-keys")).to_contain_text("Back 10 seconds")


CANNOT_PLAY_WEBM = """(() => {
  const can = HTMLMediaElement.prototype.canPlayType;
  HTMLMediaElement.prototype.canPlayType = function (type) {
    return type.startsWith("video/webm") ? "" : can.call(this, type);
  };
})()"""


def test_copy_is_played_where_the_file_cannot_be(
    launch: Launch, site: LiveSite, media: Path
) -> None:
    interview = make_recorded(with_screen=False)
    [file] = list_playable(interview)
    assert make_rendition(file.pk)
    copy = Asset.objects.get(kind=AssetKind.RENDITION)
    context = launch("--autoplay-policy=no-user-gesture-required").new_context()
    owner = interview.organisation.memberships.get(role="owner").user
    sign_in(context, site, owner)
    context.add_init_script(CANNOT_PLAY_WEBM)
    page = context.new_page()
    page.goto(site.address + reverse("admin:interview-review", args=[interview.pk]))

    page.locator("body").press("Space")
    page.wait_for_function(PLAYING_PAST, arg=0.3)

    source = page.locator("[data-video=camera]").get_attribute("src") or ""
    assert f"/recordings/{copy.pk}/" in source
    expect(page.get_by_role("link", name="Download as MP4")).to_be_visible()
    context.close()


@pytest.mark.parametrize("engine", ["firefox"], indirect=True)
def test_firefox_plays_the_file_and_skips_its_gap_with_a_word(
    site: LiveSite, media: Path, start_kept: StartKept
) -> None:
    interview = make_recorded(with_screen=False)
    context = start_kept().context
    owner = interview.organisation.memberships.get(role="owner").user
    sign_in(context, site, owner)
    page = context.new_page()
    page.goto(site.address + reverse("admin:interview-review", args=[interview.pk]))

    page.locator("[data-slider]").fill("10000")
    page.wait_for_function(f"() => ({AT})('camera') >= 10")
    page.locator("[data-do=play]").click()

    expect(page.locator("[data-player-state]")).to_have_text(
        re.compile(r"^Skipped: there is no picture from 0:1\d to 0:1\d\.$"),
        timeout=30_000,
    )
    page.wait_for_function(PLAYING_PAST, arg=16)
