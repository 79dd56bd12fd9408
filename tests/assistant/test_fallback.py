"""Who else is asked where a key, a model or a provider fails, and who is told."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.models import Message, Turn
from assistant.providers.answering import stream_answer
from assistant.providers.breaker import Breaker
from assistant.providers.parts import (
    AnswerEnded,
    AnswerStarted,
    ChatRequest,
    TryBegun,
    TryFailed,
)
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from assistant.turns.live import LiveTurn
from billing.models import Reservation, Usage
from interviews.enums import InterviewState
from interviews.models import Event, Interview
from tests.assistant.conftest import Running
from tests.assistant.turns import acheck_sums, begin, end
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)

CHOSEN, OTHER = "claude-sonnet-5-5", "claude-haiku-5-5"
LONG = {"fault": "429", "retry_after": 40}
Row = tuple[str, str, str, str, str]


@pytest.fixture(autouse=True)
def _provider(
    settings: Settings, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulator in the place of the real provider, with keys and a ledger."""
    cache.clear()
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_BASE_URL = simulator.url
    settings.ANTHROPIC_API_KEYS = "blue=sk-1"
    settings.ANTHROPIC_MODEL = CHOSEN
    settings.ASSISTANT_FALLBACK_MODELS = [OTHER]
    monkeypatch.setitem(settings.MODEL_CALLS, "first_wait_seconds", 0.01)
    monkeypatch.setitem(settings.MODEL_CALLS, "jitter_seconds", 0.01)


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def order(simulator: Running, *faults: object) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


async def ask(interview: Interview, text: str = "Hello there") -> LiveTurn:
    live = await begin(interview, text)
    await end(live)
    await acheck_sums()
    return live


@sync_to_async
def read_rows() -> list[Row]:
    rows = Usage.objects.order_by("pk").values_list(
        "provider", "model", "key_label", "outcome", "error_code"
    )
    return list(rows)


async def read_events(kind: str) -> list[dict[str, Any]]:
    return [e.payload async for e in Event.objects.filter(kind=kind)]


async def test_another_model_answers_and_everybody_is_told(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, "529", "529", "529")

    live = await ask(interview)

    assert live.start_frame is not None
    assert live.end_frame is not None
    assert live.start_frame["model"] == OTHER
    assert live.start_frame["fallback_from"] == CHOSEN
    assert live.end_frame["type"] == "turn.finished"
    (event,) = await read_events("turn.fallback")
    assert (event["chosen"], event["model"]) == (CHOSEN, OTHER)
    assert event["code"] == "overloaded_error"
    answer = await Message.objects.aget(role="assistant")
    assert answer.model == OTHER
    failed = ("anthropic", CHOSEN, "blue", "failed", "overloaded_error")
    done = ("anthropic", OTHER, "blue", "finished", "")
    assert await read_rows() == [failed, failed, failed, done]


async def test_answer_of_the_chosen_model_names_no_other(
    interview: Interview,
) -> None:
    live = await ask(interview)

    assert live.start_frame is not None
    assert (live.start_frame["model"], live.start_frame["fallback_from"]) == (
        CHOSEN,
        None,
    )
    assert await read_events("turn.fallback") == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (LONG, "rate_limit_error"),
        ("401", "authentication_error"),
        ("402", "billing_error"),
    ],
    ids=["429", "401", "402"],
)
async def test_refused_key_gives_way_to_the_next_at_once(
    interview: Interview,
    simulator: Running,
    settings: Settings,
    fault: object,
    code: str,
) -> None:
    settings.ANTHROPIC_API_KEYS = "blue=sk-1,green=sk-2"
    order(simulator, fault)

    await ask(interview)
    await ask(interview, "And then?")

    rows = await read_rows()
    first, second, third = (row[2] for row in rows)
    assert {first, second} == {"blue", "green"}
    assert third == second
    assert [row[3:] for row in rows] == [("failed", code), *[("finished", "")] * 2]
    assert {row[1] for row in rows} == {CHOSEN}


async def test_keys_that_are_all_told_to_come_at_once_are_not_asked_for_ever(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEYS = "blue=sk-1,green=sk-2"
    order(simulator, *[{"fault": "429", "retry_after": 0}] * 9)

    await ask(interview)

    rows = await read_rows()
    assert [row[1] for row in rows] == [CHOSEN] * 4 + [OTHER] * 4


async def test_model_that_does_not_exist_gives_way(
    interview: Interview, settings: Settings
) -> None:
    settings.ANTHROPIC_MODEL = "claude-gone-1"

    live = await ask(interview)

    assert live.start_frame is not None
    assert live.start_frame["fallback_from"] == "claude-gone-1"
    assert [row[3] for row in await read_rows()] == ["failed", "finished"]


@pytest.mark.parametrize("fault", ["400", "413"])
async def test_question_that_can_not_be_read_goes_nowhere_else(
    interview: Interview, simulator: Running, fault: str
) -> None:
    order(simulator, fault)

    live = await ask(interview)

    assert live.end_frame is not None
    assert live.end_frame["type"] == "turn.failed"
    assert len(await read_rows()) == 1


async def test_nobody_else_goes_on_with_an_answer_that_had_begun(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, {"fault": "overloaded", "after": 2})

    live = await ask(interview)

    assert live.end_frame is not None
    assert live.end_frame["type"] == "turn.failed"
    assert len(await read_rows()) == 1


async def test_stopped_answer_lets_the_next_one_try_a_half_open_breaker(
    interview: Interview,
    simulator: Running,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(settings.MODEL_CALLS, "breaker_open_seconds", 0)
    breaker = Breaker("anthropic", CHOSEN)
    for _ in range(5):
        breaker.note_failure()
    assert breaker.read_state() == "half_open"
    order(simulator, {"fault": "stall", "seconds": 20, "after": 2})
    live = await begin(interview)
    async with asyncio.timeout(15):
        await live.started.wait()
    live.stop()
    await end(live)

    live = await ask(interview, "And then?")

    assert live.start_frame is not None
    assert live.start_frame["fallback_from"] is None


async def test_open_breaker_asks_the_other_model_without_a_try(
    interview: Interview,
) -> None:
    breaker = Breaker("anthropic", CHOSEN)
    for _ in range(5):
        breaker.note_failure()

    live = await ask(interview)

    assert live.start_frame is not None
    assert live.start_frame["fallback_from"] == CHOSEN
    assert await read_rows() == [("anthropic", OTHER, "blue", "finished", "")]


async def test_open_breaker_without_another_model_is_told_with_its_wait(
    interview: Interview, settings: Settings
) -> None:
    settings.ASSISTANT_FALLBACK_MODELS = []
    breaker = Breaker("anthropic", CHOSEN)
    for _ in range(5):
        breaker.note_failure()

    live = await ask(interview)

    assert live.end_frame is not None
    assert live.end_frame["code"] == "overloaded_error"
    assert 50 < live.end_frame["retry_after"] <= 60
    assert await read_rows() == []
    assert (await Reservation.objects.aget()).state == "released"


async def test_failures_of_several_questions_open_the_breaker(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ASSISTANT_FALLBACK_MODELS = []
    order(simulator, *["529"] * 5)

    await ask(interview)
    await ask(interview, "Once more")
    await ask(interview, "And again")

    assert Breaker("anthropic", CHOSEN).read_state() == "open"
    assert len(await read_rows()) == 5


async def test_gateway_answers_under_its_own_name_and_key(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ASSISTANT_GATEWAYS = [f"open={simulator.url}"]
    settings.ASSISTANT_GATEWAY_KEYS = "open=ok-1"
    settings.ASSISTANT_FALLBACK_MODELS = [f"open:{OTHER}"]
    order(simulator, "401")

    live = await ask(interview)

    assert live.start_frame is not None
    assert live.start_frame["fallback_from"] == CHOSEN
    (event,) = await read_events("turn.fallback")
    assert event["provider"] == "open"
    rows = await read_rows()
    assert [row[:2] for row in rows] == [("anthropic", CHOSEN), ("open", OTHER)]
    assert rows[1][2].startswith("open-")


async def test_gateway_without_a_key_is_left_out(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ASSISTANT_GATEWAYS = [f"open={simulator.url}"]
    settings.ASSISTANT_FALLBACK_MODELS = ["open:whatever"]
    order(simulator, "401")

    live = await ask(interview)

    assert live.end_frame is not None
    assert live.end_frame["code"] == "authentication_error"


async def test_time_of_the_tries_is_given_back(
    interview: Interview,
    simulator: Running,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(settings.MODEL_CALLS, "first_token_seconds", 1.5)
    settings.LIMITS = {**settings.LIMITS, "credit_least_seconds": 0}
    order(simulator, {"fault": "slow", "seconds": 30})

    await ask(interview)

    fault = await interview.faults.aget()
    turn = await Turn.objects.aget()
    assert (fault.cause, fault.key) == ("model", f"turn:{turn.pk}:tries")


async def test_thinking_that_is_not_accepted_is_left_out_and_asked_again(
    interview: Interview, simulator: Running
) -> None:
    forged = {"type": "thinking", "thinking": "Hm.", "signature": "of another account"}
    request = ChatRequest(
        system=[{"type": "text", "text": "Help."}],
        messages=[
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": [forged, {"type": "text", "text": "Yes"}]},
            {"role": "user", "content": "And?"},
        ],
        max_tokens=500,
        reference="conversation-1",
    )

    parts = [part async for part in stream_answer([read_configuration()], request)]

    kinds = [type(part) for part in parts]
    assert kinds[:4] == [TryBegun, TryFailed, TryBegun, AnswerStarted]
    assert parts[-1] == AnswerEnded("end_turn")
    sent = simulator.app.recent_requests()[-1]["body"]["messages"]
    assert sent[1]["content"] == [{"type": "text", "text": "Yes"}]
