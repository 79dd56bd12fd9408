"""Tools over the real wire: split input, calls gone wrong, what the cache saves."""

from itertools import pairwise
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.catalogue import shipped_facts
from assistant.context.caching import read_cache_uses
from assistant.enums import ToolCallState, TurnState
from assistant.models import ContextEpoch, Message, ToolCall, Turn
from assistant.services.catalogue import add_version
from assistant.services.turns import ask
from assistant.simulator.faults import FaultOrder
from assistant.turns.registry import start_turn
from billing.models import Usage
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.toolbox import awrite, make_interview
from tests.assistant.turns import acheck_sums, end

pytestmark = pytest.mark.django_db(transaction=True)

CODE = "def add(a, b):\n    return a - b\n"


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    return make_interview()


def order(simulator: Running, *faults: Any) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


async def asked(interview: Interview, text: str, code: str = CODE) -> Turn:
    path = await awrite(interview, "solution.py", code)
    number = await Turn.objects.acount()
    turn, _is_new = await sync_to_async(ask)(
        interview.pk, client_id=f"question-{number}", text=text, files=[path]
    )
    return await end(start_turn(turn.pk))


async def answer_of(turn: Turn) -> Message:
    return await Message.objects.aget(turn=turn, role="assistant")


async def made(turn: Turn) -> list[tuple[str, str]]:
    calls = ToolCall.objects.filter(turn=turn).order_by("step", "number")
    return [(call.name, call.state) async for call in calls]


async def test_gateway_that_refuses_newer_fields_of_tools_gets_none_of_them(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, *["plain_tools"] * 3)

    refused = await asked(interview, "Please search the files for `return`")
    assert (refused.state, await made(refused)) == (TurnState.FAILED, [])

    facts = shipped_facts("claude-sonnet-5-5")
    plain = facts.model_copy(update={"strict_tools": False, "eager_tools": False})
    await sync_to_async(add_version)(plain)
    turn = await asked(interview, "Now search the files for `return`")
    assert await made(turn) == [("search", ToolCallState.DONE)]
    assert "Simulated" in (await answer_of(turn)).text
    body = simulator.app.log[-1].body
    assert body is not None
    assert {*body["tools"][0]} == {"name", "description", "input_schema"}
    await acheck_sums()


@pytest.mark.parametrize("fault", ["ok", "split", "unknown"])
async def test_call_arrives_whole_however_it_was_cut(
    interview: Interview, simulator: Running, fault: str
) -> None:
    order(simulator, fault, "ok")

    turn = await asked(interview, "Please search the files for `return`")

    assert await made(turn) == [("search", ToolCallState.DONE)]
    call = await ToolCall.objects.aget(turn=turn)
    assert call.input["text"] == "return"
    assert "Simulated" in (await answer_of(turn)).text
    await acheck_sums()


@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        ("tool_cut", [("search", ToolCallState.FAILED)]),
        ("tool_wrong", [("search", ToolCallState.FAILED)]),
        (
            "tool_unknown",
            [
                ("delete_everything", ToolCallState.FAILED),
                ("search", ToolCallState.DONE),
            ],
        ),
        ("tool_max_tokens", []),
    ],
)
async def test_call_gone_wrong_is_answered_and_billed(
    interview: Interview,
    simulator: Running,
    fault: str,
    calls: list[tuple[str, str]],
) -> None:
    order(simulator, fault, "ok")

    turn = await asked(interview, "Please search the files for `return`")

    assert turn.state == TurnState.FINISHED
    assert await made(turn) == calls
    rows = [row async for row in Usage.objects.filter(labels__turn=str(turn.pk))]
    assert len(rows) == 1 + len(calls)
    assert all(row.cost_usd is not None for row in rows)
    again = await asked(interview, "What now?")
    assert again.state == TurnState.FINISHED
    await acheck_sums()


@pytest.mark.parametrize(
    ("faults", "state"),
    [
        ([{"fault": "drop", "after": 1}, "ok"], TurnState.FINISHED),
        (["ok", {"fault": "drop", "after": 1}], TurnState.FAILED),
        (["ok", "refusal"], TurnState.FINISHED),
        (["ok", {"fault": "pause_turn", "after": 2}, "ok"], TurnState.FINISHED),
        (["ok", "500", "ok"], TurnState.FINISHED),
    ],
    ids=["in the call", "after the tool", "refused", "paused", "once more"],
)
async def test_provider_that_fails_between_tools_leaves_a_valid_context(
    interview: Interview,
    simulator: Running,
    faults: list[Any],
    state: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(settings.MODEL_CALLS, "tries", 2)
    monkeypatch.setitem(settings.MODEL_CALLS, "first_wait_seconds", 0.01)
    order(simulator, *faults)

    turn = await asked(interview, "Please search the files for `return`")
    simulator.app.faults.clear()
    again = await asked(interview, "What now?")

    assert turn.state == state
    assert again.state == TurnState.FINISHED
    await acheck_sums()


async def test_prefix_with_tools_is_read_from_the_cache(
    interview: Interview, simulator: Running
) -> None:
    for number in range(3):
        code = f"{CODE}# {number}\n"
        turn = await asked(interview, f"Search for `return` please ({number})", code)
        assert await made(turn) == [("search", ToolCallState.DONE)]

    rows = [row async for row in Usage.objects.filter(purpose="chat").order_by("at")]
    assert len(rows) == 6
    for before, usage in pairwise(rows):
        prompt = (
            before.input_tokens
            + before.cache_read_tokens
            + before.cache_write_1h_tokens
        )
        assert usage.cache_read_tokens >= 0.9 * prompt
    assert await ContextEpoch.objects.acount() == 1
    (use,) = (await sync_to_async(read_cache_uses)(interview)).values()
    assert use.read == sum(row.cache_read_tokens for row in rows)


async def test_simulator_proposes_a_change_where_one_is_asked_for(
    interview: Interview, simulator: Running
) -> None:
    turn = await asked(interview, "Please propose an edit of the function")

    assert await made(turn) == [("propose_edit", ToolCallState.DONE)]
    answer = await answer_of(turn)
    assert answer.stop_reason == "parked"
    assert turn.state == TurnState.FINISHED
