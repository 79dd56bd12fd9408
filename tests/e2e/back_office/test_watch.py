"""Watching live in a real browser: a member on one side, the candidate on the other."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    WebSocketRoute,
    expect,
)

from accounts.enums import Role
from accounts.models import User
from base.clock import now
from interviews.enums import FileKind, InterviewState, Origin, RunState
from interviews.models import Document, Interview
from interviews.services.workspace_files import keep_file
from tests.e2e.conftest import SETTLED, Launch, LiveSite, address_of, enter
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.interviews import (
    AssessmentVersionFactory,
    InterviewerFactory,
    InterviewFactory,
    RunFactory,
)

pytestmark = pytest.mark.browser

WIDE: ViewportSize = {"width": 1440, "height": 900}
AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"


@dataclass
class Stage:
    """One interview, its candidate's browser, and members' browsers."""

    site: LiveSite
    launch: Launch
    interview: Interview
    contexts: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def new_context(self) -> BrowserContext:
        context = self.launch().new_context(viewport=WIDE, reduced_motion="reduce")
        self.contexts.append(context)
        return context

    def open(self, context: BrowserContext, name: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._hear)
        page.goto(address_of(self.site, self.interview, name))
        return page

    def _hear(self, line: ConsoleMessage) -> None:
        if "Content Security" in line.text:
            self.errors.append(line.text)

    def open_room(self) -> Page:
        """The room in a browser of the candidate's own."""
        context = self.new_context()
        enter(context, self.site, self.interview)
        page = self.open(context, "room")
        page.locator(".cm-content").wait_for()
        return page

    def sign_in(self, user: User) -> BrowserContext:
        """A browser in which this member is signed in."""
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        context = self.new_context()
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": self.site.address}])
        return context

    def open_watch(self, user: User) -> Page:
        """The watch page of this member."""
        page = self.open(self.sign_in(user), "watch")
        expect(page.locator("[data-state=connection]")).to_have_text("online")
        return page

    def member(self, name: str, role: Role = Role.RECRUITER) -> User:
        """Somebody of the organisation; asked to watch where they need to be."""
        membership = MembershipFactory.create(
            organisation=self.interview.organisation,
            role=role,
            user=UserFactory.create(name=name),
        )
        user: User = membership.user
        if role == Role.INTERVIEWER:
            InterviewerFactory.create(interview=self.interview, user=user)
        return user

    @property
    def folder(self) -> str:
        section = self.interview.assessment_version.sections.order_by("position")[0]
        return section.folder

    def stored(self, name: str = "solution.py") -> Document:
        path = f"{self.folder}/{name}"
        return Document.objects.get(interview=self.interview, path=path)


@pytest.fixture
def stage(site: LiveSite, launch: Launch) -> Iterator[Stage]:
    """An interview under way in which interviewers may type; script errors fail."""
    version = AssessmentVersionFactory.create(is_interviewer_typing_allowed=True)
    interview = InterviewFactory.create(
        organisation=version.assessment.organisation,
        invitation__assessment_version=version,
        invitation__candidate__name="Ada Marsh",
        state=InterviewState.ACTIVE,
        started_at=now(),
    )
    opened = Stage(site, launch, interview)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.errors == []


def write(page: Page, text: str) -> None:
    """Type at the end of the open file."""
    page.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def expect_saved(page: Page) -> None:
    expect(page.locator("[data-state=saved]")).to_have_text("Saved")


def open_file(page: Page, name: str) -> None:
    """Open a file of the tree."""
    page.get_by_role("tab", name="Files").click()
    page.get_by_role("treeitem", name=name, exact=True).click()
    expect(page.locator(".editor-tabs [aria-current]")).to_have_text(name)


def test_watch_shows_what_the_candidate_does_and_they_are_told(stage: Stage) -> None:
    room = stage.open_room()
    expect(room.locator("[data-watchers]")).to_be_hidden()
    watch = stage.open_watch(stage.member("Dana Reyes", Role.REVIEWER))

    expect(room.locator("[data-watchers]")).to_have_text("Dana Reyes is watching")
    expect(room.locator("[data-watchers-announce]")).to_have_text(
        "Dana Reyes is watching"
    )
    expect(watch.locator("[data-candidate-state]")).to_have_text("connected")

    write(room, "# thinking")
    expect(watch.locator(".cm-content")).to_contain_text("# thinking")
    caret = watch.locator(".remote-caret[data-who=candidate] [data-name]")
    expect(caret).to_have_attribute("data-name", "Ada Marsh")

    open_file(room, "README.md")
    expect(watch.locator(".editor-tabs [aria-current]")).to_have_text("README.md")
    expect(watch.locator(".tree-here")).to_have_count(1)
    # Looking elsewhere ends the following; the switch takes it up again.
    follow = watch.get_by_role("button", name="Follow")
    watch.get_by_role("treeitem", name="solution.py", exact=True).click()
    expect(follow).to_have_attribute("aria-pressed", "false")
    write(room, "more")
    expect(watch.locator(".editor-tabs [aria-current]")).to_have_text("solution.py")
    follow.click()
    expect(watch.locator(".editor-tabs [aria-current]")).to_have_text("README.md")
    expect(watch.locator(".cm-content")).to_contain_text("more")


def test_watch_shows_the_second_problem_when_the_candidate_turns_to_it(
    stage: Stage,
) -> None:
    room = stage.open_room()
    watch = stage.open_watch(stage.member("Dana Reyes", Role.REVIEWER))
    expect(watch.locator(".cm-content")).to_be_visible()

    room.keyboard.press("Alt+PageDown")

    expect(watch.locator("[data-section-step]")).to_have_text("2/2")


def test_reader_cannot_type(stage: Stage) -> None:
    stage.open_room()
    watch = stage.open_watch(stage.member("Dana Reyes", Role.REVIEWER))
    expect(watch.locator(".cm-content")).to_be_visible()

    write(watch, "not mine")

    expect(watch.locator(".cm-content")).not_to_contain_text("not mine")
    assert "not mine" not in stage.stored().text


def test_interviewer_types_with_the_candidate(stage: Stage) -> None:
    room = stage.open_room()
    watch = stage.open_watch(stage.member("Sam Okoro", Role.INTERVIEWER))
    expect(watch.locator(".cm-content")).to_be_visible()

    write(watch, "# why zero?")
    expect(room.locator(".cm-content")).to_contain_text("# why zero?")
    expect(room.locator(".by-interviewer")).to_have_text("# why zero?")
    caret = room.locator(".remote-caret[data-who=interviewer] [data-name]")
    expect(caret).to_have_attribute("data-name", "Sam Okoro")
    expect(watch.locator(".by-interviewer")).to_have_text("# why zero?")
    expect_saved(watch)

    # Both at once, in different places of the file.
    room.locator(".cm-content").click()
    room.keyboard.press("Control+Home")
    for number in range(8):
        room.keyboard.type(f"a{number} ")
        watch.keyboard.type(f" b{number}")
    expect_saved(room)
    expect_saved(watch)
    text = stage.stored().text
    assert text.startswith("a0 a1 a2 a3 a4 a5 a6 a7 def")
    assert text.endswith("# why zero? b0 b1 b2 b3 b4 b5 b6 b7")
    for page in (room, watch):
        expect(page.locator(".by-interviewer")).to_have_text(
            "# why zero? b0 b1 b2 b3 b4 b5 b6 b7"
        )

    # Whose it is stays after a reload.
    room.reload()
    expect(room.locator(".by-interviewer")).to_have_text(
        "# why zero? b0 b1 b2 b3 b4 b5 b6 b7"
    )
    expect(room.locator("[data-watchers]")).to_have_attribute(
        "title",
        "They see your files and runs as you work: Sam Okoro. "
        "May type in your files: Sam Okoro.",
    )


@pytest.mark.long
def test_watch_says_how_long_the_candidate_is_away(stage: Stage) -> None:
    room = stage.open_room()
    watch = stage.open_watch(stage.member("Dana Reyes"))
    state = watch.locator("[data-candidate-state]")
    expect(state).to_have_text("connected")

    room.close()

    expect(state).to_contain_text("away for")
    expect(watch.locator("[data-watch-announce]")).to_have_text("The candidate is away")
    expect(state).to_have_text("away for 5 s")


def test_watch_lists_files_that_are_no_documents(stage: Stage) -> None:
    for name, kind, data in (
        ("cities.db", FileKind.BINARY, b"\0\1"),
        ("dump.bin", FileKind.LARGE, None),
    ):
        with transaction.atomic():
            keep_file(
                stage.interview,
                f"{stage.folder}/{name}",
                kind,
                data,
                size=2 if data else 9_000_000,
                hash="a" * 64 if data else "",
                origin=Origin.SYSTEM,
            )
    watch = stage.open_watch(stage.member("Dana Reyes"))

    rows = watch.get_by_role("treeitem")
    expect(rows.filter(has_text="cities.db")).to_contain_text("Binary file, 2 bytes")
    rows.filter(has_text="dump.bin").click()
    view = watch.get_by_role("region", name="File", exact=True)
    expect(view).to_contain_text("is not kept")
    expect(view.get_by_role("link")).to_have_count(0)

    rows.filter(has_text="cities.db").click()
    with watch.expect_download() as download:
        view.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes() == b"\0\1"


def test_watch_shows_the_last_run_and_what_the_time_is_made_of(stage: Stage) -> None:
    RunFactory.create(
        interview=stage.interview,
        state=RunState.FINISHED,
        reason="exited",
        exit_code=1,
        duration_ms=420,
        tests=[
            {"name": "adds", "outcome": "passed", "duration_ms": 1, "message": ""},
            {"name": "wraps", "outcome": "failed", "duration_ms": 2, "message": "no"},
        ],
    )
    watch = stage.open_watch(stage.member("Dana Reyes"))

    expect(watch.locator("[data-run-tests] .test")).to_have_count(2)
    expect(watch.locator("[data-run-state]")).to_contain_text("1 of 2 failed.")
    watch.locator("[data-show-time]").click()
    expect(watch.locator("[data-ledger] li").first).to_have_text("Agreed time1 h")


def test_watch_shows_the_question_with_the_answer_as_it_comes(stage: Stage) -> None:
    asked = {"role": "user", "text": "Why zero?", "turn": "t", "state": "running"}
    opened: list[WebSocketRoute] = []

    def attend(socket: WebSocketRoute) -> None:
        opened.append(socket)
        is_first = len(opened) == 1
        hello: dict[str, Any] = {"type": "hello", "assistant": {"simulated": True}}
        hello["messages"] = [] if is_first else [{"id": "m", **asked}]
        hello["live"] = None if is_first else {"turn": "t", "offset": 3, "text": "It "}
        socket.send(json.dumps(hello))

    context = stage.sign_in(stage.member("Dana Reyes"))
    context.route_web_socket(re.compile("/assistant/"), attend)
    watch = stage.open(context, "watch")
    expect(watch.locator("[data-chat=empty]")).to_have_text("Nothing was asked yet.")

    # The frames of an answer tell no question: the page asks for all of it again.
    opened[0].send(json.dumps({"type": "turn.started", "turn": "t", "model": "m"}))
    expect(watch.locator(".turn-question")).to_have_text("Why zero?")
    delta = {"type": "turn.delta", "turn": "t", "offset": 3, "text": "is unfinished."}
    opened[1].send(json.dumps(delta))
    expect(watch.locator(".turn-answer")).to_have_text("It is unfinished.")
    end = {"type": "turn.finished", "turn": "t", "stop_reason": "stopped"}
    opened[1].send(json.dumps(end))

    expect(watch.locator(".turn-foot")).to_contain_text("Stopped by the candidate.")
    expect(watch.locator("[data-chat=simulated]")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "theme"),
    [
        (1440, "dark"),
        (390, "light"),
        pytest.param(1440, "light", marks=pytest.mark.long),
        pytest.param(390, "dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_and_nothing_sticks_out(
    stage: Stage, theme: str, width: int
) -> None:
    room = stage.open_room()
    watch = stage.open_watch(stage.member("Sam Okoro", Role.INTERVIEWER))
    expect(watch.locator(".cm-content")).to_be_visible()
    write(watch, "# why zero?")
    expect(room.locator(".by-interviewer")).to_be_visible()
    found = []
    for page in (room, watch):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(SETTLED)
        parts = page.locator(".room-views button").all() if width < 900 else [None]
        for part in parts:
            if part is not None:
                part.click()
            page.evaluate("(source) => new Function(source)()", AXE.read_text())
            result = page.evaluate("() => axe.run()")
            found += [
                (page.title(), fault["id"], fault["nodes"][0]["target"])
                for fault in result["violations"]
            ]
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                found.append((page.title(), "sideways", over))
    assert found == []
