"""The review desk: proposed edits, questions and what was decided on them."""

import re

from django.test import Client

from assistant.enums import MessageRole
from assistant.services.questions import answer_question
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.files import create_file
from tests.assistant.proposing import begin_turn, change, decide, inquire, propose
from tests.factories.assistant import MessageFactory
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.interviewlm.review.conftest import IMG, url


def test_chat_shows_what_was_decided_and_facts_what_became_of_it(
    recruiter: Client, people: People
) -> None:
    interview: Interview = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.ACTIVE
    )
    section = interview.assessment_version.sections.get(position=0)
    path = f"{section.folder}/solution.py"
    create_file(interview.pk, path=path, text="one = 1\n", client_id="create-0001")
    turn = begin_turn(interview, "finished")
    MessageFactory.create(turn=turn, role=MessageRole.ASSISTANT, text="See.")
    decide(propose(turn, change(path, ("= 1", f"= '{IMG}'"))))
    question = inquire(turn)
    answer_question(interview.pk, question.pk, answer=[1], client_id="answer-0001")
    taken = {"source": "problem", "state": "taken", "client_id": "hint-0001"}
    interview.hints.create(section=0, number=1, text="A `dict`.", **taken)
    page = recruiter.get(url(interview)).content.decode()
    assert "A better loop" in page
    assert "A <code>dict</code>." in page
    assert "Accepted" in page
    assert "Which one?" in page
    assert re.search(r"Answer: A heap\s+<span[^>]*>after \d+ s<", page)
    assert "1 accepted (0 of them changed first), 0 refused" in page
    assert "100 % are still there" in page
    assert "<img src=x" not in page
