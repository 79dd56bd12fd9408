"""Proposed edits: nothing is written but by the candidate's decision."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from assistant.errors import BadAnswerError, UnknownProposalError, UnknownQuestionError
from assistant.models import EditProposal
from assistant.selectors import build_hello
from assistant.services.proposals import propose_edit
from assistant.services.questions import answer_question, ask_candidate
from interviews.enums import InterviewState, TextOrigin
from interviews.errors import InterviewError
from interviews.models import Document, Event, Interview
from interviews.selectors.origins import read_origins, read_text_runs
from interviews.services.documents import update_document
from interviews.services.files import create_file, rename_file
from interviews.workspace.batches import Update
from interviews.workspace.changes import make_update
from tests.assistant.proposing import (
    begin_turn,
    call_of,
    change,
    decide,
    inquire,
    propose,
)
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db

TEXT = "one = 1\n\n\n\ntwo = 2\n\n\n\nthree = 3\n"


@pytest.fixture
def interview(db: None) -> Interview:
    interview: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    create_file(
        interview.pk, path=path_in(interview), text=TEXT, client_id="create-0001"
    )
    return interview


def path_in(interview: Interview, name: str = "solution.py") -> str:
    section = interview.assessment_version.sections.get(position=0)
    return f"{section.folder}/{name}"


def text_of(interview: Interview, name: str = "solution.py") -> str:
    return Document.objects.get(interview=interview, path=path_in(interview, name)).text


def write(interview: Interview, old: str, new: str) -> None:
    """The candidate types."""
    document = Document.objects.get(interview=interview, path=path_in(interview))
    after = document.text.replace(old, new)
    update_document(
        interview.pk,
        path=document.path,
        version=document.version,
        updates=[Update("page", make_update(document.text, after))],
        client_id=f"typed-{document.version}",
    )


@pytest.fixture
def proposal(interview: Interview) -> EditProposal:
    return propose(
        begin_turn(interview),
        change(path_in(interview), ("one = 1", "one = 11"), ("three = 3", "tri = 3")),
    )


def states(proposal: EditProposal) -> list[str]:
    return [hunk.state for hunk in proposal.hunks.all()]


def events(interview: Interview, kind: str) -> list[Any]:
    found = Event.objects.filter(interview=interview, kind=kind).order_by("seq")
    return [event.payload for event in found]


def test_proposal_is_shown_and_told_as_undecided_and_writes_nothing(
    interview: Interview,
) -> None:
    turn = begin_turn(interview)
    edits = [change(path_in(interview), ("one = 1", "one = 11"))]
    outcome = propose_edit(call_of(turn, "call-a"), edits, "A better one")
    assert outcome.text.startswith("Proposed, undecided")
    assert not outcome.is_error
    assert not outcome.parks
    (frame,) = outcome.frames
    assert frame["type"] == "edit.proposed"
    assert [(h["line"], h["added"], h["removed"]) for h in frame["hunks"]] == [
        (1, 1, 1)
    ]
    assert text_of(interview) == TEXT
    assert propose_edit(call_of(turn, "call-a"), edits, "A better one") == outcome
    assert len(events(interview, "edit.proposed")) == 1


def test_call_of_a_later_step_with_the_same_name_is_another_proposal(
    interview: Interview,
) -> None:
    first = call_of(begin_turn(interview), "call_0")
    second = replace(first, step=1)
    for context, old in ((first, "one = 1"), (second, "two = 2")):
        edits = [change(path_in(interview), (old, f"{old}0"))]
        assert not propose_edit(context, edits, "A better one").is_error
        assert not ask_candidate(
            context, "Which?", ["A list", "A heap"], False
        ).is_error
    told = [event["parts"][0]["old"] for event in events(interview, "edit.proposed")]
    assert told == ["one = 1\n", "two = 2\n"]
    assert len(events(interview, "question.asked")) == 2


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (
            {"path": "{}/solution.py", "hunks": [{"old_text": "x", "new_text": ""}]},
            "not",
        ),
        (
            {"path": "{}/none.py", "hunks": [{"old_text": "x", "new_text": ""}]},
            "no file",
        ),
        ({"path": "{}/../up.py", "text": "x"}, "cannot"),
        ({"path": "elsewhere/a.py", "text": "x"}, "folder"),
        ({"path": "{}/SOLUTION.py", "text": "x"}, "already"),
        ({"path": "{}/solution.py", "text": TEXT}, "already"),
        ({"path": "{}/big.py", "text": "é" * 90_000}, "large"),
    ],
    ids=["absent", "missing", "dots", "outside", "case", "same", "large"],
)
def test_edit_that_can_not_be_made_is_refused_with_words_for_the_model(
    interview: Interview, edit: dict[str, Any], words: str, settings: Any
) -> None:
    settings.LIMITS = {**settings.LIMITS, "file_bytes": 150_000}
    folder = path_in(interview).partition("/")[0]
    named = {**edit, "path": edit["path"].format(folder)}
    outcome = propose_edit(call_of(begin_turn(interview)), [named], "")
    assert outcome.is_error
    assert words in outcome.text
    assert not EditProposal.objects.exists()


@pytest.mark.parametrize("policy", ["off", "hints"])
def test_policy_without_edits_has_no_proposals(
    interview: Interview, policy: str
) -> None:
    turn = begin_turn(interview)
    edits = [change(path_in(interview), ("one = 1", "one = 11"))]
    assert propose_edit(call_of(turn, policy=policy), edits, "").is_error


def test_accepted_part_is_the_assistants_and_the_rest_stays_undecided(
    interview: Interview, proposal: EditProposal
) -> None:
    decided = decide(proposal, hunks=[0])
    assert text_of(interview) == TEXT.replace("one = 1", "one = 11")
    assert states(proposal) == ["accepted", "undecided"]
    (frame,) = decided.workspace
    assert frame["type"] == "document.updates"
    runs = read_text_runs(interview, path_in(interview))
    assert [run.length for run in runs if run.origin == TextOrigin.ASSISTANT] == [1]
    hunk = proposal.hunks.get(number=0)
    assert (hunk.units, hunk.seq) == (1, runs[1].event)


def test_refused_parts_change_nothing_and_stay_refused(
    interview: Interview, proposal: EditProposal
) -> None:
    decide(proposal, "refuse")
    decided = decide(proposal)
    assert text_of(interview) == TEXT
    assert {hunk["state"] for hunk in decided.frame["hunks"]} == {"refused"}
    (told,) = events(interview, "edit.decided")
    assert told["refused"] == [0, 1]
    assert told["ms"] >= 0


def test_what_the_candidate_changed_first_counts_as_typed(
    interview: Interview, proposal: EditProposal
) -> None:
    decide(proposal, hunks=[0], text="one = 11  # why\n")
    assert text_of(interview) == TEXT.replace("one = 1", "one = 11  # why")
    assert states(proposal) == ["edited", "undecided"]
    runs = read_text_runs(interview, path_in(interview))
    by_origin = [(run.origin, run.length) for run in runs]
    assert (TextOrigin.ASSISTANT, 1) in by_origin
    assert (TextOrigin.TYPED, len("  # why")) in by_origin
    assert events(interview, "edit.decided")[0]["texts"] == {"0": "one = 11  # why\n"}


def test_parts_go_where_their_lines_are_now(
    interview: Interview, proposal: EditProposal
) -> None:
    write(interview, "two = 2\n", "two = 2\nzwei = 2\n")
    write(interview, "one = 1\n", "# first\none = 1\n")
    rename_file(
        interview.pk,
        path=path_in(interview),
        to=path_in(interview, "other.py"),
        client_id="rename-0001",
    )
    decided = decide(proposal)
    assert decided.frame["conflicts"] == []
    assert text_of(interview, "other.py") == (
        "# first\none = 11\n\n\n\ntwo = 2\nzwei = 2\n\n\n\ntri = 3\n"
    )


def test_part_whose_lines_have_changed_is_told_and_stays_undecided(
    interview: Interview, proposal: EditProposal
) -> None:
    write(interview, "one = 1", "one = 7")
    decided = decide(proposal)
    assert text_of(interview) == TEXT.replace("one = 1", "one = 7").replace(
        "three", "tri"
    )
    (conflict,) = decided.frame["conflicts"]
    assert conflict["hunk"] == 0
    assert "changed since" in conflict["message"]
    assert states(proposal) == ["undecided", "accepted"]


def test_same_frame_again_changes_nothing(
    interview: Interview, proposal: EditProposal
) -> None:
    decide(proposal, hunks=[0], client_id="decide-same")
    again = decide(proposal, hunks=[1], client_id="decide-same")
    assert again.workspace == ()
    assert states(proposal) == ["accepted", "undecided"]
    assert len(events(interview, "edit.decided")) == 1


def test_decision_of_another_tab_stands(
    interview: Interview, proposal: EditProposal
) -> None:
    decide(proposal, "refuse", [0])
    late = decide(proposal, "accept", [0])
    assert late.frame["hunks"][0]["state"] == "refused"
    assert text_of(interview) == TEXT


def test_new_and_deleted_files_are_decided_like_parts(interview: Interview) -> None:
    proposal = propose(
        begin_turn(interview),
        {"path": path_in(interview, "new.py"), "text": "fresh = 1\n"},
        {"path": path_in(interview), "delete": True},
    )
    assert Document.objects.filter(interview=interview).count() == 1
    decide(proposal, hunks=[0], text="fresh = 2\n")
    assert text_of(interview, "new.py") == "fresh = 2\n"
    origins = read_origins(interview)[path_in(interview, "new.py")].runs
    assert [run.origin for run in origins] == [
        TextOrigin.ASSISTANT,
        TextOrigin.TYPED,
        TextOrigin.ASSISTANT,
    ]
    decide(proposal)
    paths = Document.objects.filter(interview=interview).values_list("path", flat=True)
    assert list(paths) == [path_in(interview, "new.py")]


def test_changed_file_is_not_deleted_by_an_older_proposal(interview: Interview) -> None:
    proposal = propose(
        begin_turn(interview), {"path": path_in(interview), "delete": True}
    )
    write(interview, "one = 1", "one = 7")
    assert decide(proposal).frame["conflicts"]
    assert "one = 7" in text_of(interview)


def test_page_that_comes_back_gets_proposals_and_questions_as_they_stand(
    interview: Interview, proposal: EditProposal
) -> None:
    question = inquire(proposal.turn)
    decide(proposal, hunks=[0])
    hello = build_hello(interview.pk, None)
    (found,) = hello["proposals"]
    assert [hunk["state"] for hunk in found["hunks"]] == ["accepted", "undecided"]
    assert [one["question"] for one in hello["questions"]] == [str(question.pk)]


def test_nobody_decides_for_another_interview(proposal: EditProposal) -> None:
    other = InterviewFactory.create(state=InterviewState.ACTIVE)
    proposal.turn.conversation.interview = other
    with pytest.raises(UnknownProposalError):
        decide(proposal)
    question = inquire(begin_turn(other))
    with pytest.raises(UnknownQuestionError):
        answer_question(
            InterviewFactory.create(state=InterviewState.ACTIVE).pk,
            question.pk,
            answer=[0],
            client_id="answer-0001",
        )


def test_nothing_is_decided_after_the_end(
    interview: Interview, proposal: EditProposal
) -> None:
    Interview.objects.filter(pk=interview.pk).update(state=InterviewState.COMPLETED)
    with pytest.raises(InterviewError):
        decide(proposal)
    assert states(proposal) == ["undecided", "undecided"]


@pytest.mark.parametrize(
    ("answer", "several", "is_good"),
    [
        ([1], False, True),
        ([], False, True),
        ([0, 1], True, True),
        ([0, 1], False, False),
        ([2], False, False),
        ([-1], False, False),
    ],
    ids=["one", "skipped", "several", "too-many", "unknown", "negative"],
)
def test_question_takes_only_what_it_offers(
    interview: Interview, answer: list[int], several: bool, is_good: bool
) -> None:
    question = inquire(begin_turn(interview), several=several)
    give = partial(answer_question, interview.pk, question.pk, answer=answer)
    if not is_good:
        with pytest.raises(BadAnswerError):
            give(client_id="answer-0001")
        return
    give(client_id="answer-0001")
    again = answer_question(interview.pk, question.pk, answer=[0], client_id="other-01")
    assert (again.answer, again.is_skipped) == (answer, not answer)
    (told,) = events(interview, "question.answered")
    assert told["answer"] == answer


@pytest.mark.parametrize(
    "options", [["one"], ["a", "a"], ["a", ""], list("abcdefghi")], ids=repr
)
def test_question_without_a_choice_is_not_asked(
    interview: Interview, options: list[str]
) -> None:
    turn = begin_turn(interview)
    assert ask_candidate(call_of(turn), "Which?", options, False).is_error
