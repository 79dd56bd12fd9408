"""Answers through the whole ASGI application, against the simulator."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.enums import TurnState
from assistant.models import Message, Turn
from assistant.services.checkpoints import checkpoint_turns
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import checkpoint_turn, request_stop, store_question
from assistant.simulator.faults import FaultOrder
from assistant.turns import keeping
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Event, Interview
from interviews.services.lifecycle import cancel_interview
from tests.assistant.conftest import Running
from tests.assistant.socket import ask, is_end, opened, receive_until, text_of
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


async def test_ask_streams_the_answer_and_stores_all_of_it(
    interview: Interview,
) -> None:
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        await ask(socket, "How do I start?")
        frames = await receive_until(socket, is_end)

    assert hello["type"] == "hello"
    assert hello["messages"] == []
    assert [f["type"] for f in frames[:2]] == ["turn.queued", "turn.started"]
    assert frames[1]["simulated"] is True
    offset = 0
    for delta in (f for f in frames if f["type"] == "turn.delta"):
        assert delta["offset"] == offset
        offset += len(delta["text"].encode("utf-16-le")) // 2
    assert frames[-1]["type"] == "turn.finished"
    assert frames[-1]["stop_reason"] == "end_turn"
    answer = await Message.objects.select_related("usage").aget(role="assistant")
    assert answer.text == text_of(frames)
    assert "imulated" in answer.text
    assert answer.is_simulated
    assert answer.first_token_ms is not None
    assert answer.usage is not None
    assert answer.usage.output_tokens > 0
    assert answer.usage.is_simulated
    assert answer.usage.cost_usd is not None
    assert answer.usage.cost_usd > 0
    kinds = [e.kind async for e in Event.objects.filter(interview=interview)]
    assert kinds[0] == "turn.asked"
    assert "turn.text" in kinds
    assert kinds[-1] == "turn.finished"
    stored = [
        e.payload["text"]
        async for e in Event.objects.filter(kind="turn.text").order_by("seq")
    ]
    assert "".join(stored) == answer.text


async def test_same_ask_twice_is_one_turn_and_one_bill(interview: Interview) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there")
        first = await receive_until(socket, is_end)
        await ask(socket, "Hello there")
        second = await receive_until(socket, is_end)

    assert first[0]["turn"] == second[0]["turn"]
    assert text_of(first) == text_of(second)
    assert await Turn.objects.acount() == 1
    assert await Usage.objects.acount() == 1


async def test_question_of_a_process_that_died_is_answered_when_asked_again(
    interview: Interview,
) -> None:
    await sync_to_async(store_question)(
        interview.pk,
        client_id="ask-00000001",
        text="Hello there",
        configuration=read_configuration(),
    )
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there")
        frames = await receive_until(socket, is_end)

    assert frames[-1]["type"] == "turn.finished"
    assert text_of(frames)
    assert await Turn.objects.acount() == 1


async def test_database_that_fails_for_a_moment_costs_nothing_of_the_answer(
    interview: Interview, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[bool] = []

    def at_last(checkpoint: Callable[..., Any]) -> Callable[..., Any]:
        """Together and alone: it is away for either."""

        def write(*given: Any, **named: Any) -> Any:
            tries.append(len(tries) > 2)
            if not tries[-1]:
                raise OperationalError("the database is away")
            return checkpoint(*given, **named)

        return write

    monkeypatch.setattr(keeping, "checkpoint_turn", at_last(checkpoint_turn))
    monkeypatch.setattr(keeping, "checkpoint_turns", at_last(checkpoint_turns))
    monkeypatch.setattr(keeping, "CHECKPOINT_SECONDS", 0.02)
    simulator.app.faults.order(
        FaultOrder.model_validate(
            {"next": [{"fault": "stall", "seconds": 0.5, "after": 5}]}
        )
    )
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Hello there")
        frames = await receive_until(socket, is_end)

    assert tries[:4] == [False, False, False, True]
    assert frames[-1]["type"] == "turn.finished"
    blocks = [
        event.payload
        async for event in Event.objects.filter(kind="turn.text").order_by("seq")
    ]
    assert "".join(block["text"] for block in blocks) == text_of(frames)
    assert blocks[0]["marks"][0] == [0, 0]


async def test_answer_goes_on_without_its_socket_and_resumes_at_the_offset(
    interview: Interview,
) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Please write a long answer")
        begun = await receive_until(socket, lambda f: f["type"] == "turn.delta")
    async with opened(interview) as socket:
        hello = await socket.receive_json_from(timeout=10)
        rest = await receive_until(socket, is_end) if hello["live"] else []

    answer = await Message.objects.aget(role="assistant")
    seen = hello["live"]["text"] if hello["live"] else hello["messages"][-1]["text"]
    assert seen.startswith(text_of(begun))
    assert seen + text_of(rest) == answer.text
    assert (await Turn.objects.aget()).state == TurnState.FINISHED


async def test_stop_keeps_what_arrived(
    interview: Interview, simulator: Running
) -> None:
    simulator.app.faults.order(
        FaultOrder.model_validate(
            {"next": [{"fault": "stall", "seconds": 20, "after": 5}]}
        )
    )
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Please write a long answer")
        begun = await receive_until(socket, lambda f: f["type"] == "turn.delta")
        await socket.send_json_to({"type": "turn.stop", "turn": begun[0]["turn"]})
        frames = await receive_until(socket, is_end)

    answer = await Message.objects.select_related("usage", "turn").aget(
        role="assistant"
    )
    assert frames[-1]["stop_reason"] == "stopped"
    assert answer.text == text_of([*begun, *frames])
    assert answer.turn.state == TurnState.STOPPED
    assert answer.usage is not None
    assert answer.usage.cache_write_1h_tokens + answer.usage.cache_read_tokens > 0


async def test_stop_from_another_process_is_noticed(
    interview: Interview, simulator: Running
) -> None:
    simulator.app.faults.order(
        FaultOrder.model_validate(
            {"next": [{"fault": "stall", "seconds": 20, "after": 5}]}
        )
    )
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await ask(socket, "Please write a long answer")
        begun = await receive_until(socket, lambda f: f["type"] == "turn.delta")
        await sync_to_async(request_stop)(interview, begun[0]["turn"])
        frames = await receive_until(socket, is_end)

    assert frames[-1]["stop_reason"] == "stopped"
    assert (await Turn.objects.aget()).state == TurnState.STOPPED


async def test_cancelling_reaches_the_open_room(interview: Interview) -> None:
    async with opened(interview) as socket:
        await socket.receive_json_from(timeout=10)
        await sync_to_async(cancel_interview)(
            interview.pk, reason="position filled", actor=None
        )
        ended = await socket.receive_json_from(timeout=10)

    assert ended == {"type": "interview.ended", "state": "cancelled"}


async def test_second_page_sees_the_same_answer(interview: Interview) -> None:
    async with opened(interview) as first, opened(interview) as second:
        await first.receive_json_from(timeout=10)
        await second.receive_json_from(timeout=10)
        await ask(first, "How do I start?")
        seen_first, seen_second = await asyncio.gather(
            receive_until(first, is_end), receive_until(second, is_end)
        )

    assert text_of(seen_first) == text_of(seen_second)
