"""The product's main job, end to end: invited, interviewed, recorded, scored, read."""

import re

import pytest
from playwright.sync_api import Page, expect

from accounts.enums import Role
from assistant.models import Message
from billing.enums import Meter
from billing.models import Usage
from interviewlm.sample.content import load_organisation, load_problems
from interviews.enums import InterviewState, RunKind, StepState
from interviews.models import Document, Interview
from recordings.enums import AssetKind, RecordingState
from recordings.models import Asset
from tests.e2e.main_job import candidate, recruiter
from tests.e2e.main_job.conftest import Browsers
from tests.e2e.stack import Stack, wait_until

pytestmark = pytest.mark.browser

PERSON = "Ada Ravn <ada.ravn@example.org>"
QUESTION = "What should I check at the edges? [ä😀]"
SECTION = "lift-gate"


def test_one_interview_from_the_invitation_to_the_review_desk(
    stack: Stack, browsers: Browsers
) -> None:
    desk = browsers.open(browsers.recruiter)
    link = invite(desk, stack)
    interview = Interview.objects.get(candidate__email="ada.ravn@example.org")

    work(browsers.open(browsers.candidate), link, interview)
    wait_for_the_workers(interview)
    check_the_record(interview)

    desk.goto(f"/admin/interviews/interview/{interview.pk}/review/")
    read_the_desk(desk, interview)


def invite(page: Page, stack: Stack) -> str:
    """The recruiter signs in and invites."""
    content = load_organisation()
    people = {person.role: person.email for person in content.people}
    password = (stack.demo.var / "sample-password").read_text()
    recruiter.sign_in(page, people[Role.RECRUITER], password)
    assessment = next(one for one in content.assessments if SECTION in one.sections)
    return recruiter.invite(page, assessment=assessment.title, person=PERSON)


def work(page: Page, link: str, interview: Interview) -> None:
    """The candidate codes, tests, asks, reloads in the middle, and finishes."""
    problem = next(one for one in load_problems() if one.slug == SECTION)
    candidate.come_to_the_room(page, link)
    candidate.rewrite(page, problem.reference)
    for name, text in problem.reference.items():
        stored = Document.objects.get(interview=interview, path=f"{SECTION}/{name}")
        assert stored.text == text
    outcomes = candidate.run_tests(page)
    assert outcomes
    assert set(outcomes) == {"passed"}

    candidate.ask(page, QUESTION)
    page.reload()
    candidate.wait_for_editor(page)
    expect(page.locator(".turn-question")).to_have_text(QUESTION)
    answer = candidate.wait_for_answer(page)
    assert "visible tests pass" in answer
    assert recruiter.find_violations(page) == []
    candidate.wait_for_recording(page, 14)
    candidate.finish(page)
    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED


def wait_for_the_workers(interview: Interview) -> None:
    """Wait until every step has ended, well and at the first try."""
    steps = interview.pipeline_steps.all()
    unended = steps.filter(state__in=[StepState.WAITING, StepState.RUNNING])
    wait_until(lambda: not unended.exists(), "every step has ended", 60)
    ended = {step.name: (step.state, step.attempts, step.message) for step in steps}
    assert {name: facts[:2] for name, facts in ended.items()} == {
        "assemble": (StepState.DONE, 1),
        "hidden_tests": (StepState.DONE, 1),
        "score": (StepState.DONE, 1),
    }, ended


def check_the_record(interview: Interview) -> None:
    """What is stored is whole: recording, hidden tests, conversation, tokens."""
    recording = interview.recordings.get()
    assert recording.state == RecordingState.ASSEMBLED
    assert recording.stored_ms == recording.captured_ms > 14_000
    hidden = interview.runs.filter(kind=RunKind.HIDDEN, section=0).get()
    assert {test["outcome"] for test in hidden.tests or []} == {"passed"}
    chat = Message.objects.filter(turn__conversation__interview=interview)
    assert [message.role for message in chat] == ["user", "assistant"]
    purposes = Usage.objects.filter(reference=str(interview.pk))
    calls = purposes.filter(meter=Meter.TOKENS).values_list("purpose", flat=True)
    assert sorted(calls) == ["chat", "score"]
    # Two runs of the visible tests, or more, and the hidden ones.
    assert purposes.filter(meter=Meter.SANDBOX).count() >= 2


def read_the_desk(page: Page, interview: Interview) -> None:
    """The recruiter watches, reads and finds every claim with its reason."""
    watch(page, interview)
    card = interview.scorecards.get()
    established = card.verdicts.filter(score__isnull=False)
    assert established
    for verdict in established:
        claim = page.locator(f"#claim-{verdict.dimension}")
        expect(claim.locator("h3 b")).to_have_text(str(verdict.score))
        expect(claim).to_contain_text(verdict.reason.splitlines()[0])
        expect(claim.locator("[data-moment]").first).to_be_visible()

    recruiter.open_tab(page, "Chat")
    expect(page.locator("#chat .user .pre")).to_have_text(QUESTION)
    expect(page.locator("#chat .assistant .prose")).to_contain_text("tests pass")
    recruiter.open_tab(page, "Runs")
    hidden = page.locator("#runs summary", has_text="Candidates do not see this")
    lines = hidden.filter(has_text=SECTION).all_inner_texts()
    assert [count[1] == count[2] for count in map(_passed, lines)] == [True]
    recruiter.open_tab(page, "Money")
    expect(page.locator("#money .money-total .badge")).to_have_text(["Simulated"])
    for purpose in ("Assistant", "Scoring", "Sandbox"):
        line = page.locator("#money tbody tr", has_text=purpose)
        expect(line).to_have_count(1)
        expect(line.locator("td.number").last).to_contain_text("$")
    for name in ("Scores", "Code", "Chat", "Runs", "Events", "Money", "Facts"):
        recruiter.open_tab(page, name)
        assert recruiter.find_violations(page) == [], name


def _passed(line: str) -> re.Match[str]:
    found = re.search(r"(\d+) of (\d+) passed", line)
    assert found, line
    return found


def watch(page: Page, interview: Interview) -> None:
    """The recording plays, is as long as what was stored, and can be sought in."""
    asset = Asset.objects.get(
        recording__interview=interview, kind=AssetKind.PLAYABLE, part=0
    )
    seconds = asset.duration_ms / 1000
    recruiter.play_a_little(page)
    address = f"/interviews/{interview.pk}/recordings/{asset.pk}/"
    video = page.evaluate(recruiter.SEEK, [address, seconds * 0.6])
    assert video["error"] is None
    assert abs(video["duration"] - seconds) < 1
    assert seconds * 0.6 <= video["currentTime"] < seconds * 0.6 + 2
    assert video["videoWidth"] > 0
