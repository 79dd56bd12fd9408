"""The device check in a real Chromium: everything that can fail gets its own help."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from interviews.models import Interview
from interviews.selectors.records import last_device_check
from tests.e2e.conftest import Launch, LiveSite, address_of, enter

pytestmark = pytest.mark.browser

FAKE = "--use-fake-device-for-media-stream"
ALLOW = "--use-fake-ui-for-media-stream"
DEVICES = "navigator.mediaDevices"


def line(page: Page, name: str) -> str:
    return f'[data-line="{name}"]'


def open_check(
    context: BrowserContext, site: LiveSite, interview: Interview, script: str = ""
) -> Page:
    """Open the check as the candidate; `script` runs before the page's own."""
    enter(context, site, interview)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.goto(address_of(site, interview, "check"))
    return page


def refuse_with(name: str) -> str:
    """Have getUserMedia fail with this DOMException."""
    return f"""
        {DEVICES}.getUserMedia = async () => {{ throw new DOMException("", {json.dumps(name)}); }};
        navigator.permissions.query = async () => ({{ state: "granted" }});
    """


def press_if_asked(page: Page) -> None:
    """Press the page's own question, which comes where nothing is decided yet."""
    decided = '[data-line="camera"].danger, [data-line="microphone"].good'
    page.wait_for_selector(f"[data-open]:visible, {decided}")
    button = page.locator("[data-open]")
    if button.is_visible():
        button.click()


@pytest.fixture
def context(launch: Launch) -> Iterator[BrowserContext]:
    """A browser with working devices and every permission."""
    opened = launch(FAKE, ALLOW).new_context()
    yield opened
    opened.close()


def test_with_everything_working_four_ticks_lead_on(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    page = open_check(context, site, interview)

    for name in ("camera", "microphone", "socket", "upload"):
        expect(page.locator(line(page, name))).to_have_class("good", timeout=15_000)
    expect(page.locator("[data-picture]")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-picture]').videoWidth") > 0
    page.get_by_role("button", name="Continue", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ready when you are")
    page.get_by_role("button", name="Start the interview").click()
    page.wait_for_url("**/room/")
    result = last_device_check(interview)
    assert result is not None
    assert set(result.model_dump().values()) == {"ok"}


def test_before_the_browser_asks_the_page_says_so(
    launch: Launch, site: LiveSite, interview: Interview
) -> None:
    asked = f"""
        navigator.permissions.query = async () => ({{ state: "prompt" }});
        globalThis.asked = 0;
        const open = {DEVICES}.getUserMedia.bind({DEVICES});
        {DEVICES}.getUserMedia = (wish) => {{ globalThis.asked += 1; return open(wish); }};
    """
    context = launch(FAKE, ALLOW).new_context()
    page = open_check(context, site, interview, asked)

    button = page.get_by_role("button", name="Turn on camera and microphone")
    expect(button).to_be_visible()
    assert page.evaluate("globalThis.asked") == 0
    button.click()

    expect(page.locator(line(page, "camera"))).to_have_class("good")
    context.close()


def test_a_stored_refusal_is_told_with_the_steps_of_this_browser(
    launch: Launch, site: LiveSite, interview: Interview
) -> None:
    context = launch(FAKE).new_context()
    context.clear_permissions()
    denied = "navigator.permissions.query = async () => ({ state: 'denied' });"
    page = open_check(context, site, interview, denied)

    camera = page.locator(line(page, "camera"))
    expect(camera).to_contain_text("Access was refused")
    expect(camera).to_contain_text("icon to the left of the address")
    expect(page.locator(line(page, "microphone"))).to_contain_text("same as for")
    context.close()


def test_a_refusal_of_the_question_is_told_the_same_way(
    launch: Launch, site: LiveSite, interview: Interview
) -> None:
    context = launch(FAKE, f"{ALLOW}=deny").new_context()
    page = open_check(context, site, interview)
    press_if_asked(page)

    expect(page.locator(line(page, "camera"))).to_contain_text(
        re.compile("refused|Not allowed yet")
    )
    context.close()


def test_a_microphone_alone_is_kept_when_the_camera_is_refused(
    launch: Launch, site: LiveSite, interview: Interview
) -> None:
    context = launch(FAKE).new_context(permissions=["microphone"])
    page = open_check(context, site, interview)
    press_if_asked(page)

    expect(page.locator(line(page, "microphone"))).to_have_class("good", timeout=10_000)
    expect(page.locator(line(page, "camera"))).to_have_class("danger")
    page.get_by_role("button", name="Continue without camera", exact=True).click()

    expect(page.get_by_text("Without your camera")).to_be_visible()
    result = last_device_check(interview)
    assert result is not None
    assert (result.camera, result.microphone) == ("not_allowed", "ok")
    context.close()


def test_without_devices_each_is_said_to_be_missing(
    launch: Launch, site: LiveSite, interview: Interview
) -> None:
    context = launch().new_context(permissions=["camera", "microphone"])
    page = open_check(context, site, interview)

    expect(page.locator(line(page, "camera"))).to_contain_text("No camera was found")
    expect(page.locator(line(page, "microphone"))).to_contain_text("No microphone")
    without = page.get_by_role(
        "button", name="Continue without camera and microphone", exact=True
    )
    without.click()

    page.wait_for_url("**/begin/")
    result = last_device_check(interview)
    assert result is not None
    assert (result.camera, result.microphone) == ("not_found", "not_found")
    context.close()


def test_a_microphone_without_a_camera_is_used(
    launch: Launch, site: LiveSite, interview: Interview
) -> None:
    context = launch(f"{FAKE}=device-count=0", ALLOW).new_context()
    page = open_check(context, site, interview)

    expect(page.locator(line(page, "camera"))).to_contain_text("No camera was found")
    expect(page.locator(line(page, "microphone"))).to_have_class("good", timeout=10_000)
    context.close()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NotReadableError", "Another program holds your camera"),
        ("OverconstrainedError", "cannot do what the interview asks for"),
        ("SecurityError", "browser’s settings forbid it"),
        ("WeirdError", "It did not start"),
    ],
)
def test_each_failure_of_the_camera_has_its_own_help(
    context: BrowserContext, site: LiveSite, interview: Interview, name: str, words: str
) -> None:
    page = open_check(context, site, interview, refuse_with(name))

    expect(page.locator(line(page, "camera"))).to_contain_text(words)
    expect(page.get_by_role("button", name="Continue", exact=True)).to_be_hidden()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("delete globalThis.MediaRecorder;", "This browser cannot record"),
        (
            "Object.defineProperty(globalThis, 'isSecureContext', { value: false });",
            "This page is not secure",
        ),
    ],
    ids=["no recorder", "insecure"],
)
def test_a_browser_that_cannot_record_is_told_so(
    context: BrowserContext,
    site: LiveSite,
    interview: Interview,
    script: str,
    words: str,
) -> None:
    page = open_check(context, site, interview, script)

    expect(page.locator(line(page, "camera"))).to_contain_text(words)


def test_checking_again_after_the_mend_gives_the_tick(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    script = f"""
        const open = {DEVICES}.getUserMedia.bind({DEVICES});
        navigator.permissions.query = async () => ({{ state: "granted" }});
        globalThis.busy = true;
        {DEVICES}.getUserMedia = async (wish) => {{
          if (globalThis.busy) throw new DOMException("", "NotReadableError");
          return open(wish);
        }};
    """
    page = open_check(context, site, interview, script)
    expect(page.locator(line(page, "camera"))).to_have_class("danger")
    page.evaluate("globalThis.busy = false")

    page.get_by_role("button", name="Check again").click()

    expect(page.locator(line(page, "camera"))).to_have_class("good")
    expect(page.locator(line(page, "microphone"))).to_have_class("good", timeout=10_000)


def test_a_silent_microphone_is_noticed(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    script = f"""
        const open = {DEVICES}.getUserMedia.bind({DEVICES});
        {DEVICES}.getUserMedia = async (wish) => {{
          const stream = await open(wish);
          for (const track of stream.getAudioTracks()) track.enabled = false;
          return stream;
        }};
    """
    page = open_check(context, site, interview, script)

    expect(page.locator(line(page, "microphone"))).to_contain_text(
        "We hear nothing", timeout=15_000
    )


def test_a_camera_pulled_out_is_noticed(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    page = open_check(context, site, interview)
    expect(page.locator(line(page, "camera"))).to_have_class("good", timeout=10_000)

    page.evaluate(
        "document.querySelector('[data-picture]').srcObject.getVideoTracks()[0]"
        ".dispatchEvent(new Event('ended'))"
    )

    expect(page.locator(line(page, "camera"))).to_contain_text("was disconnected")


def test_without_the_live_connection_there_is_no_way_on(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    script = """
        globalThis.WebSocket = class { constructor() { throw new DOMException("", "SecurityError"); } };
    """
    page = open_check(context, site, interview, script)

    expect(page.locator(line(page, "socket"))).to_contain_text("did not open")
    expect(page.locator(line(page, "microphone"))).to_have_class("good", timeout=10_000)
    expect(page.locator("[data-verdict]")).to_contain_text("cannot begin")
    expect(page.locator("[data-continue-without]")).to_be_hidden()
    expect(page.get_by_role("button", name="Check again")).to_be_visible()


def test_a_failed_upload_is_told(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    context.route("**/check/upload/", lambda route: route.abort())
    page = open_check(context, site, interview)

    expect(page.locator(line(page, "upload"))).to_contain_text("upload failed")
    expect(page.get_by_role("button", name="Continue anyway")).to_be_visible(
        timeout=15_000
    )


def test_a_report_goes_out_with_what_the_check_found(
    context: BrowserContext, site: LiveSite, interview: Interview
) -> None:
    page = open_check(context, site, interview, refuse_with("NotReadableError"))
    expect(page.locator(line(page, "camera"))).to_have_class("danger")

    page.get_by_text("Something is wrong", exact=True).click()
    page.get_by_label("What happened?").fill("My camera is black.")
    page.get_by_role("button", name="Send").click()

    expect(page.locator("[data-report-state]")).to_contain_text("Sent.")
    report = interview.problem_reports.get()
    assert (report.page, report.message) == ("check", "My camera is black.")
    assert "not_readable" in str(report.diagnostics)
