"""What became of proposed edits, for whoever reads the interview later."""

import pytest

from assistant.decided import DecidedEdit, read_acceptance, read_decisions
from assistant.enums import MessageRole
from assistant.models import EditProposal
from assistant.proposals.fate import Fate
from assistant.services.fates import record_fates
from interviewlm.review.events import list_events
from interviews.enums import InterviewState
from interviews.models import Document, Interview
from interviews.selectors.origins import read_origins
from interviews.services.documents import update_document
from interviews.services.files import create_file
from interviews.services.lifecycle import finish_interview, reopen_interview
from interviews.workspace.batches import Update
from interviews.workspace.changes import make_update
from tests.assistant.proposing import begin_turn, change, decide, inquire, propose
from tests.factories.assistant import MessageFactory
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db

TEXT = "one = 1\n\n\n\ntwo = 2\n"


@pytest.fixture
def interview(db: None) -> Interview:
    interview: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    section = interview.assessment_version.sections.get(position=0)
    path = f"{section.folder}/solution.py"
    create_file(interview.pk, path=path, text=TEXT, client_id="create-0001")
    turn = begin_turn(interview)
    MessageFactory.create(turn=turn, role=MessageRole.ASSISTANT, text="See.")
    proposal = propose(turn, change(path, ("1", "1 + 5678"), ("two = 2", "two = 3")))
    decide(proposal, "accept", [0])
    decide(proposal, "refuse", [1])
    inquire(turn)
    document = Document.objects.get(interview=interview)
    update_document(
        interview.pk,
        path=path,
        version=document.version,
        updates=[
            Update("page", make_update(document.text, document.text.replace("56", "")))
        ],
        client_id="typed-0001",
    )
    return interview


def test_acceptance_counts_parts_and_what_is_left_of_them(interview: Interview) -> None:
    found = read_acceptance(interview, read_origins(interview).values())
    assert found is not None
    assert (found.accepted, found.edited, found.refused) == (1, 0, 1)
    assert found.fate == Fate(units=7, kept=5)


def test_what_is_left_of_an_edit_is_an_event_once_the_interview_is_over(
    interview: Interview,
) -> None:
    assert record_fates(interview.pk) == 0
    finish_interview(interview.pk)
    assert (record_fates(interview.pk), record_fates(interview.pk)) == (1, 0)
    event = interview.events.get(kind="edit.kept")
    proposal = EditProposal.objects.get()
    assert event.payload == {
        "turn": str(proposal.turn_id),
        "edit": str(proposal.pk),
        "parts": {"0": [7, 5]},
    }
    (line,) = [
        each
        for each in list_events(interview, with_chat=True)
        if "left of" in each.title
    ]
    assert line.detail == "5 of 7 characters are still there"
    reopen_interview(interview.pk, seconds=600, reason="more", actor=None)
    assert record_fates(interview.pk) == 0


def test_interview_without_proposals_has_no_acceptance() -> None:
    assert read_acceptance(InterviewFactory.create(), []) is None


def test_decisions_of_a_turn_are_read_in_order(interview: Interview) -> None:
    ((edit, question),) = read_decisions(interview).values()
    assert isinstance(edit, DecidedEdit)
    assert [part.hunk.state for part in edit.hunks] == ["accepted", "refused"]
    assert all(part.seconds is not None for part in edit.hunks)
    assert not isinstance(question, DecidedEdit)
    assert question.chosen == []
