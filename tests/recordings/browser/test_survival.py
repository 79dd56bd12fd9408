"""A recording lives through cuts, refusals, reloads and a killed browser."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.lifecycle import finish_interview
from interviews.timeline.log import elapsed_ms
from recordings.models import Chunk, Segment
from recordings.selectors import read_receipt
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory
from tests.factories.people import make_people
from tests.recordings.browser.conftest import Kept, StartKept
from tests.recordings.browser.playing import watch
from tests.recordings.steps import assemble

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PATIENCE_MS = 60_000
SLICE_MS = 2000
# The long form lets chunks through again after so many cuts, when two of them wait.
REFUSED_CUTS = 3
# What happens to chunks on their way: those numbered 0 wait until a later one of their
# recorder is there, and of all others every second one arrives twice, while the answers
# to the rest are lost. All are refused while the test says so. Each is noted.
TROUBLE = """(() => {
  const send = window.fetch.bind(window);
  const waiting = new Map();
  let sent = 0;
  const note = (kind) => localStorage.setItem(`trouble-${kind}`, "1");
  const follower = (segment) => new Promise((come) => {
    waiting.set(segment, come);
    setTimeout(come, 3000);
  });
  window.fetch = async (address, options = {}) => {
    const [, segment, index] = /segments\\/([^/]+)\\/chunks\\/(\\d+)$/.exec(address) ?? [];
    if (options.method !== "PUT" || !segment) return send(address, options);
    if (window.refusesChunks) {
      note("refused");
      return new Response("", { status: 503 });
    }
    if (index === "0") await follower(segment);
    sent += 1;
    const answer = await send(address, options);
    if (index !== "0") waiting.get(segment)?.();
    if (sent % 2) {
      const again = await send(address, { ...options, signal: undefined });
      note(again.status === 200 ? "repeated" : `repeated-${again.status}`);
      return again;
    }
    note("lost");
    throw new TypeError("the answer was lost");
  };
})()"""
# In the first page, until it is loaded a second time.
REFUSED_AT_FIRST = """(() => {
  window.refusesChunks = !sessionStorage.getItem("was-here");
  sessionStorage.setItem("was-here", "1");
})()"""
TROUBLES = """() => Object.keys(localStorage)
  .filter((name) => name.startsWith("trouble-")).map((name) => name.slice(8))"""
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
    """An interview under way, of an organisation with an owner."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, organisation=make_people().organisation
    )
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


def open_room(
    kept: Kept, site: LiveSite, interview: Interview, *, script: str = ""
) -> Page:
    enter(kept.context, site, interview)
    kept.context.add_init_script(TROUBLE)
    page = kept.context.new_page()
    if script:
        page.add_init_script(script)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(address_of(site, interview, "room"))
    return page


def record_on(page: Page, slices: int = 1) -> None:
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


@dataclass(frozen=True)
class LastSeen:
    """A recorder shortly before its end: at this time on the interview's clock."""

    segment: Segment
    at_ms: int

    def lost_ms(self) -> int:
        """Return how much is missing of what it filmed until then."""
        return self.at_ms - self.segment.started_ms - stored_ms(str(self.segment.pk))


def look_before_the_end(page: Page, interview: Interview) -> LastSeen:
    """Look at a moment when the recorder holds back less than one slice."""
    seen: list[LastSeen] = []

    def holds_little() -> bool:
        at_ms = elapsed_ms(interview, now())
        ends = held(page)["ends"]
        segment = Segment.objects.filter(pk__in=ends).order_by("started_ms").last()
        assert at_ms is not None
        assert segment is not None
        seen.append(LastSeen(segment, at_ms))
        return bool(at_ms - segment.started_ms - ends[str(segment.pk)] <= SLICE_MS)

    until(page, holds_little)
    return seen[-1]


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
    page = open_room(kept, site, interview, script=REFUSED_AT_FIRST)
    until_begun(page, 1)
    for cut in range(cuts):
        cut_the_network(page)
        if cut == REFUSED_CUTS:
            page.evaluate("() => { window.refusesChunks = false; }")
    ends = []
    for reload in range(reloads):
        ends.append(look_before_the_end(page, interview))
        page.reload()
        until_begun(page, 2 + reload)
    page.evaluate("() => { window.refusesChunks = true; }")
    record_on(page)
    before = held(page)
    assert before["slices"] > 0
    troubles = set(page.evaluate(TROUBLES))
    ends.append(look_before_the_end(page, interview))
    kept.kill()

    page = open_room(start_kept(), site, interview)
    until_begun(page, 2 + reloads)
    record_on(page)
    finish(page)

    after = held(page)
    assert after["captured"] == after["stored"] >= before["captured"]
    for segment, duration_ms in before["ends"].items():
        assert stored_ms(segment) >= duration_ms
    assert [end for end in ends if end.lost_ms() > SLICE_MS] == []
    troubles |= set(page.evaluate(TROUBLES))
    assert troubles == {"refused", "repeated", "lost"}
    assert has_overtaken()
    check_whole(interview)


def has_overtaken() -> bool:
    """Say whether chunks of one recorder arrived in another order than they have."""
    arrived = [
        list(segment.chunks.order_by("stored_at").values_list("index", flat=True))
        for segment in Segment.objects.all()
    ]
    return any(indexes != sorted(indexes) for indexes in arrived)


def check_plays(context: BrowserContext, site: LiveSite, interview: Interview) -> None:
    """Hold what a browser makes of the file to what was captured."""
    segments = [
        (one.started_ms, one.started_ms + stored_ms(str(one.pk)))
        for one in Segment.objects.all()
    ]
    captured = max(end for _, end in segments) - min(start for start, _ in segments)
    gaps = read_receipt(interview).gaps
    # Only between two recorders is nothing: each reload and the crash end one.
    assert 1 <= len(gaps) < len(segments)

    asset, seen = watch(context, site, interview)

    assert seen["duration"] == pytest.approx(captured / 1000, abs=0.5)
    assert seen["width"] == asset.width
    assert len(seen["missed"]) == 4 * len(gaps)
    assert max(seen["missed"]) < 0.1


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
    site: LiveSite,
    start_kept: StartKept,
    launch: Launch,
    firefox: Browser,
    interview: Interview,
) -> None:
    live_through(site, start_kept, interview, cuts=1, reloads=1)
    for browser in (launch(), firefox):
        check_plays(browser.new_context(), site, interview)


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
    site: LiveSite,
    start_kept: StartKept,
    launch: Launch,
    firefox: Browser,
    interview: Interview,
) -> None:
    live_through(site, start_kept, interview, cuts=5, reloads=2)
    for browser in (launch(), firefox):
        check_plays(browser.new_context(), site, interview)
