"""Answers followed from an offset: here, elsewhere, and one whose owner woke too late."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.following import follow_turn
from assistant.models import Message, Turn
from assistant.providers.parts import AnswerEnded, AnswerText
from assistant.services.endings import interrupt_dead_turns
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import checkpoint_turn, claim_turn, note_progress
from assistant.turns import keeping, registry
from assistant.turns.live import LiveTurn
from assistant.windows import UNREAD_MOST
from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Event, Interview
from tests.assistant.socket import ask, is_end, opened, receive_until, text_of
from tests.assistant.turns import begin, end, use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import BEGUN, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

Frames = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _simulated(settings: Settings) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


async def collect(frames: AsyncGenerator[dict[str, Any], None]) -> Frames:
    async with asyncio.timeout(15), aclosing(frames) as following:
        return [frame async for frame in following]


async def until_said(live: LiveTurn, text: str) -> None:
    """Wait until the answer has come that far."""
    async with asyncio.timeout(15), aclosing(live.text.follow()) as parts:
        async for _part in parts:
            if live.text.text == text:
                return


def kinds(frames: Frames) -> list[str]:
    return [frame["type"] for frame in frames]


async def test_side_frames_come_between_the_deltas_and_again_to_who_comes_back(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel())
    model.gate.clear()
    live = await begin(interview)
    await until_said(live, "Look at the operator.")
    tool = {"type": "turn.tool", "turn": str(live.id), "call": "c1", "state": "done"}
    live.tell(tool)
    model.gate.set()
    turn = await end(live)

    whole = await collect(follow_turn(interview.pk, turn.pk))
    rest = await collect(follow_turn(interview.pk, turn.pk, live.text.length))

    assert kinds(whole) == ["turn.started", "turn.delta", "turn.tool", "turn.finished"]
    assert whole[2] == tool
    assert kinds(rest) == ["turn.started", "turn.tool", "turn.finished"]


async def test_turn_of_another_interview_is_not_followed(interview: Interview) -> None:
    turn, other = await begin(interview), await sync_to_async(InterviewFactory.create)()
    await end(turn)

    assert await collect(follow_turn(other.pk, turn.id)) == []


async def make_elsewhere(interview: Interview, text: str) -> Turn:
    """A turn that another process answers, which has stored this much."""
    conversation = await interview.conversations.acreate()
    turn: Turn = await conversation.turns.acreate(client_id="elsewhere")
    assert await sync_to_async(claim_turn)(turn.pk, owner="web-2")
    await sync_to_async(note_progress)(
        turn.pk, model="a-model", request_id="", is_simulated=True, usage={}
    )
    await store(turn, 0, text)
    return turn


async def store(turn: Turn, offset: int, text: str) -> bool:
    is_ours: bool = await sync_to_async(checkpoint_turn)(
        turn.pk, owner="web-2", offset=offset, text=text, marks=[[0, offset]]
    )
    return is_ours


async def test_answer_of_another_process_is_followed_by_what_it_stores(
    interview: Interview,
) -> None:
    turn = await make_elsewhere(interview, "First ")
    got: Frames = []
    async with (
        asyncio.timeout(30),
        aclosing(follow_turn(interview.pk, turn.pk)) as all_,
    ):
        async for frame in all_:
            got.append(frame)
            if text_of(got) == "First ":
                await store(turn, 6, "words.")
            if text_of(got) == "First words." and not turn.finished_at:
                turn.finished_at = now()
                await Turn.objects.aupdate(heartbeat_at=now() - timedelta(minutes=1))

    assert got[0]["model"] == "a-model"
    assert text_of(got) == "First words."
    assert got[-1]["type"] == "turn.failed"
    assert got[-1]["code"] == "interrupted"
    assert got[-1]["text_length"] == 12


async def test_late_words_of_an_owner_taken_for_dead_are_refused(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own pages, too, are told what is stored; who comes later sees only that."""
    monkeypatch.setattr(keeping, "CHECKPOINT_SECONDS", 60.0)
    words = [AnswerText("Stored. "), AnswerText("Not stored.")]
    parts = [*BEGUN, *words, AnswerEnded("end_turn")]
    model = use(monkeypatch, FakeModel(parts))
    model.gate.clear()
    live = await begin(interview)
    watching = asyncio.create_task(collect(follow_turn(interview.pk, live.id)))
    await until_said(live, "Stored. Not stored.")
    assert await sync_to_async(checkpoint_turn)(
        live.id, owner=registry.OWNER, offset=0, text="Stored. ", marks=[[0, 0]]
    )
    await Turn.objects.aupdate(heartbeat_at=now() - timedelta(minutes=1))
    assert await sync_to_async(interrupt_dead_turns)() == 1
    model.gate.set()
    turn = await end(live)
    seen = await watching
    later = await collect(follow_turn(interview.pk, live.id))

    answer = await Message.objects.aget(role="assistant")
    assert (turn.state, turn.owner, turn.epoch) == (TurnState.INTERRUPTED, "", 1)
    assert answer.text == "Stored. "
    blocks = [
        event.payload["text"] async for event in Event.objects.filter(kind="turn.text")
    ]
    assert blocks == ["Stored. "]
    assert text_of(seen) == "Stored. Not stored."
    assert text_of(later) == "Stored. "
    for closing in (seen[-1], later[-1]):
        assert closing["type"] == "turn.failed"
        assert (closing["code"], closing["text_length"]) == ("interrupted", 8)


async def test_owner_that_woke_in_time_keeps_its_turn(interview: Interview) -> None:
    turn = await make_elsewhere(interview, "First ")
    await Turn.objects.aupdate(heartbeat_at=now() - timedelta(minutes=1))
    assert await store(turn, 6, "words.")

    assert await sync_to_async(interrupt_dead_turns)() == 0


def is_full(frame: dict[str, Any]) -> bool:
    """Whether a page is asked for an answer before it gets any more."""
    return bool(frame["type"] == "ping" and frame["t"] > UNREAD_MOST)


async def test_page_that_reads_nothing_holds_up_no_answer_and_no_other_page(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = [AnswerText(f"{number:07d} " * 1_000) for number in range(30)]
    use(monkeypatch, FakeModel([*BEGUN, *said, AnswerEnded("end_turn")]))
    whole = "".join(part.text for part in said)
    async with opened(interview) as stalled, opened(interview) as reading:
        for socket in (stalled, reading):
            await socket.receive_json_from(timeout=10)
        await ask(stalled, "Say a lot")
        frames: Frames = []
        while not frames or not is_end(frames[-1]):
            frames.append(await reading.receive_json_from(timeout=15))
            if frames[-1]["type"] == "ping":
                await reading.send_json_to({"type": "pong", "t": frames[-1]["t"]})
        held = await receive_until(stalled, is_full)
        assert text_of(frames) == whole
        assert await stalled.receive_nothing(timeout=0.2)

        await stalled.send_json_to({"type": "pong", "t": held[-1]["t"]})
        rest = await receive_until(stalled, lambda frame: frame["type"] == "turn.delta")
        assert whole.startswith(text_of([*held, *rest]))
        assert len(text_of(held)) <= 2 * UNREAD_MOST < len(whole)


async def test_stop_from_elsewhere_keeps_what_came_since_the_last_checkpoint(
    interview: Interview,
) -> None:
    turn = await make_elsewhere(interview, "First ")
    await Turn.objects.aupdate(state=TurnState.STOPPED)

    assert not await store(turn, 6, "words.")

    blocks = [
        event.payload["text"]
        async for event in Event.objects.filter(kind="turn.text").order_by("seq")
    ]
    assert blocks == ["First ", "words."]
