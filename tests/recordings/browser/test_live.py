"""The camera on the watch page: stored chunks in a Media Source of a real Chromium."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.models import AuditEntry
from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.e2e.conftest import Launch, LiveSite
from tests.factories.interviews import InterviewFactory
from tests.factories.people import make_people
from tests.recordings.conftest import Browser, let_in
from tests.recordings.media.recorded import cut, record

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SECONDS_AGO = 40
# Where the picture has come to, on the interview's clock.
PAST = """(seconds) => {
  const video = document.querySelector("[data-live-video]");
  return video.readyState >= 2 && video.currentTime > seconds;
}"""
WIDTH = "document.querySelector('[data-live-video]').videoWidth"


@pytest.fixture
def interview(site: LiveSite, media: Path) -> Interview:
    """An interview that began a moment ago."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        organisation=make_people().organisation,
        started_at=now() - timedelta(seconds=SECONDS_AGO),
    )
    return made


@pytest.fixture
def watching(launch: Launch, site: LiveSite, interview: Interview) -> Iterator[Page]:
    """The watch page as the owner sees it."""
    context = launch("--autoplay-policy=no-user-gesture-required").new_context(
        viewport={"width": 1440, "height": 900}
    )
    client = Client()
    client.force_login(interview.organisation.memberships.get(role="owner").user)
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": site.address}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.goto(site.address + reverse("interviews:interview-watch", args=[interview.pk]))
    yield page
    context.close()


def test_watcher_sees_the_last_stored_seconds_through_a_hole_and_a_new_codec(
    watching: Page, interview: Interview
) -> None:
    page = watching
    candidate = Browser(let_in(Client(SERVER_NAME="localhost"), interview), interview)
    # Without sound: PyAV sorts blocks of two tracks less strictly than recorders do.
    slices = cut(record(audio=None, seconds=20), 10)
    vp9 = {"mime_type": "video/webm;codecs=vp9"}
    assert candidate.open(**vp9).status_code == 201
    for index in (0, 1, 2):
        assert candidate.put(index, slices[index]).status_code == 201

    page.locator("[data-live-show]").click()
    page.wait_for_function(PAST, arg=2)
    expect(page.locator("[data-live-state]")).to_have_text(
        re.compile(r"^[1-9]\d s behind$")
    )
    assert AuditEntry.objects.filter(action="interview.seen_live").count() == 1

    # The third is missing: on with the fourth, from its first cluster.
    for index in (4, 5):
        assert candidate.put(index, slices[index]).status_code == 201
    page.wait_for_function(PAST, arg=8.1)

    # The candidate reloads in a browser that records something else.
    again = Browser(candidate.client, interview)
    other = cut(record("libvpx", None, seconds=8, width=320, height=240), 4)
    vp8 = {"mime_type": "video/webm;codecs=vp8", "started_ms": 16_000}
    assert again.open(**vp8).status_code == 201
    for index, data in enumerate(other):
        assert again.put(index, data).status_code == 201
    page.wait_for_function(PAST, arg=16.2)
    page.wait_for_function(f"{WIDTH} === 320")
    assert AuditEntry.objects.filter(action="interview.seen_live").count() == 1

    page.locator("[data-live-show]").click()
    expect(page.locator("[data-live-video]")).to_be_hidden()
