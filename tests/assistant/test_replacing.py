"""The last question edited: a new one takes its place, both stay on record."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.context.replaced import REPLACED
from assistant.context.store import rebuild_request
from assistant.enums import TurnState
from assistant.errors import NotReplaceableError
from assistant.models import Message, Turn
from assistant.selectors import build_hello
from assistant.services.endings import TurnOutcome, end_turn
from assistant.services.prompts import import_shipped_prompts
from assistant.services.replacing import Extras
from assistant.services.requests import build_request
from assistant.services.turns import ask, claim_turn
from interviews.enums import InterviewState
from interviews.models import Event, Interview
from tests.assistant.socket import is_end, opened, receive_until
from tests.assistant.turns import use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import FakeModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def asked(
    interview: Interview, text: str, replaces: UUID | None = None, **more: Any
) -> Turn:
    turn, _is_new = ask(
        interview.pk,
        client_id=f"ask-{uuid4()}",
        text=text,
        extras=Extras(replaces),
        **more,
    )
    return turn


def sent(turn: Turn) -> list[str]:
    """Send a question; return the texts of all that was sent."""
    assert claim_turn(turn.pk, owner="web-1")
    request = build_request(turn.pk, read_configuration()).request
    assert rebuild_request(turn)["messages"] == request.messages
    return [block["text"] for each in request.messages for block in each["content"]]


def answered(turn: Turn, text: str = "Like this.") -> Turn:
    outcome = TurnOutcome(state=TurnState.FINISHED, text=text, stop_reason="end_turn")
    end_turn(turn.pk, outcome)
    return Turn.objects.get(pk=turn.pk)


def test_edited_question_takes_the_place_and_both_are_kept(
    interview: Interview,
) -> None:
    first = asked(interview, "Why?")
    before = sent(first)
    answered(first)
    second = asked(interview, "Why not?", first.pk)
    assert second.replaces_id == first.pk
    assert list(Message.objects.filter(role="user").values_list("text", flat=True)) == [
        "Why?",
        "Why not?",
    ]
    event = Event.objects.get(interview=interview, kind="turn.replaced")
    assert event.payload == {"turn": str(second.pk), "replaced": str(first.pk)}
    assert event.origin == "candidate"
    texts = sent(second)
    assert texts[: len(before)] == before
    assert texts.index(REPLACED) == len(texts) - 2
    frames = build_hello(interview.pk, None)["messages"]
    replaced = [frame["replaces"] for frame in frames if frame["role"] == "user"]
    assert replaced == [None, str(first.pk)]


def test_edited_question_that_waited_is_taken_back_and_never_sent(
    interview: Interview,
) -> None:
    running = asked(interview, "First?")
    sent(running)
    waiting = asked(interview, "Second?")
    edited = asked(interview, "Third?", waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, edited.state) == (TurnState.STOPPED, TurnState.WAITING)
    answered(running)
    Turn.objects.filter(pk=edited.pk).update(state=TurnState.QUEUED)
    texts = sent(edited)
    assert REPLACED not in texts
    assert not any("Second?" in text for text in texts)


def test_edited_question_with_the_same_words_is_asked_anew(
    interview: Interview,
) -> None:
    first = answered(asked(interview, "Why?"))
    second = asked(interview, "Why?", first.pk)
    assert second.pk != first.pk
    assert asked(interview, "Why?", first.pk).pk == second.pk


def test_only_the_last_question_of_its_conversation_is_replaced(
    interview: Interview,
) -> None:
    first = answered(asked(interview, "One?"))
    last = answered(asked(interview, "Two?"))
    elsewhere = answered(asked(interview, "Three?", conversation_id=uuid4()))
    stranger = InterviewFactory.create(state=InterviewState.ACTIVE)
    theirs = asked(stranger, "Four?")
    for wrong in (first, elsewhere, theirs):
        with pytest.raises(NotReplaceableError):
            asked(interview, "Again?", wrong.pk)
    assert asked(interview, "Again?", last.pk).replaces_id == last.pk
    theirs.refresh_from_db()
    assert theirs.state == TurnState.QUEUED


def test_question_refused_for_its_length_replaces_nothing(
    interview: Interview, settings: Settings
) -> None:
    waiting = asked(interview, "Why?")
    settings.LIMITS = {**settings.LIMITS, "asks_per_minute": 1}
    with pytest.raises(Exception, match="a lot of questions"):
        asked(interview, "Why not?", waiting.pk)
    waiting.refresh_from_db()
    assert waiting.state == TurnState.QUEUED


async def test_answer_under_way_is_stopped_and_the_edited_question_follows(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=15)
        ask_frame = {"type": "turn.ask", "id": "ask-00000001", "text": "Why?"}
        await socket.send_json_to(ask_frame)
        frames = await receive_until(socket, lambda f: f["type"] == "turn.delta")
        first = frames[0]["turn"]
        # The first answer stays behind its gate until it is stopped.
        model.gate = asyncio.Event()
        model.gate.set()
        edited = {**ask_frame, "id": "ask-00000002", "text": "Why not?"}
        await socket.send_json_to({**edited, "replaces": first})
        frames = await receive_until(
            socket, lambda f: is_end(f) and f.get("turn") != first
        )
    turns = [turn async for turn in Turn.objects.order_by("created_at")]
    assert [turn.state for turn in turns][-1] == TurnState.FINISHED
    assert frames[-1]["turn"] == str(turns[1].pk)
    assert turns[1].replaces_id == turns[0].pk
