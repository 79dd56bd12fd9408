"""Decisions: over the socket, on their way to the model, and what goes on after them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, get_channel_layer
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisConnectionError

from assistant.enums import MessageRole, TurnState
from assistant.models import EditProposal, Message, Turn
from assistant.services.decisions import follow_up, follow_ups, take_decisions
from assistant.services.prompts import import_shipped_prompts
from assistant.services.questions import answer_question
from assistant.services.queue import promote_behind
from assistant.turns.registry import start_turn
from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Document, Event, Interview
from interviews.protocol import workspace_group
from interviews.services.files import create_file
from interviews.services.presence import WritingWindow, take_writing
from tests.assistant.proposing import begin_turn, change, decide, inquire, propose
from tests.assistant.socket import opened, receive_until
from tests.assistant.turns import end
from tests.factories.accounts import MembershipFactory
from tests.factories.assistant import MessageFactory, TurnFactory
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    interview: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    create_file(
        interview.pk,
        path=path_in(interview),
        text="one = 1\n\n\n\ntwo = 2\n",
        client_id="create-0001",
    )
    return interview


def path_in(interview: Interview) -> str:
    section = interview.assessment_version.sections.get(position=0)
    return f"{section.folder}/solution.py"


def text_of(interview: Interview) -> str:
    return Document.objects.get(interview=interview).text


def propose_two(turn: Turn, policy: str = "pair") -> EditProposal:
    path = path_in(turn.conversation.interview)
    edit = change(path, ("one = 1", "one = 11"), ("two = 2", "two = 22"))
    return propose(turn, edit, policy=policy)


def park(interview: Interview) -> Turn:
    """A turn that has ended to wait for the candidate."""
    turn = begin_turn(interview)
    MessageFactory.create(turn=turn, text="Make it better")
    propose_two(turn, "agent")
    end_parked(turn)
    return turn


def end_parked(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(
        state=TurnState.FINISHED, finished_at=now(), created_at=now()
    )
    MessageFactory.create(
        turn=turn, role=MessageRole.ASSISTANT, text="See.", stop_reason="parked"
    )


@pytest.fixture
def proposal(interview: Interview) -> EditProposal:
    return propose_two(begin_turn(interview))


async def read(socket: Any, kind: str) -> dict[str, Any]:
    """The next frame of a kind; answers under way say something in between."""
    frames = await receive_until(socket, lambda frame: frame["type"] == kind)
    return frames[-1]


async def send(socket: Any, proposal: EditProposal, **frame: Any) -> None:
    await socket.send_json_to(
        {
            "type": "edit.decide",
            "id": "decide-0001",
            "edit": str(proposal.pk),
            "decision": "accept",
            **frame,
        }
    )


async def test_edit_is_decided_in_the_window_that_writes(
    interview: Interview, proposal: EditProposal
) -> None:
    window = WritingWindow("token", "tab-that-writes", "browser-0001")
    await sync_to_async(take_writing)(interview.pk, window)
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await send(socket, proposal, tab="tab-that-reads")
        refused = await read(socket, "error")
        await send(socket, proposal, tab="tab-that-writes")
        await read(socket, "edit.decided")
    assert refused["code"] == "read_only"
    assert "two = 22" in await sync_to_async(text_of)(interview)


async def test_decision_is_answered_and_shown_on_every_page_and_in_the_editors(
    interview: Interview, proposal: EditProposal
) -> None:
    layer = get_channel_layer()
    assert layer is not None
    editor = await layer.new_channel()
    await layer.group_add(workspace_group(interview.pk), editor)
    async with opened(interview) as socket, opened(interview) as other:
        hello = await socket.receive_json_from(timeout=10)
        assert [one["edit"] for one in hello["proposals"]] == [str(proposal.pk)]
        await other.receive_json_from(timeout=10)
        await send(socket, proposal, hunks=[1])
        told = await read(socket, "edit.decided")
        shown = await read(other, "edit.decided")
    assert told["id"] == "decide-0001"
    assert {**shown, "id": "decide-0001"} == told
    assert [hunk["state"] for hunk in told["hunks"]] == ["undecided", "accepted"]
    assert "two = 22" in await sync_to_async(text_of)(interview)
    frame = (await layer.receive(editor))["frame"]
    assert frame["type"] == "document.updates"


class LayerAway(InMemoryChannelLayer):
    """A layer that tells nobody anything, as one without its Redis."""

    async def group_send(self, group: str, message: Mapping[str, Any]) -> None:
        """Fail."""
        raise RedisConnectionError


async def test_decision_holds_and_is_answered_while_other_pages_can_not_be_told(
    interview: Interview, settings: Settings
) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": f"{__name__}.LayerAway"}}
    parked = await sync_to_async(park)(interview)
    proposal = await EditProposal.objects.aget(turn=parked)
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await send(socket, proposal)
        told = await read(socket, "edit.decided")
    assert told["id"] == "decide-0001"
    assert "two = 22" in await sync_to_async(text_of)(interview)
    follow = await Turn.objects.aget(follows=parked)
    await end(start_turn(follow.pk))


async def test_same_decision_sent_again_is_answered_again(
    interview: Interview, proposal: EditProposal
) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        for _attempt in range(2):
            await send(socket, proposal, decision="refuse")
            frame = await read(socket, "edit.decided")
            assert frame["id"] == "decide-0001"
            assert {hunk["state"] for hunk in frame["hunks"]} == {"refused"}
    assert await Event.objects.filter(kind="edit.decided").acount() == 1


async def test_watcher_sees_proposals_and_decides_nothing(
    interview: Interview, proposal: EditProposal
) -> None:
    member = await sync_to_async(MembershipFactory.create)(
        organisation=interview.organisation, role="owner"
    )
    async with opened(interview, user=member.user) as socket:
        hello = await socket.receive_json_from(timeout=10)
        assert len(hello["proposals"]) == 1
        await send(socket, proposal)
        await socket.send_json_to({"type": "ping", "t": 1})
        frames = await receive_until(socket, lambda frame: frame["type"] == "pong")
    assert "edit.decided" not in {frame["type"] for frame in frames}
    assert await sync_to_async(text_of)(interview) == "one = 1\n\n\n\ntwo = 2\n"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"hunks": [7]}, "unknown_proposal"),
        ({"edit": "0195e1f6-0000-7000-8000-000000000000"}, "unknown_proposal"),
        ({"text": "x"}, "bad_frame"),
        ({"decision": "maybe"}, "bad_frame"),
    ],
    ids=["part", "edit", "text-for-two", "word"],
)
async def test_decision_that_makes_no_sense_is_refused(
    interview: Interview, proposal: EditProposal, frame: dict[str, Any], code: str
) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await send(socket, proposal, **frame)
        assert (await read(socket, "error"))["code"] == code


async def test_candidate_of_another_interview_is_refused(
    interview: Interview, proposal: EditProposal
) -> None:
    stranger = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    async with opened(stranger) as socket:
        await socket.receive_json_from(timeout=10)
        await send(socket, proposal)
        frame = await read(socket, "error")
    assert frame["code"] == "unknown_proposal"
    assert await sync_to_async(text_of)(interview) == "one = 1\n\n\n\ntwo = 2\n"


async def test_question_is_answered_over_the_socket(interview: Interview) -> None:
    turn = await sync_to_async(begin_turn)(interview)
    question = await sync_to_async(inquire)(turn)
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        asked = {"type": "question.answer", "question": str(question.pk)}
        await socket.send_json_to({**asked, "id": "answer-01", "answer": [2]})
        assert (await read(socket, "error"))["code"] == "bad_answer"
        await socket.send_json_to({**asked, "id": "answer-02", "answer": [1]})
        frame = await read(socket, "question.answered")
    assert frame["id"] == "answer-02"
    assert frame["answer"] == [1]


def test_decisions_are_told_once_and_the_same_turn_gets_them_again(
    interview: Interview, proposal: EditProposal
) -> None:
    decide(proposal, "accept", [0])
    turn, later = begin_turn(interview, "waiting"), begin_turn(interview, "stopped")
    (told,) = take_decisions(turn)
    assert "line 1: accepted" in told
    assert "line 5" not in told
    assert take_decisions(turn) == [told]
    assert take_decisions(later) == []
    decide(proposal, "refuse", [1])
    (rest,) = take_decisions(later)
    assert "line 5: refused" in rest
    assert "accepted" not in rest


def test_decisions_told_to_a_turn_that_failed_are_told_again(
    interview: Interview, proposal: EditProposal
) -> None:
    decide(proposal)
    told = take_decisions(begin_turn(interview, TurnState.FAILED))
    assert len(told) == 1
    assert take_decisions(begin_turn(interview, "waiting")) == told


def test_answers_are_told_in_the_words_of_the_question(interview: Interview) -> None:
    turn = begin_turn(interview)
    chosen, skipped = inquire(turn), inquire(turn)
    answer_question(interview.pk, chosen.pk, answer=[1], client_id="answer-01")
    answer_question(interview.pk, skipped.pk, answer=[], client_id="answer-02")
    told = take_decisions(begin_turn(interview, "waiting"))
    assert ["A heap" in told[0], "skipped" in told[1]] == [True, True]


def test_parked_turn_goes_on_once_everything_is_decided(interview: Interview) -> None:
    parked = park(interview)
    proposal = EditProposal.objects.get()
    assert follow_up(parked.pk) is None
    decide(proposal, "accept", [0])
    assert follow_ups(interview.pk) == []
    decide(proposal, "refuse", [1])
    (following,) = follow_ups(interview.pk)
    turn = Turn.objects.get(pk=following)
    assert (turn.follows, turn.state) == (parked, TurnState.QUEUED)
    assert Message.objects.get(turn=turn).text == ""
    assert len(take_decisions(turn)) == 1
    assert follow_ups(interview.pk) == []
    assert Event.objects.get(kind="turn.followed").payload["follows"] == str(parked.pk)


def test_decisions_before_the_turn_has_parked_let_it_go_on_at_its_end(
    interview: Interview,
) -> None:
    turn = begin_turn(interview)
    MessageFactory.create(turn=turn, text="Make it better")
    decide(propose_two(turn, "agent"))
    assert follow_ups(interview.pk) == []
    end_parked(turn)
    following = promote_behind(turn.pk)
    assert following is not None
    assert Turn.objects.get(pk=following).follows == turn


def test_question_of_the_candidate_takes_the_decisions_instead(
    interview: Interview,
) -> None:
    parked = park(interview)
    TurnFactory.create(
        conversation=parked.conversation,
        state="finished",
        created_at=now() + timedelta(seconds=1),
    )
    decide(EditProposal.objects.get())
    assert follow_ups(interview.pk) == []


def test_nothing_goes_on_after_the_end(interview: Interview) -> None:
    parked = park(interview)
    decide(EditProposal.objects.get())
    Interview.objects.filter(pk=interview.pk).update(state=InterviewState.COMPLETED)
    assert follow_up(parked.pk) is None


async def test_last_decision_of_a_parked_turn_is_answered_by_the_assistant(
    interview: Interview,
) -> None:
    await sync_to_async(park)(interview)
    proposal = await EditProposal.objects.aget()
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await send(socket, proposal)
        frames = await receive_until(
            socket, lambda frame: frame["type"] in {"turn.finished", "turn.failed"}
        )
    assert "edit.decided" in {frame["type"] for frame in frames}
    turn = await Turn.objects.aget(pk=frames[-1]["turn"])
    assert turn.follows_id == proposal.turn_id
