"""The audit of calls: a row for each request that went out, and nobody's words."""

import json

import pytest
from asgiref.sync import sync_to_async
from django.core import serializers
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.models import ContextRequest, ModelCall
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from base.immutable import ImmutableError
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.turns import answer, begin, end, use
from tests.factories.assistant import ModelCallFactory
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.fakes.model import BEGUN, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

CHOSEN, OTHER = "claude-sonnet-5-5", "claude-haiku-5-5"


@pytest.fixture
def interview(
    settings: Settings, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> Interview:
    """An interview whose answers come from the simulator as from the provider."""
    cache.clear()
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_BASE_URL = simulator.url
    settings.ANTHROPIC_API_KEYS = "blue=sk-1"
    settings.ANTHROPIC_MODEL = CHOSEN
    settings.ASSISTANT_FALLBACK_MODELS = []
    monkeypatch.setitem(settings.MODEL_CALLS, "first_wait_seconds", 0.01)
    monkeypatch.setitem(settings.MODEL_CALLS, "jitter_seconds", 0.01)
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def order(simulator: Running, *faults: object) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


@sync_to_async
def read_calls() -> list[ModelCall]:
    return list(ModelCall.objects.order_by("pk").select_related("usage", "sent"))


async def test_call_that_went_well_is_told_whole(interview: Interview) -> None:
    turn = await answer(interview, "A secret question")

    (call,) = await read_calls()
    assert (call.organisation_id, call.interview_id, call.turn_id) == (
        interview.organisation_id,
        interview.pk,
        turn.pk,
    )
    assert (call.purpose, call.provider, call.key_label) == (
        "chat",
        "anthropic",
        "blue",
    )
    assert (call.asked, call.answered, call.fallback_from) == (CHOSEN, CHOSEN, "")
    assert (call.status, call.error_code, call.stop_reason) == (200, "", "end_turn")
    assert (call.step, call.tries, call.is_simulated) == (0, 1, False)
    assert call.request_id.startswith("req_")
    assert call.first_byte_ms is not None
    assert call.first_token_ms is not None
    assert call.duration_ms is not None
    assert call.first_byte_ms <= call.first_token_ms <= call.duration_ms
    assert call.bytes_out > 100
    assert call.bytes_in > 100
    assert call.usage == await Usage.objects.aget()
    assert call.sent == await ContextRequest.objects.aget(turn=turn)


async def test_call_holds_neither_words_nor_keys(interview: Interview) -> None:
    await answer(interview, "A secret question")

    (call,) = await read_calls()
    held = json.dumps(serializers.serialize("json", [call]))
    assert "secret" not in held
    assert "sk-1" not in held


async def test_every_failed_try_is_told(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, "529", "500")

    await answer(interview)

    calls = await read_calls()
    assert [(c.status, c.error_code, c.tries, c.step) for c in calls] == [
        (529, "overloaded_error", 1, 0),
        (500, "api_error", 2, 0),
        (200, "", 3, 0),
    ]
    assert len({call.usage_id for call in calls}) == 3
    assert all(call.bytes_out and call.bytes_in for call in calls)
    assert calls[0].first_token_ms is None


async def test_call_in_the_place_of_another_names_both(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ASSISTANT_FALLBACK_MODELS = [OTHER]
    order(simulator, "404")

    await answer(interview)

    first, second = await read_calls()
    assert (first.asked, first.answered, first.status) == (CHOSEN, "", 404)
    assert (second.asked, second.fallback_from, second.tries) == (OTHER, CHOSEN, 1)


async def test_failure_in_the_middle_is_told_with_what_had_come(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, {"fault": "overloaded", "after": 2})

    await answer(interview)

    (call,) = await read_calls()
    assert (call.status, call.error_code) == (200, "overloaded_error")
    assert call.first_token_ms is not None
    assert call.answered == CHOSEN


async def test_stopped_call_is_nobodys_failure(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel(BEGUN))
    model.hangs = True
    live = await begin(interview)
    await model.has_said_all.wait()
    live.stop()
    await end(live)

    (call,) = await read_calls()
    assert (call.stop_reason, call.error_code) == ("stopped", "")


def test_rows_are_never_changed() -> None:
    call = ModelCallFactory.create()
    call.error_code = "other"

    with pytest.raises(ImmutableError):
        call.save()
    with pytest.raises(ImmutableError):
        ModelCall.objects.update(error_code="other")
    with pytest.raises(ImmutableError):
        call.delete()


def test_rows_go_with_their_interview() -> None:
    call = ModelCallFactory.create()

    call.interview.delete()

    assert not ModelCall.objects.exists()


def test_owner_finds_a_call_by_its_request_and_sees_what_was_sent(
    people: People, client: Client, settings: Settings, simulator: Running
) -> None:
    client.force_login(people.owner)
    call = ModelCallFactory.create(
        interview__organisation=people.organisation, request_id="req_17"
    )
    ModelCallFactory.create(interview__organisation=people.organisation)

    page = client.get(reverse("admin:assistant_modelcall_changelist"), {"q": "req_17"})
    detail = client.get(reverse("admin:assistant_modelcall_change", args=[call.pk]))

    assert [row.pk for row in page.context["cl"].result_list] == [call.pk]
    assert "req_17" in detail.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_at_any_length(
    people: People,
    client: Client,
    django_assert_max_num_queries: object,
    count: int,
) -> None:
    client.force_login(people.owner)
    for _ in range(count):
        ModelCallFactory.create(interview__organisation=people.organisation)

    with django_assert_max_num_queries(20):  # type: ignore[operator]
        client.get(reverse("admin:assistant_modelcall_changelist"))
