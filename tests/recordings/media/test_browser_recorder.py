"""The browser modules in a real Chromium, from the fake camera to a seekable file."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from recordings.media.assemble import AssembledFile, Assembly
from recordings.media.segments import HoleReason
from recordings.media.verify import verify
from tests.recordings.media.recorded import (
    assemble_into,
    cut,
    decode_all,
    record,
    segment,
)
from tests.recordings.media.upload_server import UploadServer

pytestmark = pytest.mark.browser

FAKE_DEVICES = "--use-fake-device-for-media-stream"
ALLOW = "--use-fake-ui-for-media-stream"
SLICE_MS = 2000

OPEN_QUEUE = """async () => {
  const { openQueue } = await import("/static/js/lib/recording/recording.js");
  const seen = { refused: [], problems: [], states: [] };
  const queue = await openQueue({ base: "/recording", csrf: () => "token" });
  queue.on("refused", (reason) => seen.refused.push(reason));
  queue.on("problem", ({ code }) => seen.problems.push(code));
  queue.on("state", (state) => seen.states.push(state));
  queue.start();
  Object.assign(globalThis, { queue, seen });
}"""
RECORD = """async (startMs) => {
  const { recordInto } = await import("/static/js/lib/recording/recording.js");
  const { openCapture } = await import("/static/js/lib/recording/capture.js");
  const video = { width: { ideal: 640 }, height: { ideal: 360 } };
  globalThis.stream = await openCapture({ video });
  const began = performance.now();
  const clock = () => startMs + performance.now() - began;
  globalThis.recorder = recordInto(queue, stream, { clock });
  recorder.on("problem", ({ code }) => seen.problems.push(code));
  recorder.start();
}"""
CAPTURED = """async (wanted) => {
  const deadline = performance.now() + 30000;
  while ((await queue.counts()).captured_ms < wanted) {
    if (performance.now() > deadline) throw new Error("nothing more is captured");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}"""
FINISH = "async () => { await recorder.stop(); return queue.drain(); }"
CAPTURE = """async (wanted) => {
  const { openCapture } = await import("/static/js/lib/recording/capture.js");
  try {
    const stream = await openCapture(wanted);
    return stream.getTracks().map((track) => track.kind).sort().join();
  } catch (error) {
    return error.code;
  }
}"""
SEEK = """async (seconds) => {
  const video = document.querySelector("video");
  video.src = "/media";
  await new Promise((done, failed) => {
    video.onloadedmetadata = done;
    video.onerror = () => failed(new Error(video.error.message));
  });
  for (const at of seconds) {
    video.currentTime = at;
    await new Promise((done, failed) => {
      video.onseeked = done;
      video.onerror = () => failed(new Error(video.error.message));
    });
  }
  return [video.duration, video.currentTime];
}"""


PLAY_PAST = """async (seconds) => {
  const video = document.querySelector("video");
  video.playbackRate = 2;
  await video.play();
  const deadline = performance.now() + 10000;
  while (video.currentTime < seconds) {
    if (video.error) throw new Error(video.error.message);
    if (performance.now() > deadline) throw new Error("playing stopped");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return video.currentTime;
}"""


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@contextmanager
def chromium(playwright: Playwright, *flags: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"),
        args=["--headless=new", "--no-sandbox", "--mute-audio", *flags],
    )
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright, FAKE_DEVICES, ALLOW) as started:
        yield started


@pytest.fixture
def server() -> Iterator[UploadServer]:
    running = UploadServer()
    yield running
    running.close()


@pytest.fixture
def page(browser: Browser, server: UploadServer) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(server.url)
    opened.evaluate(OPEN_QUEUE)
    yield opened
    context.close()


def captured(page: Page, milliseconds: int) -> None:
    """Wait until this much is in the browser's store (all pages so far together)."""
    page.evaluate(CAPTURED, milliseconds)


def assemble_arrived(server: UploadServer, folder: Path) -> Assembly:
    """Assemble what arrived, verified as the product does, and every frame decoded."""
    assembly, sinks = assemble_into(folder, *server.kept.inputs())
    for file, sink in zip(assembly.files, sinks, strict=True):
        with sink.open() as finished:
            verify(finished, file)
        assert decode_all(sink.path).errors == 0
    server.kept.media = sinks[0].path
    return assembly


def assert_plays(page: Page, file: AssembledFile) -> None:
    """Chromium knows the length and seeks: near the end, to the middle, to the front."""
    seconds = file.duration_ms / 1000
    middle = round(seconds / 2, 3)
    duration, current = page.evaluate(SEEK, [seconds - 0.5, 0.1, middle])
    assert duration == pytest.approx(seconds, abs=0.1)
    assert current == pytest.approx(middle, abs=0.01)


def test_recording_survives_a_lost_network(
    page: Page, server: UploadServer, tmp_path: Path
) -> None:
    page.evaluate(RECORD, -500)
    captured(page, 2000)
    page.context.set_offline(True)
    captured(page, 6000)
    page.context.set_offline(False)
    captured(page, 8000)
    server.kept.lose_answers = 1

    counts = page.evaluate(FINISH)

    assert counts["stored_ms"] == counts["captured_ms"]
    assert counts["waiting"] == 0
    seen = page.evaluate("seen")
    assert (seen["refused"], seen["problems"]) == ([], [])
    assert "offline" in seen["states"]
    assembly = assemble_arrived(server, tmp_path)
    (file,) = assembly.files
    assert assembly.holes == ()
    assert server.kept.conflicts == 0
    assert (file.video_codec, file.audio_codec) == ("vp9", "opus")
    assert -500 <= file.start_ms <= 500
    assert abs(file.duration_ms - counts["captured_ms"]) <= 300
    assert_plays(page, file)


def test_reload_while_the_server_is_away_loses_less_than_a_slice(
    page: Page, server: UploadServer, tmp_path: Path
) -> None:
    page.evaluate(RECORD, 0)
    captured(page, 2000)
    server.kept.unavailable = True
    captured(page, 4000)
    page.reload()
    page.evaluate(OPEN_QUEUE)
    page.evaluate(RECORD, 8000)
    captured(page, 8000)
    server.kept.unavailable = False

    counts = page.evaluate(FINISH)

    assert counts["stored_ms"] == counts["captured_ms"]
    assert len(server.kept.closed) == 2
    assert server.kept.conflicts == 0
    assembly = assemble_arrived(server, tmp_path)
    (file,) = assembly.files
    assert [hole.reason for hole in assembly.holes] == [HoleReason.NOT_RECORDED]
    assert file.duration_ms >= 8000 + 3500
    assert_plays(page, file)


def test_lost_camera_goes_on_with_sound_in_a_new_segment(
    page: Page, server: UploadServer, tmp_path: Path
) -> None:
    page.evaluate(RECORD, 0)
    captured(page, 2000)
    page.evaluate(
        """() => {
          const [camera] = stream.getVideoTracks();
          camera.stop();
          camera.dispatchEvent(new Event("ended"));
        }"""
    )
    captured(page, 6000)

    page.evaluate(FINISH)

    assert page.evaluate("seen.problems") == ["track_ended"]
    mimes = [opened["mime_type"] for opened in server.kept.segments.values()]
    assert [mime.split("/")[0] for mime in mimes] == ["video", "audio"]
    assembly = assemble_arrived(server, tmp_path)
    (file,) = assembly.files
    assert [hole.reason for hole in assembly.holes] == [HoleReason.NO_VIDEO]
    assert file.duration_ms >= 5000


@pytest.mark.parametrize(
    ("video", "audio", "container", "lost"),
    [
        ("libvpx-vp9", "libopus", "webm", [3]),
        ("libvpx", "libopus", "webm", [0]),
        ("libx264", "libopus", "mp4", [3]),
    ],
    ids=["vp9 middle", "vp8 start", "mp4 middle"],
)
def test_hole_is_sought_into_and_played_through(
    page: Page,
    server: UploadServer,
    tmp_path: Path,
    video: str,
    audio: str,
    container: str,
    lost: list[int],
) -> None:
    slices = cut(record(video, audio, container=container))
    assembly, sinks = assemble_into(tmp_path, segment(slices, without=lost))
    server.kept.media = sinks[0].path
    (hole,) = assembly.holes

    assert_plays(page, assembly.files[0])
    inside = (hole.start_ms + hole.end_ms) / 2000
    page.evaluate(SEEK, [inside])
    reached = page.evaluate(PLAY_PAST, hole.end_ms / 1000 + 0.3)

    assert reached >= hole.end_ms / 1000


@pytest.mark.parametrize(
    ("flags", "permissions", "wanted", "expected"),
    [
        ([FAKE_DEVICES], [], {}, "not_allowed"),
        ([FAKE_DEVICES], ["microphone"], {"video": False}, "audio"),
        ([FAKE_DEVICES], ["camera", "microphone"], {}, "audio,video"),
        ([ALLOW], [], {}, "not_found"),
        (
            [FAKE_DEVICES, ALLOW],
            [],
            {"video": {"width": {"exact": 99999}}},
            "overconstrained",
        ),
    ],
    ids=["refused", "microphone", "granted", "no devices", "impossible size"],
)
def test_capture_says_what_is_wrong(
    playwright: Playwright,
    server: UploadServer,
    flags: list[str],
    permissions: list[str],
    wanted: dict[str, object],
    expected: str,
) -> None:
    with chromium(playwright, *flags) as browser:
        context = browser.new_context(permissions=permissions or None)
        page = context.new_page()
        page.goto(server.url)
        assert page.evaluate(CAPTURE, wanted) == expected
