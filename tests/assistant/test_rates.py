"""Rate limits slow us before the provider must refuse; a conversation keeps its key."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from assistant.configuration import Configuration
from assistant.models import ModelCall
from assistant.providers.key_health import (
    choose_key,
    note_limits,
    read_limits,
    rest_key,
    take_slot,
)
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from assistant.turns.live import LiveTurn
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.turns import begin, end
from tests.factories.interviews import InterviewFactory

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CHOSEN, OTHER = "claude-sonnet-5-5", "claude-haiku-5-5"
BLUE = Configuration("http://x", "sk-1", "m-1", is_simulated=False)


def limits(left: int, seconds: float = 20, what: str = "requests") -> dict[str, str]:
    prefix = f"anthropic-ratelimit-{what}"
    return {
        f"{prefix}-limit": "100",
        f"{prefix}-remaining": str(left),
        f"{prefix}-reset": (START + timedelta(seconds=seconds)).isoformat(),
    }


@pytest.fixture(autouse=True)
def _provider(
    settings: Settings, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulator in the place of the real provider, with two keys; waits are short."""
    cache.clear()
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_BASE_URL = simulator.url
    settings.ANTHROPIC_API_KEYS = "blue=sk-1,green=sk-2"
    settings.ANTHROPIC_MODEL = CHOSEN
    settings.ASSISTANT_FALLBACK_MODELS = []


def chosen(prefer: str = "", model: str = "m-1") -> str:
    aimed = Configuration("http://x", "sk-1", model, is_simulated=False)
    target = choose_key(aimed, prefer=prefer).target
    assert target is not None
    return target.key_label


@time_machine.travel(START, tick=False)
def test_what_is_left_is_kept_for_each_key_and_model_until_its_reset() -> None:
    note_limits(BLUE, limits(5) | limits(60, 40, "input-tokens"))

    assert [(each.what, each.left, each.seconds) for each in read_limits(BLUE)] == [
        ("requests", 5, 20),
        ("input-tokens", 60, 40),
    ]
    other = Configuration("http://x", "sk-1", "m-2", is_simulated=False)
    assert read_limits(other) == []
    with time_machine.travel(START + timedelta(seconds=30), tick=False):
        assert [each.what for each in read_limits(BLUE)] == ["input-tokens"]


@pytest.mark.parametrize("label", ["blue", "green"])
@time_machine.travel(START, tick=False)
def test_named_key_goes_first_whoevers_hour_it_is(label: str) -> None:
    assert chosen(label) == label
    with time_machine.travel(START + timedelta(hours=1), tick=False):
        assert chosen(label) == label


@time_machine.travel(START, tick=False)
def test_named_key_that_rests_gives_way() -> None:
    rest_key(BLUE, "rate_limit_error", 9)
    assert chosen("blue") == "green"


@pytest.mark.parametrize(
    ("left", "label"), [(9, "blue"), (2, "green")], ids=["short wait", "long wait"]
)
@time_machine.travel(START, tick=False)
def test_other_key_is_used_rather_than_wait_for_long(left: int, label: str) -> None:
    note_limits(BLUE, limits(left, 15))

    assert chosen("blue") == label


@time_machine.travel(START, tick=False)
def test_calls_at_once_are_held_back_one_behind_the_other() -> None:
    waits = [take_slot(BLUE, 2.0) for _ in range(5)]

    assert waits == [2, 4, 6, 8, 8]
    assert take_slot(BLUE, 0) == 0


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def order(simulator: Running, *faults: object) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


async def ask(interview: Interview) -> LiveTurn:
    live = await begin(interview)
    await end(live)
    return live


@sync_to_async
def read_calls() -> list[tuple[Any, ...]]:
    rows = ModelCall.objects.order_by("pk")
    return list(rows.values_list("asked", "key_label", "status"))


async def test_key_whose_limit_is_used_up_is_spared_before_it_must_refuse(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, {"fault": "scarce", "left": 0})

    await ask(interview)
    await ask(interview)

    calls = await read_calls()
    assert {call[1] for call in calls} == {"blue", "green"}
    assert {call[2] for call in calls} == {200}


async def test_model_whose_limit_is_used_up_gives_way_to_another(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ANTHROPIC_API_KEYS = "blue=sk-1"
    settings.ASSISTANT_FALLBACK_MODELS = [OTHER]
    order(simulator, {"fault": "scarce", "left": 0})

    await ask(interview)
    live = await ask(interview)

    assert await read_calls() == [(CHOSEN, "blue", 200), (OTHER, "blue", 200)]
    assert live.start_frame is not None
    assert live.start_frame["fallback_from"] == CHOSEN


async def test_call_waits_within_bounds_where_nobody_else_can_answer(
    interview: Interview,
    simulator: Running,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.ANTHROPIC_API_KEYS = "blue=sk-1"
    monkeypatch.setitem(settings.MODEL_CALLS, "longest_wait_seconds", 0.05)
    order(simulator, {"fault": "scarce", "left": 0})

    await ask(interview)
    await ask(interview)

    assert await read_calls() == [(CHOSEN, "blue", 200)] * 2


async def test_conversation_keeps_its_key_when_the_turn_of_another_comes(
    interview: Interview, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await sync_to_async(InterviewFactory.create)(state=InterviewState.ACTIVE)
    # Periods so long that it is an even one now, then an odd one.
    since = datetime.now(UTC).timestamp()
    monkeypatch.setitem(settings.MODEL_CALLS, "key_rotation_seconds", since / 2.5)
    await ask(interview)
    monkeypatch.setitem(settings.MODEL_CALLS, "key_rotation_seconds", since / 1.5)

    await ask(other)
    await ask(interview)

    assert [call[1] for call in await read_calls()] == ["blue", "green", "blue"]


async def test_conversation_stays_where_it_went(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, {"fault": "429", "retry_after": 40})

    await ask(interview)
    await sync_to_async(cache.clear)()
    await ask(interview)

    refused, first, second = [call[1] for call in await read_calls()]
    assert refused != first
    assert second == first


@pytest.mark.django_db
def test_what_is_left_is_told_to_prometheus(client: Client) -> None:
    with time_machine.travel(START, tick=False):
        aimed = Configuration("http://x", "sk-1", CHOSEN, is_simulated=False)
        note_limits(aimed, limits(25))
        text = client.get("/metrics").content.decode()

    (line,) = [
        each
        for each in text.splitlines()
        if each.startswith("interviewlm_rate_limit_left_ratio{")
    ]
    assert 'key="blue"' in line
    assert line.endswith(" 0.25")
