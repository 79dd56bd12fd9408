"""Edits that the policy of an agent applies at once, and that are taken back."""

from collections.abc import Collection
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from assistant.decided import read_acceptance
from assistant.models import EditProposal, Turn
from assistant.services.deciding import Decided
from assistant.services.decisions import follow_ups, take_decisions
from assistant.services.prompts import import_shipped_prompts
from assistant.services.proposals import propose_edit
from assistant.services.taking_back import take_back
from interviews.enums import InterviewState, Origin, Policy, TextOrigin
from interviews.models import Document, Event, Interview
from interviews.protocol import workspace_group
from interviews.selectors.origins import read_origins, read_text_runs
from interviews.services.documents import update_document
from interviews.services.files import create_file, rename_file
from interviews.workspace.batches import Update
from interviews.workspace.changes import make_update
from tests.assistant.proposing import begin_turn, call_of, change, decide, propose
from tests.assistant.socket import opened, receive_until
from tests.assistant.turns import begin, end, use
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory
from tests.fakes.script import ScriptedModel, calls, results_in, says

pytestmark = pytest.mark.django_db

TEXT = "one = 1\n\n\n\ntwo = 2\n\n\n\nthree = 3\n"


def make_interview(policy: Policy = Policy.AGENT) -> Interview:
    import_shipped_prompts()
    version = AssessmentVersionFactory.create(
        policy=policy, applies_edits=policy == Policy.AGENT
    )
    interview: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, assessment_version=version
    )
    Document.objects.filter(interview=interview).delete()
    create_file(
        interview.pk, path=path_in(interview), text=TEXT, client_id="create-0001"
    )
    return interview


@pytest.fixture
def interview(db: None) -> Interview:
    return make_interview()


def path_in(interview: Interview, name: str = "solution.py") -> str:
    section = interview.assessment_version.sections.get(position=0)
    return f"{section.folder}/{name}"


def texts(interview: Interview) -> dict[str, str]:
    found = Document.objects.filter(interview=interview)
    return {each.path.rpartition("/")[2]: each.text for each in found}


def states(proposal: EditProposal) -> list[str]:
    return [hunk.state for hunk in proposal.hunks.all()]


def events(interview: Interview, kind: str) -> list[Event]:
    return list(Event.objects.filter(interview=interview, kind=kind).order_by("seq"))


def write(interview: Interview, old: str, new: str) -> None:
    """The candidate types."""
    document = Document.objects.get(interview=interview)
    after = document.text.replace(old, new)
    update_document(
        interview.pk,
        path=document.path,
        version=document.version,
        updates=[Update("page", make_update(document.text, after))],
        client_id=f"typed-{document.version}",
    )


def two_parts(interview: Interview) -> dict[str, Any]:
    return change(path_in(interview), ("one = 1", "one = 11"), ("three = 3", "tri = 3"))


@pytest.fixture
def proposal(interview: Interview) -> EditProposal:
    return propose(begin_turn(interview), two_parts(interview), policy="agent")


def give_back(
    proposal: EditProposal,
    hunks: Collection[int] | None = None,
    client_id: str = "take-back-1",
) -> Decided:
    interview_id = proposal.turn.conversation.interview_id
    return take_back(interview_id, proposal.pk, hunks=hunks, client_id=client_id)


def test_edit_of_an_agent_is_applied_and_told_as_applied(interview: Interview) -> None:
    turn = begin_turn(interview)
    call = call_of(turn, "call-a", "agent")
    outcome = propose_edit(call, [two_parts(interview)], "Better names")

    assert outcome.text.startswith("Applied, as the policy says")
    assert "undecided" not in outcome.text
    assert (outcome.is_error, outcome.parks) == (False, False)
    (frame,) = outcome.frames
    assert [hunk["state"] for hunk in frame["hunks"]] == ["applied", "applied"]
    after = TEXT.replace("one = 1", "one = 11").replace("three", "tri")
    assert texts(interview) == {"solution.py": after}
    (proposed,), (decided,) = (
        events(interview, "edit.proposed"),
        events(interview, "edit.decided"),
    )
    assert proposed.seq < decided.seq
    assert (decided.version, decided.origin) == (2, Origin.ASSISTANT)
    assert (decided.payload["by"], decided.payload["accepted"]) == ("policy", [0, 1])
    runs = read_text_runs(interview, path_in(interview))
    written = [run.length for run in runs if run.origin == TextOrigin.ASSISTANT]
    assert written == [1, 2]
    assert propose_edit(call, [two_parts(interview)], "Better names") == outcome
    assert len(events(interview, "edit.decided")) == 1


def test_editors_see_what_was_applied(
    interview: Interview,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        propose(begin_turn(interview), two_parts(interview), policy="agent")
    assert len(callbacks) == 1


@pytest.mark.parametrize("is_pair", [True, False], ids=["pair", "agent-that-asks"])
def test_nothing_is_written_where_the_policy_does_not_say_so(is_pair: bool) -> None:
    policy = Policy.PAIR if is_pair else Policy.AGENT
    interview = make_interview(policy)
    version = interview.assessment_version
    version.applies_edits = False
    version.save(update_fields=["applies_edits"])
    proposal = propose(begin_turn(interview), two_parts(interview), policy=policy)
    assert states(proposal) == ["undecided", "undecided"]
    assert texts(interview) == {"solution.py": TEXT}
    decide(proposal)
    (decided,) = events(interview, "edit.decided")
    assert (decided.version, decided.payload["by"]) == (2, "candidate")


def test_part_that_does_not_fit_is_left_to_the_candidate_and_parks(
    interview: Interview,
) -> None:
    turn = begin_turn(interview)
    edits = [
        {"path": path_in(interview, "new.py"), "text": "fresh = 1\n"},
        {"path": path_in(interview, "NEW.py"), "text": "other = 1\n"},
    ]
    outcome = propose_edit(call_of(turn, policy="agent"), edits, "")

    assert "Applied" in outcome.text
    assert "undecided" in outcome.text
    assert outcome.parks
    (frame,) = outcome.frames
    assert [hunk["state"] for hunk in frame["hunks"]] == ["applied", "undecided"]
    assert [one["hunk"] for one in frame["conflicts"]] == [1]
    assert EditProposal.objects.get().is_parking


def test_edit_that_is_too_large_leaves_nothing_behind(
    interview: Interview, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "workspace_documents": 2}
    edits = [
        {"path": path_in(interview, f"new{number}.py"), "text": "fresh = 1\n"}
        for number in range(3)
    ]
    outcome = propose_edit(call_of(begin_turn(interview), policy="agent"), edits, "")
    assert outcome.is_error
    assert texts(interview) == {"solution.py": TEXT}
    assert not EditProposal.objects.exists()
    assert not events(interview, "edit.proposed")


def test_taking_back_restores_the_text_and_who_wrote_it(
    interview: Interview, proposal: EditProposal
) -> None:
    before = read_text_runs(interview, path_in(interview), until=1)
    decided = give_back(proposal)

    assert texts(interview) == {"solution.py": TEXT}
    assert states(proposal) == ["taken_back", "taken_back"]
    assert {frame["type"] for frame in decided.workspace} == {"document.updates"}
    assert read_text_runs(interview, path_in(interview)) == before
    (told,) = events(interview, "edit.taken_back")
    assert (told.payload["parts"], told.origin) == ([0, 1], Origin.CANDIDATE)


def test_one_part_is_taken_back_where_it_stands_now(
    interview: Interview, proposal: EditProposal
) -> None:
    write(interview, "two = 2\n", "# mine\ntwo = 2\n")
    rename_file(
        interview.pk,
        path=path_in(interview),
        to=path_in(interview, "other.py"),
        client_id="rename-0001",
    )
    give_back(proposal, [1])
    after = TEXT.replace("one = 1", "one = 11").replace("two", "# mine\ntwo")
    assert texts(interview) == {"other.py": after}
    assert states(proposal) == ["applied", "taken_back"]
    give_back(proposal, [0], "take-back-2")
    assert texts(interview) == {"other.py": TEXT.replace("two", "# mine\ntwo")}


def test_lines_that_were_changed_since_stay_and_say_why(
    interview: Interview, proposal: EditProposal
) -> None:
    write(interview, "one = 11", "one = 12")
    decided = give_back(proposal)
    assert texts(interview) == {"solution.py": TEXT.replace("one = 1", "one = 12")}
    (conflict,) = decided.frame["conflicts"]
    assert conflict["hunk"] == 0
    assert "changed since" in conflict["message"]
    assert states(proposal) == ["applied", "taken_back"]
    (told,) = events(interview, "edit.taken_back")
    assert (told.payload["parts"], told.payload["conflicts"]) == ([1], [0])


def test_taking_back_twice_or_what_was_only_proposed_changes_nothing(
    interview: Interview, proposal: EditProposal
) -> None:
    give_back(proposal, [0])
    again = give_back(proposal, [0], "take-back-2")
    repeated = give_back(proposal, [1], "take-back-1")
    assert (again.workspace, repeated.workspace) == ((), ())
    assert states(proposal) == ["taken_back", "applied"]
    decide(proposal, "refuse")
    assert states(proposal) == ["taken_back", "applied"]


def test_files_that_came_and_went_are_taken_back(interview: Interview) -> None:
    number = Document.objects.get(interview=interview).pk
    proposal = propose(
        begin_turn(interview),
        {"path": path_in(interview, "new.py"), "text": "fresh = 1\n"},
        {"path": path_in(interview), "delete": True},
        policy="agent",
    )
    assert texts(interview) == {"new.py": "fresh = 1\n"}
    decided = give_back(proposal)
    assert decided.frame["conflicts"] == []
    assert texts(interview) == {"solution.py": TEXT}
    assert Document.objects.get(interview=interview).pk == number
    actions = {frame["action"] for frame in decided.workspace}
    assert actions == {"restored", "deleted"}
    assert list(read_origins(interview)) == [path_in(interview)]


def test_new_file_that_was_changed_is_not_deleted(interview: Interview) -> None:
    proposal = propose(
        begin_turn(interview),
        {"path": path_in(interview), "delete": True},
        {"path": path_in(interview, "new.py"), "text": "fresh = 1\n"},
        policy="agent",
    )
    write(interview, "fresh = 1", "fresh = 2")
    create_file(
        interview.pk, path=path_in(interview), text="mine", client_id="create-0002"
    )
    decided = give_back(proposal)
    assert [one["hunk"] for one in decided.frame["conflicts"]] == [0, 1]
    assert texts(interview) == {"new.py": "fresh = 2\n", "solution.py": "mine"}


def test_model_learns_only_of_what_was_taken_back(
    interview: Interview, proposal: EditProposal
) -> None:
    assert take_decisions(proposal.turn) == []
    Turn.objects.filter(pk=proposal.turn_id).update(state="finished")
    assert take_decisions(begin_turn(interview)) == []
    give_back(proposal, [1])
    Turn.objects.update(state="finished")
    (text,) = take_decisions(begin_turn(interview))
    assert "taken back by the candidate" in text
    assert "line 9" in text
    assert "line 1:" not in text


def test_record_tells_applied_from_accepted(
    interview: Interview, proposal: EditProposal
) -> None:
    give_back(proposal, [1])
    found = read_acceptance(interview, read_origins(interview).values())
    assert found is not None
    assert (found.accepted, found.applied, found.taken_back) == (0, 2, 1)
    assert (found.fate.units, found.fate.kept) == (1, 1)


@pytest.mark.django_db(transaction=True)
async def test_chain_goes_on_after_its_edit_and_pages_take_it_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    interview = await sync_to_async(make_interview)()
    layer = get_channel_layer()
    assert layer is not None
    editor = await layer.new_channel()
    await layer.group_add(workspace_group(interview.pk), editor)
    edit = {"summary": "Better", "edits": [await sync_to_async(two_parts)(interview)]}
    script = ScriptedModel(calls(("propose_edit", edit)), says("Done."))
    model = use(monkeypatch, script)
    turn = await end(await begin(interview))

    (result,) = results_in(model.requests[1].messages)
    assert "Applied, as the policy says" in result["content"]
    assert (await layer.receive(editor))["frame"]["type"] == ("document.updates")
    assert await sync_to_async(follow_ups)(interview.pk) == []
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        (shown,) = hello["proposals"]
        assert shown["turn"] == str(turn.pk)
        assert [hunk["state"] for hunk in shown["hunks"]] == ["applied", "applied"]
        await socket.send_json_to(
            {
                "type": "edit.decide",
                "id": "take-back-1",
                "edit": shown["edit"],
                "decision": "take_back",
            }
        )
        frames = await receive_until(
            socket, lambda frame: frame["type"] == "edit.decided"
        )
    taken = [hunk["state"] for hunk in frames[-1]["hunks"]]
    assert taken == ["taken_back", "taken_back"]
    assert await sync_to_async(texts)(interview) == {"solution.py": TEXT}
