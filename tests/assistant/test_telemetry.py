"""What ops see of answers: counts, times, a line in the log, keys and breakers."""

import logging
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client
from prometheus_client import REGISTRY
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.models import Message
from assistant.providers.breaker import Breaker
from assistant.providers.key_health import rest_key
from assistant.services.endings import TurnOutcome
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from assistant.turns.telemetry import AnswerClock
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.turns import answer
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "claude-sonnet-5-5"


@pytest.fixture
def interview(
    db: None, settings: Settings, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> Interview:
    """An interview whose answers come from the simulator as from the provider."""
    cache.clear()
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_BASE_URL = simulator.url
    settings.ANTHROPIC_API_KEYS = "blue=sk-1"
    settings.ANTHROPIC_MODEL = MODEL
    settings.ASSISTANT_FALLBACK_MODELS = []
    monkeypatch.setitem(settings.MODEL_CALLS, "first_wait_seconds", 0.01)
    monkeypatch.setitem(settings.MODEL_CALLS, "jitter_seconds", 0.01)
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def read(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"interviewlm_{name}", labels) or 0.0


async def test_answer_is_counted_timed_and_has_a_line_without_its_words(
    interview: Interview, caplog: pytest.LogCaptureFixture
) -> None:
    ended = {
        "state": "finished",
        "end": "end_turn",
        "model": MODEL,
        "simulated": "no",
    }
    before = read("turns_total", **ended)
    first = read("turn_first_text_seconds_count", model=MODEL)
    caplog.set_level(logging.INFO, "assistant.turns.telemetry")
    turn = await answer(interview, "A secret question")

    assert read("turns_total", **ended) == before + 1
    assert read("turn_first_text_seconds_count", model=MODEL) == first + 1
    assert read("live_turns") == 0
    (record,) = [
        record
        for record in caplog.records
        if record.name == "assistant.turns.telemetry"
    ]
    assert str(turn.pk) in record.getMessage()
    assert "finished (end_turn)" in record.getMessage()
    said = await Message.objects.aget(turn=turn, role="assistant")
    facts = vars(record)["facts"]
    assert facts.pop("duration_ms") >= facts.pop("longest_gap_ms")
    assert facts == {
        "turn": str(turn.pk),
        "state": "finished",
        "end": "end_turn",
        "model": MODEL,
        "simulated": False,
        "request_id": said.request_id,
        "first_text_ms": said.first_token_ms,
        "characters": len(said.text),
    }
    assert said.request_id


def test_gaps_are_of_the_models_text_and_not_of_its_tools() -> None:
    clock = AnswerClock()
    outcome = TurnOutcome(state="finished", text="x", model="m-gaps", first_token_ms=1)
    for at in (1.0, 1.25, 2.0):
        clock.note_text(at)
    clock.begin_call()
    for at in (60.0, 60.5):
        clock.note_text(at)

    clock.tell_end(uuid4(), outcome)

    assert read("turn_longest_gap_seconds_sum", model="m-gaps") == 0.75
    assert read("turn_mean_gap_seconds_sum", model="m-gaps") == 0.5


async def test_try_that_failed_is_counted_by_its_code(
    interview: Interview, simulator: Running
) -> None:
    labels = {"provider": "anthropic", "model": MODEL, "code": "overloaded_error"}
    before = read("model_failed_tries_total", **labels)
    simulator.app.faults.order(FaultOrder.model_validate({"next": [{"fault": "529"}]}))
    await answer(interview)
    assert read("model_failed_tries_total", **labels) == before + 1


async def test_breakers_and_keys_at_rest_are_told(
    interview: Interview, client: Client
) -> None:
    target = await sync_to_async(read_configuration)()
    scrape = sync_to_async(client.get)
    text = (await scrape("/metrics")).content.decode()
    breaker = f'interviewlm_breaker_state{{model="{MODEL}",provider="anthropic"}}'
    assert f"{breaker} 0.0" in text
    for _ in range(5):
        await sync_to_async(Breaker("anthropic", MODEL).note_failure)()
    await sync_to_async(rest_key)(target, "rate_limit_error", 30)
    text = (await scrape("/metrics")).content.decode()
    assert f"{breaker} 2.0" in text
    assert 'code="rate_limit_error",key="blue"' in text
    assert "sk-1" not in text


async def test_calls_are_counted_by_status_and_a_repeat_as_such(
    interview: Interview, simulator: Running
) -> None:
    names = {"provider": "anthropic", "model": MODEL}
    failed = {**names, "status": "529", "code": "overloaded_error", "simulated": "no"}
    well = {**names, "status": "200", "code": "", "simulated": "no"}
    figures = [
        ("model_calls_total", failed),
        ("model_calls_total", well),
        ("model_retries_total", names),
        ("model_call_seconds_count", names),
        ("model_first_byte_seconds_count", names),
    ]
    before = [read(name, **labels) for name, labels in figures]
    sent = read("model_bytes_total", **names, direction="out")
    simulator.app.faults.order(FaultOrder.model_validate({"next": [{"fault": "529"}]}))

    await answer(interview)

    after = [read(name, **labels) for name, labels in figures]
    grown = [now - then for now, then in zip(after, before, strict=True)]
    assert grown == [1, 1, 1, 2, 2]
    assert read("model_bytes_total", **names, direction="out") > sent


async def test_second_call_finds_a_connection_in_the_pool(interview: Interview) -> None:
    opened = read("model_connections_total", state="new")
    reused = read("model_connections_total", state="reused")

    await answer(interview)
    await answer(interview)

    assert read("model_connections_total", state="new") == opened + 1
    assert read("model_connections_total", state="reused") == reused + 1


async def test_gateways_have_their_breakers_and_keys_told(
    interview: Interview, client: Client, settings: Settings
) -> None:
    settings.ASSISTANT_GATEWAYS = ["open=http://127.0.0.1:9"]
    settings.ASSISTANT_GATEWAY_KEYS = "open=ok-1"
    settings.ASSISTANT_FALLBACK_MODELS = ["open:some-model"]

    text = (await sync_to_async(client.get)("/metrics")).content.decode()

    assert 'interviewlm_breaker_state{model="some-model",provider="open"} 0.0' in text
    assert 'key="open-' in text
    assert "ok-1" not in text
