"""Web and runner killed with -9 while somebody types and something runs."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from base.clock import now
from base.text import content_hash
from interviews.enums import InterviewState, TimeEntryKind
from interviews.models import Interview, Run
from interviews.services.documents import seed_workspace
from tests.e2e.conftest import Launch
from tests.e2e.stack import Stack, open_stack, wait_until
from tests.e2e.workspace.desk import (
    Record,
    Typist,
    Wire,
    expect_saved,
    go_to_end,
    read_editor,
    run_command,
)
from tests.factories.interviews import InterviewFactory
from tests.interviews.workspace.windows import candidate_cookies

pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.xdist_group("chaos"),
]

SLOW = "for n in $(seq 300); do echo $n >> log.txt; sleep 0.1; done"


@pytest.fixture
def stack(
    transactional_db: None, settings: Settings, tmp_path: Path
) -> Iterator[Stack]:
    """Web, runner and worker as real processes on the test's database."""
    with open_stack(tmp_path, "tests.e2e.settings") as opened:
        settings.VAR_DIR = opened.demo.var
        opened.start("simulator", "runner", "worker", "web")
        yield opened


@pytest.fixture
def interview(stack: Stack) -> Interview:
    """An interview under way."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, started_at=now()
    )
    seed_workspace(made)
    return made


@pytest.fixture
def page(stack: Stack, launch: Launch, interview: Interview) -> Iterator[Page]:
    """A window of the candidate's browser, still empty."""
    context = launch().new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies(
        [
            {"name": name, "value": value, "url": stack.url}
            for name, value in candidate_cookies(interview).items()
        ]
    )
    yield context.new_page()
    context.close()


def enter(page: Page, stack: Stack, interview: Interview) -> None:
    """Open the room."""
    path = reverse("interviews:interview-room", args=[interview.pk])
    page.goto(f"{stack.url}{path}")
    page.locator(".cm-content").wait_for()
    go_to_end(page)


def test_web_killed_during_edits_and_a_run_keeps_every_edit_once(
    stack: Stack, interview: Interview, page: Page
) -> None:
    record, wire, typist = Record(interview), Wire(page), Typist(page)
    enter(page, stack, interview)
    run_command(page, SLOW)
    go_to_end(page)
    for number in range(60):
        if number == 20:
            stack.kill("web")
        if number == 40:
            stack.start("web")
        typist.write()
    expect_saved(page)
    # The process that kept the run is silent for longer than it may be.
    Run.objects.update(lease_until=now() - timedelta(seconds=1))
    expect(page.locator("[data-run=stop]")).to_be_hidden(timeout=30_000)
    expect(page.locator("[data-run-state]")).not_to_have_text("")

    shown = read_editor(page)
    record.check(shown, wire)
    assert [shown.count(word) for word in typist.words] == [1] * 60
    assert run_command(page, "sha256sum solution.py", r"[0-9a-f]{64}") == content_hash(
        shown
    )
    given = interview.time_entries.filter(kind=TimeEntryKind.CREDIT)
    wait_until(given.exists, "the time is given back")
    notice = page.locator("[data-notices]")
    expect(notice).to_contain_text(re.compile("given back"), timeout=20_000)


def test_runner_killed_during_edits_and_a_run_is_told_and_has_the_files_again(
    stack: Stack, interview: Interview, page: Page
) -> None:
    record, wire, typist = Record(interview), Wire(page), Typist(page)
    enter(page, stack, interview)
    run_command(page, SLOW)
    go_to_end(page)
    for number in range(40):
        if number == 10:
            stack.kill_alone("runner")
        if number == 30:
            stack.start("runner")
        typist.write()
    expect_saved(page)
    expect(page.locator("[data-run=stop]")).to_be_hidden(timeout=30_000)
    expect(page.locator("[data-run-state]")).not_to_have_text("")

    shown = read_editor(page)
    record.check(shown, wire)
    assert [shown.count(word) for word in typist.words] == [1] * 40
    assert run_command(page, "sha256sum solution.py", r"[0-9a-f]{64}") == content_hash(
        shown
    )
    expect(page.locator("[data-notices]")).to_contain_text("restarted")
