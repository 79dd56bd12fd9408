"""Where the server has no sandbox, a candidate's browser runs the visible tests itself.

Static files come through WhiteNoise here, with the headers they have in production: the
frame has no origin, so that every file is a stranger's to it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.routing import ProtocolTypeRouter
from django.core.cache import cache
from django.core.handlers.asgi import ASGIHandler
from playwright.sync_api import Page, expect

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Document, Event, Interview, Run
from runner.toolchain.build import build
from tests.e2e.conftest import Launch, LiveSite, address_of, enter
from tests.factories.interviews import InterviewFactory
from tools.bootstrap.browser import make_browser_tests
from tools.bootstrap.paths import TOOLCHAIN

pytestmark = [
    pytest.mark.browser,
    # How WhiteNoise answers under ASGI, in production too.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),
]

# Python is 13 MB that a machine under load takes its time to start.
LOADS_WITHIN_MS = 90_000
MARK = "Unverified, in your browser"


@pytest.fixture(scope="session", autouse=True)
def pytest_for_the_browser() -> None:
    """What the set-up makes."""
    build(TOOLCHAIN)
    make_browser_tests()


@pytest.fixture
def site(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[LiveSite]:
    """The product without a runner, its static files served as in production."""
    from interviewlm.routing import websocket_application  # noqa: PLC0415 -- slow import

    settings.RUNNER_SOCKET = str(tmp_path / "runner.sock")
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    settings.WHITENOISE_USE_FINDERS = True
    settings.WHITENOISE_AUTOREFRESH = True
    served = ProtocolTypeRouter(
        {"http": ASGIHandler(), "websocket": websocket_application}
    )
    live = LiveSite(served)
    settings.PUBLIC_URL = live.address
    settings.CSRF_TRUSTED_ORIGINS = [live.address]
    cache.clear()
    live.start()
    yield live
    live.stop()


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way, its first problem in Python with pytest."""
    return InterviewFactory.create(state=InterviewState.ACTIVE, started_at=now())


class Visit:
    """The candidate's room, what its pages got and what the server was told."""

    def __init__(self, page: Page, interview: Interview, site: LiveSite) -> None:
        self.page = page
        self.interview = interview
        self.site = site
        self.answers: list[str] = []
        # What a policy blocks begins and fails; it never gets an answer.
        page.on("response", lambda answer: self.answers.append(answer.url))

    @property
    def folder(self) -> str:
        version = self.interview.assessment_version
        return version.sections.order_by("position")[0].folder

    def open(self) -> None:
        self.page.goto(address_of(self.site, self.interview, "room"))
        self.page.locator(".cm-content").wait_for()

    def write(self, text: str, name: str = "solution.py") -> None:
        """Put a text into the open file."""
        editor = self.page.locator(".cm-content")
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        expect(self.page.locator("[data-state=saved]")).to_have_text("Saved")
        path = f"{self.folder}/{name}"
        stored = Document.objects.get(interview=self.interview, path=path)
        assert stored.text == text

    def run(self) -> None:
        self.page.locator('[data-run="tests"]').click()

    def result(self, text: str) -> None:
        state = self.page.locator("[data-run-state]")
        expect(state).to_contain_text(text, timeout=LOADS_WITHIN_MS)
        expect(state).to_contain_text(MARK)

    def output(self) -> str:
        return self.page.locator("[data-run-output]").text_content() or ""

    def notes(self) -> list[dict[str, Any]]:
        """What the timeline holds of runs in the browser."""
        events = Event.objects.filter(interview=self.interview, kind="run.in_browser")
        return list(events.order_by("seq").values_list("payload", flat=True))


@pytest.fixture
def visit(site: LiveSite, launch: Launch, interview: Interview) -> Iterator[Visit]:
    """The room of a candidate whose server cannot run code."""
    context = launch().new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    enter(context, site, interview)
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Visit(page, interview, site)
    context.close()
    assert errors == []


def test_tests_run_in_the_browser_and_say_that_they_prove_nothing(
    visit: Visit,
) -> None:
    visit.open()
    page = visit.page
    expect(page.locator("[data-run-state]")).to_contain_text(
        "Tests run in your browser"
    )
    expect(page.locator('[data-run="file"]')).to_be_disabled()

    visit.run()
    visit.result("1 of 1 failed")
    failed = page.locator("[data-run-tests] .test.failed")
    expect(failed.locator(".test-name")).to_have_text("test_solution › test_add")
    expect(failed.locator(".test-detail")).to_contain_text("assert 0 == 3")
    expect(page.locator(".tests-mark")).to_contain_text("nothing is judged by them")
    assert "1 failed" in visit.output()

    visit.write("def add(a, b):\n    return a + b\n")
    visit.run()
    visit.result("1 test passed")
    expect(page.locator("[data-run-tests] .test.passed")).to_have_count(1)
    assert visit.notes() == [
        {"section": 0, "passed": 0, "failed": 1, "is_verified": False},
        {"section": 0, "passed": 1, "failed": 0, "is_verified": False},
    ]
    assert Run.objects.count() == 0


@pytest.mark.long
def test_endless_loop_is_stopped_by_hand_and_the_next_run_works(visit: Visit) -> None:
    visit.open()
    visit.write("while True:\n    pass\n")
    visit.run()
    expect(visit.page.locator("[data-run-output]")).to_contain_text(
        "$ pytest", timeout=LOADS_WITHIN_MS
    )
    visit.page.locator('[data-run="stop"]').click()
    visit.result("Stopped by you")

    visit.write("def add(a, b):\n    return a + b\n")
    visit.run()
    visit.result("1 test passed")


@pytest.mark.long
def test_output_without_end_is_cut_and_the_run_stopped(visit: Visit) -> None:
    visit.open()
    visit.write(
        "import js\nfor number in range(100_000):\n"
        "    js.postMessage('x' * 1000)\n\n\ndef add(a, b):\n    return a + b\n"
    )
    visit.run()
    visit.result("printed more than a run may print")
    assert visit.notes() == []


# What a hostile program tries, in the browser's own language, which Python reaches.
ATTEMPTS = {
    "room": "(await (await fetch(`${site}/interviews/${id}/room/`, "
    "{credentials: 'include'})).text()).slice(0, 200)",
    "record": "(await fetch(`${site}/interviews/${id}/record/`, "
    "{credentials: 'include', mode: 'no-cors'})).type",
    "sync": "(() => { const r = new XMLHttpRequest(); r.withCredentials = true; "
    "r.open('GET', `${site}/interviews/${id}/room/`, false); r.send(); "
    "return r.responseText.slice(0, 200); })()",
    "outside": "(await fetch('http://127.0.0.2:9/', {mode: 'no-cors'})).type",
    "script": "(importScripts(`${site}/static/js/lib/dom.js`), 'loaded')",
    "socket": "await new Promise((resolve, reject) => { "
    "const s = new WebSocket(`${site.replace('http', 'ws')}/ws/interviews/${id}/workspace/`); "
    "s.onopen = () => resolve('open'); s.onerror = () => reject(new Error('refused')); })",
    "store": "await new Promise((resolve, reject) => { const r = indexedDB.open('x'); "
    "r.onsuccess = () => resolve('open'); r.onerror = () => reject(r.error); })",
    "parent": "self.parent.document.body.innerHTML",
    "top": "self.top.location.href",
    "cookie": "self.document.cookie",
    "eval": "(0, eval)('1 + 1')",
}


def hostile_tests(site: str, interview: str) -> str:
    """A test that takes the worker over, holds its last word back, and tries everything."""
    names = ", ".join(
        f"{name}: async () => {{ return String({code}); }}"
        for name, code in ATTEMPTS.items()
    )
    script = f"""
const site = {json.dumps(site)}, id = {json.dumps(interview)};
const send = self.postMessage.bind(self);
self.postMessage = (text) => {{ if (!text.includes('"finished"')) send(text); }};
const attempts = {{ {names} }};
(async () => {{
  const found = {{}};
  for (const [name, attempt] of Object.entries(attempts)) {{
    try {{ found[name] = "GOT " + await attempt(); }}
    catch (error) {{ found[name] = "REFUSED " + error; }}
  }}
  const text = "\\nFOUND " + JSON.stringify(found) + "\\n";
  send(JSON.stringify({{ type: "output", stream: "stdout", text }}));
  send(JSON.stringify({{ type: "finished", exit_code: 0, duration_ms: 1 }}));
}})();
"""
    return (
        f"import js\n\nSCRIPT = {script!r}\n\n\ndef test_everything():\n"
        "    js.importScripts(js.URL.createObjectURL(js.Blob.new([SCRIPT])))\n"
    )


def test_hostile_program_reaches_nothing(visit: Visit) -> None:
    visit.open()
    page = visit.page
    page.get_by_role("tab", name="Files").click()
    page.get_by_role("treeitem", name="test_solution.py").click()
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text("test_solution.py")
    visit.write(
        hostile_tests(visit.site.address, str(visit.interview.pk)),
        "tests/test_solution.py",
    )
    visit.answers.clear()

    visit.run()
    visit.result("1 test passed")

    line = next(
        line for line in visit.output().splitlines() if line.startswith("FOUND ")
    )
    found = json.loads(line.removeprefix("FOUND "))
    assert set(found) == set(ATTEMPTS)
    assert {name: text for name, text in found.items() if text.startswith("GOT ")} == {}
    folders = (
        "blob:null/",
        "/room/python/",
        "/static/js/lib/pyodide",
        "/static/vendor/py",
    )
    assert [
        url for url in visit.answers if not any(map(url.__contains__, folders))
    ] == []
    assert page.url == address_of(visit.site, visit.interview, "room")


@pytest.mark.long
def test_hostile_results_are_shown_as_plain_short_text(visit: Visit) -> None:
    visit.open()
    visit.write(
        "import json\nimport js\n"
        "test = {'name': '<img src=x onerror=alert(1)>' * 50, 'outcome': 'won',\n"
        "        'duration_ms': 'soon', 'message': ['no'] }\n"
        "js.postMessage(json.dumps({'type': 'test', 'test': test}))\n"
        "js.postMessage(json.dumps({'type': 'finished', 'exit_code': 'zero'}))\n"
        "while True:\n    pass\n"
    )
    visit.run()
    visit.result("1 of 1 failed")
    name = visit.page.locator("[data-run-tests] .test-name")
    expect(name).to_contain_text("<img src=x onerror=alert(1)>")
    assert len(name.text_content() or "") <= 300
    expect(visit.page.locator("[data-run-tests] img")).to_have_count(0)
