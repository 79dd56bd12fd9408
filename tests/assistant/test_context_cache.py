"""Against the provider's side of the wire: what is sent, and what its cache saves."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from prometheus_client import REGISTRY
from pytest_django import Settings

from assistant.context.caching import read_cache_uses
from assistant.context.store import rebuild_request
from assistant.context.texts import CUT_OFF, UNANSWERED
from assistant.enums import TurnState
from assistant.models import (
    ContextEpoch,
    ContextRequest,
    Message,
    ModelCall,
    ModelChoice,
    Prompt,
    Turn,
)
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import ask
from assistant.simulator.faults import FaultOrder
from assistant.turns.registry import start_turn
from base.text import content_hash
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Candidate, Document, Interview
from tests.assistant.conftest import Running
from tests.assistant.turns import end
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)

LINES = [f"value_{number} = compute({number})" for number in range(60)]


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    store(made, LINES)
    return made


def path_in(interview: Interview) -> str:
    section = interview.assessment_version.sections.first()
    assert section is not None
    return f"{section.folder}/solution.py"


def store(interview: Interview, lines: list[str]) -> None:
    text = "\n".join(lines)
    Document.objects.update_or_create(
        interview=interview,
        path=path_in(interview),
        defaults={"text": text, "hash": content_hash(text)},
    )


def edited(number: int) -> list[str]:
    return [*LINES[:number], f"value_{number} = None", *LINES[number + 1 :]]


async def answered(interview: Interview, number: int, lines: list[str]) -> Turn:
    """Edit, ask, and wait for the answer."""
    await sync_to_async(store)(interview, lines)
    turn, _is_new = await sync_to_async(ask)(
        interview.pk,
        client_id=f"question-{number}",
        text=f"What about value {number}?",
        files=[await sync_to_async(path_in)(interview)],
    )
    return await end(start_turn(turn.pk))


@sync_to_async
def usage_of(turn: Turn) -> Usage:
    usage = Message.objects.select_related("usage").get(turn=turn, role="assistant")
    assert usage.usage is not None
    return usage.usage


def bodies(simulator: Running) -> list[Mapping[str, Any]]:
    return [
        entry.body
        for entry in simulator.app.log
        if entry.path == "/v1/messages" and entry.body is not None
    ]


def order(simulator: Running, *faults: object) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


def read_counter() -> float:
    name = "interviewlm_assistant_input_tokens_total"
    return REGISTRY.get_sample_value(name, {"kind": "read"}) or 0


def prompt_tokens(usage: Usage) -> int:
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_1h_tokens


async def test_later_questions_read_nine_tenths_of_the_prefix_from_the_cache(
    interview: Interview,
) -> None:
    counted = read_counter()
    turns = [await answered(interview, n, edited(n)) for n in range(5)]

    usages = [await usage_of(turn) for turn in turns]
    assert [turn.state for turn in turns] == [TurnState.FINISHED] * 5
    assert usages[0].cache_write_1h_tokens > 0
    for before, usage in pairwise(usages):
        assert usage.cache_read_tokens >= 0.9 * prompt_tokens(before)
        assert usage.cache_write_5m_tokens == 0
    (use,) = (await sync_to_async(read_cache_uses)(interview)).values()
    assert use.read == sum(usage.cache_read_tokens for usage in usages)
    assert use.written == sum(usage.cache_write_1h_tokens for usage in usages)
    assert use.percent is not None
    assert use.percent > 60
    assert read_counter() - counted == use.read


async def test_what_was_sent_is_what_is_rebuilt(
    interview: Interview, simulator: Running
) -> None:
    turns = [await answered(interview, n, edited(n)) for n in range(3)]

    sent = bodies(simulator)
    rebuilt = [await sync_to_async(rebuild_request)(turn) for turn in turns]
    for name in ("model", "system", "messages", "max_tokens"):
        assert [body[name] for body in sent] == [kept[name] for kept in rebuilt]


async def test_provider_is_told_of_nobody_but_by_an_opaque_id(
    interview: Interview, simulator: Running
) -> None:
    turn = await answered(interview, 0, edited(0))

    (body,) = bodies(simulator)
    assert body["metadata"] == {"user_id": str(turn.conversation_id)}
    candidate = await Candidate.objects.aget(pk=interview.candidate_id)
    sent = str(body)
    assert candidate.name not in sent
    assert candidate.email not in sent


async def test_thinking_is_sent_back_as_it_came(
    interview: Interview, simulator: Running
) -> None:
    for number in range(2):
        await answered(interview, number, LINES)

    said = bodies(simulator)[-1]["messages"][1]
    assert [block["type"] for block in said["content"]] == ["thinking", "text"]
    assert said["content"][0]["signature"].startswith("sim1.")


async def test_failed_question_costs_nothing_of_the_cache(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.MODEL_CALLS = {**settings.MODEL_CALLS, "tries": 1}
    first = await answered(interview, 0, LINES)
    order(simulator, "529")
    failed = await answered(interview, 1, edited(1))
    third = await answered(interview, 2, edited(2))

    assert failed.state == TurnState.FAILED
    before, after = await usage_of(first), await usage_of(third)
    assert after.cache_read_tokens >= 0.9 * prompt_tokens(before)
    messages = bodies(simulator)[-1]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert UNANSWERED in [block["text"] for block in messages[-1]["content"]]


async def test_answer_that_broke_off_is_sent_back_as_such(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, {"fault": "drop", "after": 9})
    failed = await answered(interview, 0, LINES)
    await answered(interview, 1, LINES)

    said = await Message.objects.aget(turn=failed, role="assistant")
    messages = bodies(simulator)[-1]["messages"]
    assert messages[1]["content"] == [{"type": "text", "text": said.text}]
    assert CUT_OFF in [block["text"] for block in messages[2]["content"]]


@pytest.mark.parametrize(
    ("faults", "state"),
    [(["400", "400"], TurnState.FAILED), (["400"], TurnState.FINISHED)],
    ids=["for good", "then answered without thinking"],
)
async def test_question_the_provider_refuses_for_its_form_begins_an_epoch(
    interview: Interview, simulator: Running, faults: list[str], state: str
) -> None:
    await answered(interview, 0, LINES)
    order(simulator, *faults)
    second = await answered(interview, 1, LINES)
    third = await answered(interview, 2, LINES)

    reasons = [epoch.reason async for epoch in ContextEpoch.objects.all()]
    assert second.state == state
    assert reasons == ["first", "refused"]
    assert third.state == TurnState.FINISHED
    assert "thinking" not in str(bodies(simulator)[-1]["messages"])


async def test_full_epoch_is_counted_then_begun_anew(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    await answered(interview, 0, LINES)
    settings.LIMITS = {**settings.LIMITS, "epoch_tokens": 500}
    second = await answered(interview, 1, LINES)

    paths = [entry.path for entry in simulator.app.log]
    assert paths.count("/v1/messages/count_tokens") == 1
    assert second.state == TurnState.FINISHED
    epochs = [epoch async for epoch in ContextEpoch.objects.all()]
    assert [(epoch.reason, epoch.kept) for epoch in epochs] == [
        ("first", 0),
        ("size", 2),
    ]
    told = str(bodies(simulator)[-1]["messages"])
    assert "What about value 0?" in told
    assert "<file path=" in told
    assert "'thinking'" not in told


async def test_conversation_too_long_for_the_model_is_sent_shorter_at_once(
    interview: Interview, simulator: Running
) -> None:
    await answered(interview, 0, LINES)
    order(simulator, "too_long")
    second = await answered(interview, 1, LINES)
    third = await answered(interview, 2, LINES)

    assert second.state == third.state == TurnState.FINISHED
    epochs = [epoch async for epoch in ContextEpoch.objects.all()]
    assert [(epoch.reason, epoch.kept) for epoch in epochs] == [
        ("first", 0),
        ("size", 2),
    ]
    sent = ContextRequest.objects.filter(turn=second).order_by("step")
    assert [each.epoch_id async for each in sent] == [epoch.pk for epoch in epochs]
    calls = ModelCall.objects.filter(turn=second).order_by("pk")
    assert [(each.step, each.error_code) async for each in calls] == [
        (0, "context_exceeded"),
        (1, ""),
    ]


async def test_question_too_long_by_itself_is_refused_in_words(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, "too_long")
    failed = await answered(interview, 0, LINES)

    assert failed.state == TurnState.FAILED
    assert failed.error_code == "context_exceeded"


async def test_tokens_are_not_counted_while_there_is_room(
    interview: Interview, simulator: Running
) -> None:
    for number in range(2):
        await answered(interview, number, LINES)

    assert "/v1/messages/count_tokens" not in {e.path for e in simulator.app.log}


async def test_new_wording_of_the_prompt_begins_an_epoch(interview: Interview) -> None:
    await answered(interview, 0, LINES)
    await sync_to_async(_reword)()
    await answered(interview, 1, LINES)

    reasons = [epoch.reason async for epoch in ContextEpoch.objects.all()]
    assert reasons == ["first", "system"]


def _reword() -> None:
    prompt = Prompt.objects.get(purpose="chat")
    prompt.active = prompt.versions.create(
        number=99, text="Be brief. <policy>pair</policy>"
    )
    prompt.save()


async def test_other_model_begins_an_epoch(interview: Interview) -> None:
    await answered(interview, 0, LINES)
    await ModelChoice.objects.aupdate(model="claude-haiku-5-5")
    await answered(interview, 1, LINES)

    epochs = [epoch async for epoch in ContextEpoch.objects.all()]
    assert [(epoch.reason, epoch.model) for epoch in epochs] == [
        ("first", "claude-sonnet-5-5"),
        ("model", "claude-haiku-5-5"),
    ]
