"""What seeking costs: the finished file beside its chunks merely joined.

`python -m bench.recordings.playback --minutes 5`. One Chromium seeks to the same places
of both, through our range view on daphne; what counts are the bytes it fetches, then
the time. Afterwards six people seek at once, and the server's memory is taken at its
largest, beside what it had before.
"""

import argparse
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from time import perf_counter
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, Page, sync_playwright

from bench.database import set_up
from bench.figures import Figure, keep
from bench.processes import Server
from bench.recordings.samples import write_chunks
from bench.relays.servers import open_ours
from recordings.media.assemble import assemble
from recordings.media.segments import SegmentInput
from recordings.media.sinks import FileSink

MINUTES = 5
PEOPLE = 6
# Parts of the whole, back and forth.
PLACES = (0.17, 0.5, 0.97, 0.01)
SEEK_MS = 120_000
MEMORY_EACH_SECONDS = 0.02
KIND = "daphne"

OPEN = """async (address) => {
  const { url } = await (await fetch(address)).json();
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "metadata";
  document.body.append(video);
  await new Promise((done, failed) => {
    video.onloadedmetadata = done;
    video.onerror = () => failed(new Error(video.error.message));
    video.src = url;
  });
}"""
SEEK = """(seconds) => new Promise((done, failed) => {
  const video = document.querySelector("video");
  video.onseeked = done;
  video.onerror = () => failed(new Error(video.error.message));
  video.currentTime = seconds;
})"""


@dataclass(frozen=True)
class Sample:
    """Where the two files can be played, and the cookies of who may."""

    finished: str
    joined: str
    sessions: list[str]
    seconds: int
    size: int


@dataclass(frozen=True)
class Seeks:
    """What one browser took for all places."""

    seconds: float
    fetched: int


def measure(minutes: int = MINUTES, people: int = PEOPLE) -> list[Figure]:
    """Seek in both files, then with several people in the finished one."""
    set_up()
    sample = _prepare(minutes * 60, people)
    with open_ours(KIND, "http://127.0.0.1:9", {}) as server, _chromium() as browser:
        ours = _measure_seeks(browser, server, sample, sample.finished)
        theirs = _measure_seeks(browser, server, sample, sample.joined)
        growth = _measure_growth(browser, server, sample)
    note = (
        f"{sample.size / 1e6:.0f} MB; fetched {ours.fetched / 1e6:.1f} MB, joined "
        f"{theirs.fetched / 1e6:.1f} MB; {people} people seeking at once: {growth:.0f} "
        f"MiB more memory on {KIND}"
    )
    return [
        Figure(
            f"{len(PLACES)} seeks in {minutes} min of recording, Chromium",
            "the chunks merely joined",
            ours.seconds,
            theirs.seconds,
            ours.seconds / theirs.seconds,
            note,
        )
    ]


def _prepare(seconds: int, people: int) -> Sample:
    """Write both files into the media folder, with their rows and viewers."""
    from django.conf import settings  # noqa: PLC0415 -- after set-up

    from tests.factories.interviews import InterviewFactory  # noqa: PLC0415 -- the same
    from tests.factories.recordings import AssetFactory  # noqa: PLC0415 -- the same

    media = Path(settings.MEDIA_ROOT)
    media.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        segment = write_chunks(Path(folder), seconds)
        assemble([segment], lambda _number, _ending: FileSink(media / "finished.webm"))
        _join(segment, media / "joined.webm")
    interview = InterviewFactory.create(state="completed")
    addresses = []
    for part, name in enumerate(("finished.webm", "joined.webm")):
        asset = AssetFactory.create(
            recording__interview=interview,
            recording__track=("camera", "screen")[part],
            key=name,
            size=(media / name).stat().st_size,
        )
        addresses.append(f"/interviews/{interview.pk}/recordings/{asset.pk}/address")
    sessions = [_sign_in(interview.organisation) for _person in range(people)]
    finished, joined = addresses
    return Sample(
        finished, joined, sessions, seconds, (media / "finished.webm").stat().st_size
    )


def _join(segment: SegmentInput, path: Path) -> None:
    with path.open("wb") as target:
        for chunk in segment.chunks:
            target.write(chunk.open().read())


def _sign_in(organisation: Any) -> str:
    from django.test import Client  # noqa: PLC0415 -- after set-up

    from tests.factories.accounts import MembershipFactory  # noqa: PLC0415 -- the same

    client = Client()
    client.force_login(MembershipFactory.create(organisation=organisation).user)
    return client.cookies["sessionid"].value


@contextmanager
def _chromium() -> Iterator[Any]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def _open_page(context: BrowserContext, server: Server, session: str) -> Page:
    cookie = {"name": "sessionid", "value": session, "url": server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    page = context.new_page()
    page.set_default_timeout(SEEK_MS)
    page.goto(f"{server.url}/healthz")
    return page


def _measure_seeks(browser: Any, server: Server, sample: Sample, address: str) -> Seeks:
    context = browser.new_context()
    page = _open_page(context, server, sample.sessions[0])
    fetched: list[int] = []
    network = context.new_cdp_session(page)
    network.on(
        "Network.dataReceived", lambda event: fetched.append(event["dataLength"])
    )
    network.send("Network.enable")
    page.evaluate(OPEN, address)
    began = perf_counter()
    for place in PLACES:
        page.evaluate(SEEK, place * sample.seconds)
    took = perf_counter() - began
    context.close()
    return Seeks(took, sum(fetched))


def _measure_growth(browser: Any, server: Server, sample: Sample) -> float:
    """Return MiB: the server's largest beside what it had, while all seek at once."""
    contexts = [browser.new_context() for _session in sample.sessions]
    pages = [
        _open_page(context, server, session)
        for context, session in zip(contexts, sample.sessions, strict=True)
    ]
    with _watch_memory(server.process) as sizes:
        for page in pages:
            page.evaluate(OPEN, sample.finished)
        for place in PLACES:
            _seek_together(pages, place * sample.seconds)
    for context in contexts:
        context.close()
    return (max(sizes) - sizes[0]) / 1024**2


def _seek_together(pages: Sequence[Page], seconds: float) -> None:
    for page in pages:
        page.evaluate(f"(at) => {{ window.seeking = ({SEEK})(at); }}", seconds)
    for page in pages:
        page.evaluate("() => window.seeking.then(() => null)")


@contextmanager
def _watch_memory(process: psutil.Process) -> Iterator[list[int]]:
    sizes = [process.memory_info().rss]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(MEMORY_EACH_SECONDS):
            sizes.append(process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield sizes
    finally:
        is_over.set()
        thread.join()


def main() -> None:
    """Measure as asked, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=MINUTES)
    parser.add_argument("--people", type=int, default=PEOPLE)
    given = parser.parse_args()
    figures = measure(given.minutes, given.people)
    for figure in figures:
        print(figure.line())
    keep(figures)


if __name__ == "__main__":
    main()
