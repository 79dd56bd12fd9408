"""Several conversations, one live answer in each, one question behind it."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.errors import (
    TooManyConversationsError,
    TurnQueueFullError,
    UnknownTurnError,
)
from assistant.models import Conversation, Message, Turn
from assistant.services.endings import interrupt_dead_turns
from assistant.services.prompts import import_shipped_prompts
from assistant.services.queue import promote_ready
from assistant.services.turns import ask, claim_turn, request_stop
from assistant.turns.registry import stop_all
from base.clock import now
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.socket import ask as say
from tests.assistant.socket import is_end, opened, receive_until, text_of
from tests.assistant.turns import begin, end, use
from tests.factories.assistant import ConversationFactory
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import FakeModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


def asked(
    interview: Interview, number: int = 0, conversation: UUID | None = None
) -> Turn:
    turn, _is_new = ask(
        interview.pk,
        client_id=f"question-{number}",
        text=f"Question {number}",
        conversation_id=conversation,
    )
    return turn


def age(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(heartbeat_at=now() - timedelta(minutes=1))


@sync_to_async
def state_of(turn: Turn) -> str:
    return Turn.objects.get(pk=turn.pk).state


async def until_ended(turn: Turn) -> Turn:
    async with asyncio.timeout(15):
        while True:
            found = await Turn.objects.aget(pk=turn.pk)
            if found.finished_at is not None:
                return found
            await asyncio.sleep(0.01)


def test_second_question_waits_and_a_third_is_refused(interview: Interview) -> None:
    first, second = asked(interview), asked(interview, 1)

    with pytest.raises(TurnQueueFullError):
        asked(interview, 2)

    assert (first.state, second.state) == (TurnState.QUEUED, TurnState.WAITING)
    assert asked(interview, 1) == second
    assert not claim_turn(second.pk, owner="web-1")


async def test_waiting_question_is_answered_when_the_live_one_has_ended(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    live = await begin(interview, "One")
    second = await sync_to_async(asked)(interview, 1)
    model.gate.set()
    await end(live)
    ended = await until_ended(second)

    assert ended.state == TurnState.FINISHED
    messages = model.requests[1].messages
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]


async def test_waiting_question_is_answered_when_the_live_one_is_stopped(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    live = await begin(interview, "One")
    second = await sync_to_async(asked)(interview, 1)
    await live.started.wait()
    live.stop()
    await end(live)
    model.gate.set()

    assert (await until_ended(second)).state == TurnState.FINISHED


async def test_waiting_question_taken_back_is_never_sent(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    live = await begin(interview, "One")
    second = await sync_to_async(asked)(interview, 1)
    await sync_to_async(request_stop)(interview, second.pk)
    third = await sync_to_async(asked)(interview, 2)
    model.gate.set()
    await end(live)
    await until_ended(third)

    answer = await Message.objects.aget(turn=second, role="assistant")
    assert (answer.text, answer.stop_reason) == ("", "withdrawn")
    assert len(model.requests) == 2
    assert "Question 1" not in str(model.requests[1].messages)
    assert await Usage.objects.acount() == 2


async def test_question_behind_a_stopped_process_is_left_to_another(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    await begin(interview, "One")
    second = await sync_to_async(asked)(interview, 1)
    await stop_all()

    assert await state_of(second) == TurnState.WAITING
    assert await sync_to_async(promote_ready)(interview) == [second.pk]
    assert await sync_to_async(promote_ready)(interview) == []


def test_question_behind_a_dead_process_is_marked_when_nobody_takes_it_up(
    interview: Interview,
) -> None:
    first, second = asked(interview), asked(interview, 1)
    claim_turn(first.pk, owner="web-1")
    age(second)
    assert interrupt_dead_turns() == 0

    age(first)
    assert interrupt_dead_turns() == 1
    assert promote_ready(interview) == [second.pk]
    age(second)
    assert interrupt_dead_turns() == 1

    second.refresh_from_db()
    assert second.state == TurnState.INTERRUPTED


def test_waiting_question_goes_unanswered_when_the_time_is_up(
    interview: Interview,
) -> None:
    first, second = asked(interview), asked(interview, 1)
    request_stop(interview, first.pk)
    Interview.objects.update(ends_at=now() - timedelta(seconds=1))

    assert promote_ready(interview) == []

    second.refresh_from_db()
    assert second.state == TurnState.STOPPED


def test_other_conversation_does_not_wait(interview: Interview) -> None:
    name = uuid4()

    first, second = asked(interview), asked(interview, 1, name)

    assert second.conversation_id == name
    assert (first.state, second.state) == (TurnState.QUEUED, TurnState.QUEUED)
    assert asked(interview, 2, name).conversation_id == name


def test_conversation_of_another_interview_is_refused(interview: Interview) -> None:
    theirs = ConversationFactory.create()

    with pytest.raises(UnknownTurnError):
        asked(interview, 0, theirs.pk)

    assert not interview.conversations.exists()


def test_conversations_have_a_limit(interview: Interview, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "conversations": 2}
    known = [asked(interview, number, uuid4()).conversation_id for number in range(2)]

    with pytest.raises(TooManyConversationsError):
        asked(interview, 2, uuid4())

    assert asked(interview, 3, known[0]).state == TurnState.WAITING
    assert Conversation.objects.count() == 2


async def test_page_is_told_that_its_question_waits_and_then_follows_it(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await say(socket, "One")
        await receive_until(socket, lambda frame: frame["type"] == "turn.started")
        await say(socket, "Two", "ask-00000002")
        queued = await receive_until(socket, lambda f: f["type"] == "turn.queued")
        await say(socket, "Three", "ask-00000003")
        refused = await receive_until(socket, lambda f: f["type"] == "error")
        async with opened(interview) as other:
            hello = await other.receive_json_from(timeout=10)
        model.gate.set()
        told = await receive_until(socket, is_end)
        told += await receive_until(socket, is_end)

    assert queued[-1]["is_waiting"] is True
    assert refused[-1]["code"] == "turn_queue_full"
    assert [live["is_waiting"] for live in hello["lives"]] == [False, True]
    second = [frame for frame in told if frame["turn"] == queued[-1]["turn"]]
    assert second[0]["type"] == "turn.started"
    assert second[0]["id"] == "ask-00000002"
    assert second[-1]["type"] == "turn.finished"
    assert text_of(second) == "Look at the operator."
