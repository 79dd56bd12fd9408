"""The assistant, end to end: asked, at work, proposing, decided on, read later."""

import pytest
from playwright.sync_api import Locator, Page, expect

from accounts.enums import Role
from interviewlm.sample.content import load_organisation
from interviews.models import Document, Interview
from tests.e2e.main_job import candidate, recruiter
from tests.e2e.main_job.conftest import Browsers
from tests.e2e.stack import Stack

pytestmark = pytest.mark.browser

PERSON = "Ada Ravn <ada.ravn@example.org>"
QUESTION = "Please propose an edit in two parts."
SECTION = "row-f"
FILE = f"{SECTION}/desk.js"
ACCEPTED = "// Step 1:"
REFUSED = "// Simulated: say what this promises."
DECISIONS = ["Accepted", "Refused"]


def test_a_proposal_is_decided_part_by_part_and_read_on_the_desk(
    stack: Stack, browsers: Browsers
) -> None:
    desk = browsers.open(browsers.recruiter)
    link = invite(desk, stack)
    interview = Interview.objects.get(candidate__email="ada.ravn@example.org")

    page = browsers.open(browsers.candidate)
    candidate.come_to_the_room(page, link)
    candidate.ask(page, QUESTION)
    answer = candidate.wait_for_answer(page)
    expect(page.locator(".tool-line")).to_contain_text(f"Proposed a change of {FILE}")
    expect(states(page)).to_have_text(["Undecided", "Undecided"])
    assert recruiter.find_violations(page) == []

    decide(page, "Accept")
    expect(states(page)).to_have_text(["Accepted", "Undecided"])
    decide(page, "Refuse")
    expect(states(page)).to_have_text(DECISIONS)
    check_the_file(page, interview)

    page.reload()
    candidate.wait_for_editor(page)
    expect(page.locator(".turn-question")).to_have_text(QUESTION)
    assert page.locator(".turn-answer").inner_text() == answer
    expect(states(page)).to_have_text(DECISIONS)
    expect(page.locator(".proposal")).to_be_in_viewport()
    check_the_file(page, interview)

    candidate.finish(page)
    read_the_desk(desk, interview)


def invite(page: Page, stack: Stack) -> str:
    """The recruiter signs in and invites to the assessment with a pair."""
    content = load_organisation()
    people = {person.role: person.email for person in content.people}
    password = (stack.demo.var / "sample-password").read_text()
    recruiter.sign_in(page, people[Role.RECRUITER], password)
    assessment = next(one for one in content.assessments if SECTION in one.sections)
    assert assessment.policy == "pair"
    return recruiter.invite(page, assessment=assessment.title, person=PERSON)


def states(page: Page) -> Locator:
    """What became of each part, as the card in the answer says."""
    return page.locator(".proposal .proposal-state")


def decide(page: Page, decision: str) -> None:
    """Go to the first open part in the editor and decide on it there."""
    page.get_by_role("button", name="Show in editor").click()
    part = page.locator("[data-hunk]").first
    part.get_by_role("button", name=decision, exact=True).click()


def check_the_file(page: Page, interview: Interview) -> None:
    """What was accepted is in the editor and stored, what was refused nowhere."""
    candidate.expect_saved(page)
    editor = page.locator(".cm-content")
    expect(editor).to_contain_text(ACCEPTED)
    expect(editor).not_to_contain_text(REFUSED)
    stored = Document.objects.get(interview=interview, path=FILE).text
    assert ACCEPTED in stored
    assert REFUSED not in stored


def read_the_desk(page: Page, interview: Interview) -> None:
    """The recruiter reads beside the answer what was proposed and what came of it."""
    page.goto(f"/admin/interviews/interview/{interview.pk}/review/")
    recruiter.open_tab(page, "Chat")
    expect(page.locator("#chat .user .pre")).to_have_text(QUESTION)
    chat = page.locator("#chat")
    expect(chat).to_contain_text(FILE)
    for decision in DECISIONS:
        expect(chat).to_contain_text(decision)
    assert recruiter.find_violations(page) == []
