"""The candidate, an interviewer and a command in one file at once: all see the same."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from accounts.enums import Role
from accounts.models import User
from base.clock import now
from base.text import content_hash
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.e2e.conftest import Launch, LiveSite, address_of
from tests.e2e.workspace.conftest import CabledRoom
from tests.e2e.workspace.desk import (
    Record,
    Typist,
    Wire,
    expect_saved,
    go_to_end,
    read_editor,
    run_command,
)
from tests.factories.accounts import MembershipFactory
from tests.factories.interviews import (
    AssessmentVersionFactory,
    InterviewerFactory,
    InterviewFactory,
)
from tests.fakes.runner_process import RunnerProcess
from tests.interviews.workspace.windows import member_cookies

pytestmark = pytest.mark.browser

WORDS = 25
LINES = 15
COMMAND = f'for n in $(seq {LINES}); do echo "# c$n." >> solution.py; sleep 0.15; done'


@pytest.fixture
def interview(site: LiveSite) -> Interview:
    """An interview under way in which interviewers may type."""
    version = AssessmentVersionFactory.create(is_interviewer_typing_allowed=True)
    made: Interview = InterviewFactory.create(
        organisation=version.assessment.organisation,
        invitation__assessment_version=version,
        state=InterviewState.ACTIVE,
        started_at=now(),
    )
    return made


@pytest.fixture
def interviewer(interview: Interview) -> User:
    """A member who was asked to watch."""
    membership = MembershipFactory.create(
        organisation=interview.organisation, role=Role.INTERVIEWER
    )
    InterviewerFactory.create(interview=interview, user=membership.user)
    user: User = membership.user
    return user


@pytest.fixture
def watch(
    room: CabledRoom,
    launch: Launch,
    site: LiveSite,
    interview: Interview,
    interviewer: User,
) -> Iterator[Page]:
    """The interviewer's page, in a browser of its own."""
    context = launch().new_context(viewport={"width": 1440, "height": 900})
    cookies = member_cookies(interviewer)
    context.add_cookies(
        [
            {"name": name, "value": value, "url": site.address}
            for name, value in cookies.items()
        ]
    )
    page = context.new_page()
    page.on("pageerror", lambda error: room.errors.append(str(error)))
    yield page
    context.close()


def test_two_people_and_a_command_in_one_file_come_to_the_same_text(
    room: CabledRoom,
    watch: Page,
    site: LiveSite,
    interview: Interview,
    runner: RunnerProcess,
) -> None:
    record = Record(interview)
    page = room.context.new_page()
    wires = [Wire(page), Wire(watch)]
    room.open(page)
    watch.goto(address_of(site, interview, "watch"))
    watch.locator(".cm-content").wait_for()
    run_command(page, COMMAND)
    typists = [Typist(page, 1, "a"), Typist(watch, 2, "b")]
    for one in (page, watch):
        go_to_end(one)
    for _ in range(WORDS):
        for typist in typists:
            typist.write()
    for one in (page, watch):
        expect_saved(one)
    expect(page.locator("[data-run=stop]")).to_be_hidden(timeout=30_000)
    expect_saved(page)

    shown = wait_until_same(page, watch, record)
    record.check(shown, *wires)
    for typist in typists:
        assert [shown.count(word) for word in typist.words] == [1] * WORDS
    assert [shown.count(f"# c{n}.") for n in range(1, LINES + 1)] == [1] * LINES
    assert run_command(page, "sha256sum solution.py", r"[0-9a-f]{64}") == content_hash(
        shown
    )


def wait_until_same(page: Page, watch: Page, record: Record) -> str:
    """Wait until both windows show the document; return its text."""
    for _ in range(100):
        shown = read_editor(page)
        if shown == read_editor(watch) == record.text:
            return shown
        page.wait_for_timeout(100)
    raise AssertionError("the windows do not show the same")
