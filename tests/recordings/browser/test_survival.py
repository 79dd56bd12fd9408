"""A recording lives through cuts, refusals, reloads and a killed browser."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.lifecycle import finish_interview
from recordings.models import Chunk, Segment
from recordings.selectors import read_receipt
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory
from tests.recordings.browser.conftest import Kept, StartKept
from tests.recordings.steps import assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATIENCE_MS = 60_000
# Every third answer is lost after the chunk has arrived, so that it is sent again after
# later ones; all are refused while the test says so.
TROUBLE = """(() => {
  const send = window.fetch.bind(window);
  let puts = 0;
  window.fetch = async (address, options = {}) => {
    if (options.method !== "PUT") return send(address, options);
    if (window.refusesChunks) return new Response("", { status: 503 });
    puts += 1;
    const isLost = puts % 3 === 1;
    const answer = await send(address, options);
    if (isLost) throw new TypeError("the answer was lost");
    return answer;
  };
})()"""
HELD = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("interviewlm-recording", 1);
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const database = opening.result;
    const reading = database.transaction(["slices", "segments", "totals"]);
    const stores = ["slices", "segments", "totals"]
      .map((name) => [name, reading.objectStore(name).getAll()]);
    reading.oncomplete = () => {
      const found = Object.fromEntries(stores.map(([name, got]) => [name, got.result]));
      database.close();
      resolve({
        slices: found.slices.length,
        ends: Object.fromEntries(
          found.segments.map(({ segment, duration_ms }) => [segment, duration_ms])),
        captured: found.totals.reduce((sum, one) => sum + one.captured_ms, 0),
        stored: found.totals.reduce((sum, one) => sum + one.stored_ms, 0),
      });
    };
  };
})"""


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way."""
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def held(page: Page) -> dict[str, Any]:
    """Return what the browser's store holds."""
    found: dict[str, Any] = page.evaluate(HELD)
    return found


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait while the page lives on."""
    for _attempt in range(PATIENCE_MS // 100):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it did not come to be")


def open_room(kept: Kept, site: LiveSite, interview: Interview) -> Page:
    enter(kept.context, site, interview)
    kept.context.add_init_script(TROUBLE)
    page = kept.context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(address_of(site, interview, "room"))
    return page


def record_on(page: Page, slices: int = 2) -> None:
    """Wait until so many more slices are kept, each of two seconds."""
    before = held(page)["captured"]
    until(page, lambda: bool(held(page)["captured"] >= before + slices * 1900))


def until_begun(page: Page, segments: int) -> None:
    until(page, lambda: Segment.objects.count() >= segments)


def cut_the_network(page: Page) -> None:
    page.context.set_offline(True)
    record_on(page)
    page.context.set_offline(False)


def finish(page: Page) -> None:
    page.locator('[data-open="finish"]').click()
    page.locator("[data-finish-confirm]").click()
    page.wait_for_url(re.compile("/finish/"), timeout=PATIENCE_MS)
    until(page, lambda: not held(page)["ends"])


def live_through(
    site: LiveSite,
    start_kept: StartKept,
    interview: Interview,
    *,
    cuts: int,
    reloads: int,
) -> None:
    """Record through all of it, and find everything the browser kept on the server."""
    kept = start_kept()
    page = open_room(kept, site, interview)
    until_begun(page, 1)
    for _cut in range(cuts):
        cut_the_network(page)
    for reload in range(reloads):
        page.reload()
        until_begun(page, 2 + reload)
    page.evaluate("() => { window.refusesChunks = true; }")
    record_on(page)
    before = held(page)
    assert before["slices"] > 0
    kept.kill()

    page = open_room(start_kept(), site, interview)
    until_begun(page, 2 + reloads)
    record_on(page)
    finish(page)

    after = held(page)
    assert after["captured"] == after["stored"] >= before["captured"]
    for segment, duration_ms in before["ends"].items():
        assert stored_ms(segment) >= duration_ms
    check_whole(interview)


def stored_ms(segment: str) -> int:
    last = Chunk.objects.filter(segment=UUID(segment)).order_by("index").last()
    return last.start_ms + last.duration_ms if last else 0


def check_whole(interview: Interview) -> None:
    """Every segment is closed and without a hole, and so is what is played."""
    for segment in Segment.objects.all():
        assert segment.closed_at is not None
        indexes = segment.chunks.order_by("index").values_list("index", flat=True)
        assert list(indexes) == list(range(len(indexes)))
    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED
    assemble(interview)
    receipt = read_receipt(interview)
    assert receipt.captured_ms == receipt.stored_ms > 0


def test_everything_kept_arrives_after_a_cut_a_reload_and_a_killed_browser(
    site: LiveSite, start_kept: StartKept, interview: Interview
) -> None:
    live_through(site, start_kept, interview, cuts=1, reloads=1)


@pytest.mark.parametrize("engine", ["chromium"], indirect=True)
def test_recovery_link_sends_what_a_killed_browser_held(
    site: LiveSite, start_kept: StartKept, launch: Launch, interview: Interview
) -> None:
    kept = start_kept()
    page = open_room(kept, site, interview)
    until_begun(page, 1)
    page.evaluate("() => { window.refusesChunks = true; }")
    record_on(page)
    before = held(page)
    kept.kill()
    finish_interview(interview.pk)
    link = f"{site.address}/interviews/{interview.pk}/recording/recover/"

    stranger = launch().new_context()
    enter(stranger, site, interview)
    elsewhere = stranger.new_page()
    elsewhere.goto(link)
    told = elsewhere.locator("[data-recover]")
    expect(told).to_contain_text("in the browser you used", timeout=PATIENCE_MS)
    stranger.close()

    again = start_kept().context
    enter(again, site, interview)
    page = again.new_page()
    page.goto(link)
    told = page.locator('[data-recover="safe"]')
    expect(told).to_contain_text("Your recording is stored", timeout=PATIENCE_MS)
    for segment, duration_ms in before["ends"].items():
        assert stored_ms(segment) >= duration_ms
    check_whole(interview)


@pytest.mark.long
def test_everything_kept_arrives_after_five_cuts_and_two_reloads(
    site: LiveSite, start_kept: StartKept, interview: Interview
) -> None:
    live_through(site, start_kept, interview, cuts=5, reloads=2)
