"""Whatever becomes of a call to a model, the ledger has it, once, and nothing is held."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.configuration import read_configuration
from assistant.enums import TurnState
from assistant.errors import BudgetSpentError, ProviderError, SpendingStoppedError
from assistant.models import Message, Turn
from assistant.providers.parts import (
    AnswerText,
    AnswerThought,
    TryBegun,
    TryFailed,
)
from assistant.scoring.judge import score_interview
from assistant.services.endings import TurnOutcome, end_turn, interrupt_dead_turns
from assistant.services.metering import reserve_turn
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import claim_turn, request_stop
from assistant.simulator.faults import FaultOrder
from assistant.turns.registry import stop_all
from base.clock import now
from billing.models import Reservation, Usage
from billing.services.stops import stop_spending
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.turns import acheck_sums, answer, begin, check_sums, end, use
from tests.factories.billing import BudgetFactory
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import ANSWER, BEGUN, OUTPUT_TOKENS, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

STALL = {"fault": "stall", "seconds": 20, "after": 5}
FREE, PAID, UNKNOWN = "free", "paid", "unknown"


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    return InterviewFactory.create(state=InterviewState.ACTIVE)


def order(simulator: Running, *faults: object) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


def kind_of(usage: Usage) -> tuple[str, str, str, bool]:
    """Outcome, error, what is known of the cost, and whether it is estimated."""
    if usage.cost_usd is None:
        assert usage.bound_usd > 0
        known = UNKNOWN
    else:
        known = PAID if usage.cost_usd else FREE
    return usage.outcome, usage.error_code, known, usage.is_estimated


@sync_to_async
def read_rows() -> list[tuple[str, str, str, bool]]:
    return [kind_of(usage) for usage in Usage.objects.order_by("pk")]


OVERLOADED = ("failed", "overloaded_error", FREE, False)


@pytest.mark.parametrize(
    ("faults", "rows"),
    [
        ([], [("finished", "", PAID, False)]),
        (["refusal"], [("refused", "", PAID, False)]),
        (["400"], [("failed", "invalid_request_error", FREE, False)]),
        (["529", "529"], [OVERLOADED, OVERLOADED, ("finished", "", PAID, False)]),
        (["529", "529", "529"], [OVERLOADED, OVERLOADED, OVERLOADED]),
        (
            [{"fault": "overloaded", "after": 9}],
            [("failed", "overloaded_error", PAID, True)],
        ),
        ([{"fault": "drop", "after": 9}], [("failed", "connection_error", PAID, True)]),
        (["no_stop"], [("failed", "incomplete_answer", PAID, True)]),
    ],
    ids=[
        "finished",
        "refused by the model",
        "refused before the stream",
        "overloaded twice, then fine",
        "overloaded for good",
        "error inside the stream",
        "connection lost inside the stream",
        "stream without an end",
    ],
)
async def test_each_request_of_a_turn_is_one_row(
    interview: Interview,
    simulator: Running,
    faults: list[Any],
    rows: list[Any],
) -> None:
    order(simulator, *faults)

    turn = await answer(interview, "Please write a long answer")

    assert await read_rows() == rows
    last = await Usage.objects.order_by("pk").alast()
    assert last is not None
    assert last.request_id
    assert last.is_simulated
    assert last.group == str(interview.assessment_version.assessment_id)
    assert last.labels["turn"] == str(turn.pk)
    message = await Message.objects.aget(role="assistant")
    assert message.usage_id == last.pk
    await acheck_sums()


async def test_stopped_answer_costs_its_prompt_and_what_arrived(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, STALL)
    live = await begin(interview, "Please write a long answer")
    async with asyncio.timeout(15):
        async for _delta in live.text.follow():
            break
    live.stop()
    await end(live)

    usage = await Usage.objects.aget()
    assert kind_of(usage) == ("stopped", "", PAID, True)
    assert usage.cache_write_1h_tokens + usage.cache_read_tokens > 0
    assert usage.output_tokens >= len(live.text.text) // 4
    assert "output_tokens_details" not in usage.raw
    await acheck_sums()


async def test_final_figures_of_a_stopped_turn_are_not_guessed_at(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = AnswerText("many words " * 400)
    model = use(monkeypatch, FakeModel([*BEGUN, words, *ANSWER[-2:]]))
    model.gate.clear()
    live = await begin(interview)
    await live.started.wait()
    # From another process, and too late: the answer is there before it is noticed.
    await sync_to_async(request_stop)(interview, live.id)
    model.gate.set()
    turn = await end(live)

    usage = await Usage.objects.aget()
    assert turn.state == TurnState.STOPPED
    assert kind_of(usage) == ("stopped", "", PAID, False)
    assert usage.output_tokens == OUTPUT_TOKENS


async def test_thinking_nobody_sees_counts_in_an_answer_that_was_cut_off(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel([*BEGUN, AnswerThought(3_500)]))
    model.hangs = True
    live = await begin(interview)
    await model.has_said_all.wait()
    live.stop()
    await end(live)

    usage = await Usage.objects.aget()
    assert usage.output_tokens == 1_001
    assert usage.is_estimated


async def test_stop_between_two_tries_costs_nothing_more(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = TryFailed("overloaded_error", "req_0", is_unbilled=True)
    model = use(monkeypatch, FakeModel([TryBegun(), refused]))
    model.hangs = True
    live = await begin(interview)
    await model.has_said_all.wait()
    live.stop()
    turn = await end(live)

    assert turn.state == TurnState.STOPPED
    assert await read_rows() == [OVERLOADED]
    reservation = await Reservation.objects.aget()
    assert reservation.state == "released"
    await acheck_sums()


async def test_stop_before_the_provider_answered_is_held_by_its_bound(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = use(monkeypatch, FakeModel([TryBegun()]))
    model.hangs = True
    live = await begin(interview)
    await model.has_said_all.wait()
    live.stop()
    await end(live)

    assert await read_rows() == [("stopped", "", UNKNOWN, False)]
    await acheck_sums()


async def test_timeouts_are_of_unknown_cost_every_one(
    interview: Interview,
    simulator: Running,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(settings.MODEL_CALLS, "first_token_seconds", 0.2)
    monkeypatch.setitem(settings.MODEL_CALLS, "first_wait_seconds", 0.01)
    order(simulator, *[{"fault": "slow", "seconds": 5}] * 3)

    await answer(interview)

    assert await read_rows() == [("timed_out", "timeout_error", UNKNOWN, False)] * 3
    await acheck_sums()


async def test_restart_of_the_server_keeps_what_arrived_and_its_cost(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, STALL)
    live = await begin(interview, "Please write a long answer")
    async with asyncio.timeout(15):
        async for _delta in live.text.follow():
            break
    await stop_all()

    assert await read_rows() == [("interrupted", "interrupted", PAID, True)]
    await acheck_sums()


def kill(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(heartbeat_at=now() - timedelta(minutes=1))


def queue(interview: Interview) -> Turn:
    return Turn.objects.create(
        conversation=interview.conversations.create(), client_id="client-1"
    )


def test_process_killed_before_the_provider_answered_is_of_unknown_cost(
    interview: Interview,
) -> None:
    turn = queue(interview)
    claim_turn(turn.pk, owner="web-1")
    reserve_turn(turn.pk, read_configuration(), input_tokens=999, output_tokens=999)
    kill(turn)

    assert interrupt_dead_turns() == 1
    assert interrupt_dead_turns() == 0

    usage = Usage.objects.get()
    assert kind_of(usage) == ("interrupted", "interrupted", UNKNOWN, False)
    check_sums()


def test_process_killed_before_it_reserved_leaves_no_row(interview: Interview) -> None:
    turn = queue(interview)
    kill(turn)

    assert interrupt_dead_turns() == 1
    assert not Usage.objects.exists()


@pytest.mark.parametrize(
    "state", [TurnState.STOPPED, TurnState.INTERRUPTED], ids=["stopped", "swept"]
)
def test_turn_that_is_over_reserves_nothing(interview: Interview, state: str) -> None:
    turn = queue(interview)
    Turn.objects.filter(pk=turn.pk).update(state=state)

    assert not reserve_turn(
        turn.pk, read_configuration(), input_tokens=999, output_tokens=999
    )
    assert not Reservation.objects.exists()


def test_ending_twice_bills_once(interview: Interview) -> None:
    turn = queue(interview)
    claim_turn(turn.pk, owner="web-1")
    reserve_turn(turn.pk, read_configuration(), input_tokens=999, output_tokens=999)
    outcome = TurnOutcome(
        state=TurnState.FINISHED, text="Yes.", usage={"input_tokens": 1}
    )

    assert end_turn(turn.pk, outcome) is not None
    assert end_turn(turn.pk, outcome) is None
    assert Usage.objects.count() == 1
    check_sums()


@pytest.mark.parametrize(
    ("fault", "row"),
    [
        ("ok", ("finished", "", PAID, False)),
        ("refusal", ("refused", "", PAID, False)),
        ("empty", ("finished", "", PAID, False)),
        ("400", ("failed", "invalid_request_error", FREE, False)),
        ("drop", ("failed", "connection_error", PAID, True)),
    ],
    ids=["finished", "refused", "garbled", "refused before it began", "lost"],
)
def test_each_call_to_the_judge_is_one_row(
    interview: Interview, simulator: Running, fault: str, row: tuple[Any, ...]
) -> None:
    order(simulator, fault)

    if fault == "ok":
        score_interview(interview)
    else:
        with pytest.raises(ProviderError):
            score_interview(interview)

    usage = Usage.objects.get(purpose="score")
    assert kind_of(usage) == row
    assert usage.reference == str(interview.pk)
    check_sums()


def limit_scores(interview: Interview, hard: Decimal) -> None:
    BudgetFactory.create(
        payer=str(interview.organisation_id),
        subject=str(interview.pk),
        purpose="score",
        soft_usd=None,
        hard_usd=hard,
    )


def test_judge_without_a_budget_tells_staff_the_figures(interview: Interview) -> None:
    limit_scores(interview, Decimal("0.001"))
    score_interview(interview)

    with pytest.raises(BudgetSpentError) as caught:
        score_interview(interview)

    assert "each interview, score" in str(caught.value.message)
    assert "of 0.00 US dollars" in str(caught.value.message)
    assert not caught.value.retryable
    check_sums()


def test_judge_under_the_kill_switch_tells_staff_what_to_do(
    interview: Interview,
) -> None:
    stop_spending("", reason="maintenance")

    with pytest.raises(SpendingStoppedError) as caught:
        score_interview(interview)

    assert "Allow it again" in str(caught.value.message)
    assert "your time" not in str(caught.value.message)


def test_usage_is_kept_as_received(interview: Interview, simulator: Running) -> None:
    score_interview(interview)

    usage = Usage.objects.get()
    assert usage.raw["input_tokens"] == usage.input_tokens
    assert usage.raw["service_tier"] == "standard"
    assert usage.cost_usd == (
        usage.input_tokens * Decimal(2) + usage.output_tokens * Decimal(10)
    ) / Decimal(1_000_000)
