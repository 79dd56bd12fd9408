"""Each way a provider can fail: what the candidate sees, what is stored and billed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.models import Message, Turn
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from assistant.turns.live import LiveTurn
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.assistant.conftest import Running
from tests.assistant.turns import acheck_sums, begin, end
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db(transaction=True)

FREE, PAID, UNKNOWN = "free", "paid", "unknown"
QUESTION = "Please write a long answer"


@pytest.fixture(autouse=True)
def _simulated(
    settings: Settings, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url
    quick = {
        "first_wait_seconds": 0.01,
        "jitter_seconds": 0.01,
        "longest_wait_seconds": 0.5,
    }
    for name, seconds in quick.items():
        monkeypatch.setitem(settings.MODEL_CALLS, name, seconds)


@pytest.fixture
def impatient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little time for what never comes; elsewhere a busy machine has plenty."""
    monkeypatch.setitem(settings.MODEL_CALLS, "first_token_seconds", 1.5)
    monkeypatch.setitem(settings.MODEL_CALLS, "between_tokens_seconds", 1.5)


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


@dataclass(frozen=True)
class Seen:
    """What came of one question: closing frame, texts, and the ledger's rows."""

    end: dict[str, Any]
    live: str
    stored: str
    state: str
    rows: list[tuple[str, str, str]]


def order(simulator: Running, *faults: object) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


async def ask_under(interview: Interview, simulator: Running, *faults: object) -> Seen:
    order(simulator, *faults)
    live: LiveTurn = await begin(interview, QUESTION)
    turn: Turn = await end(live)
    answer = await Message.objects.aget(turn=turn, role="assistant")
    await acheck_sums()
    assert live.end_frame is not None
    return Seen(
        live.end_frame,
        live.text.text,
        answer.text,
        turn.state,
        await sync_to_async(lambda: list(read_rows()))(),
    )


def read_rows() -> Iterator[tuple[str, str, str]]:
    for usage in Usage.objects.order_by("pk"):
        known = UNKNOWN
        if usage.cost_usd is not None:
            known = PAID if usage.cost_usd else FREE
        yield usage.outcome, usage.error_code, known


DONE = ("finished", "", PAID)


@pytest.mark.parametrize(
    ("fault", "code", "retryable"),
    [
        ("401", "authentication_error", False),
        ("402", "billing_error", False),
        ("403", "permission_error", False),
        ("404", "not_found_error", False),
        ("413", "request_too_large", False),
        ({"fault": "429", "form": "none"}, "rate_limit_error", True),
    ],
    ids=["401", "402", "403", "404", "413", "429"],
)
async def test_refusal_before_the_stream_is_told_and_free(
    interview: Interview,
    simulator: Running,
    fault: object,
    code: str,
    *,
    retryable: bool,
) -> None:
    seen = await ask_under(interview, simulator, fault)

    assert (seen.end["type"], seen.end["code"]) == ("turn.failed", code)
    assert seen.end["retryable"] is retryable
    assert seen.end["stop_reason"] == "error"
    assert (seen.state, seen.stored) == (TurnState.FAILED, "")
    assert seen.rows == [("failed", code, FREE)]


@pytest.mark.parametrize("fault", ["500", "529"])
async def test_failure_that_passes_is_not_seen(
    interview: Interview, simulator: Running, fault: str
) -> None:
    seen = await ask_under(interview, simulator, fault)

    code = {"500": "api_error", "529": "overloaded_error"}[fault]
    assert seen.end["type"] == "turn.finished"
    assert seen.rows == [("failed", code, FREE), DONE]


@pytest.mark.parametrize("form", ["seconds", "milliseconds", "date"])
async def test_short_wait_of_a_rate_limit_is_sat_out(
    interview: Interview, simulator: Running, form: str
) -> None:
    # A date has whole seconds: this one is over already.
    seconds = 0 if form == "date" else 0.05
    fault = {"fault": "429", "retry_after": seconds, "form": form}
    seen = await ask_under(interview, simulator, fault)

    assert seen.end["type"] == "turn.finished"
    assert seen.rows == [("failed", "rate_limit_error", FREE), DONE]


@pytest.mark.parametrize(
    ("form", "least", "most"),
    [
        ("seconds", 20, 20),
        ("milliseconds", 20, 20),
        ("date", 18, 20),
        ("none", 30, 30),
    ],
)
async def test_long_wait_of_a_rate_limit_is_told(
    interview: Interview, simulator: Running, form: str, least: int, most: int
) -> None:
    fault = {"fault": "429", "retry_after": 20, "form": form}
    seen = await ask_under(interview, simulator, fault)

    assert seen.end["code"] == "rate_limit_error"
    assert least <= seen.end["retry_after"] <= most


async def test_wait_that_is_asked_for_has_a_bound(
    interview: Interview, simulator: Running
) -> None:
    seen = await ask_under(interview, simulator, {"fault": "429", "retry_after": 3600})

    assert seen.end["retry_after"] == 60


@pytest.mark.usefixtures("impatient")
async def test_first_token_that_does_not_come_is_a_timeout_of_unknown_cost(
    interview: Interview, simulator: Running
) -> None:
    seen = await ask_under(interview, simulator, {"fault": "slow", "seconds": 30})

    assert seen.end["type"] == "turn.finished"
    assert seen.rows == [("timed_out", "timeout_error", UNKNOWN), DONE]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("fault", "code", "outcome"),
    [
        ({"fault": "stall", "seconds": 20, "after": 5}, "timeout_error", "timed_out"),
        ({"fault": "overloaded", "after": 5}, "overloaded_error", "failed"),
        ({"fault": "drop", "after": 5}, "connection_error", "failed"),
        ("no_stop", "incomplete_answer", "failed"),
    ],
    ids=["stall between tokens", "error event", "connection lost", "no message_stop"],
)
async def test_failure_inside_the_answer_keeps_its_text_and_offers_to_go_on(
    interview: Interview, simulator: Running, fault: object, code: str, outcome: str
) -> None:
    seen = await ask_under(interview, simulator, fault)

    assert (seen.end["type"], seen.end["code"]) == ("turn.failed", code)
    assert seen.end["retryable"]
    assert seen.end["stop_reason"] == "error"
    assert seen.stored == seen.live != ""
    assert seen.rows == [(outcome, code, PAID)]


@pytest.mark.parametrize("fault", ["overloaded", "drop"])
async def test_failure_before_the_first_visible_token_is_repeated_and_billed(
    interview: Interview, simulator: Running, fault: str
) -> None:
    seen = await ask_under(interview, simulator, {"fault": fault, "after": 0})

    code = {"overloaded": "overloaded_error", "drop": "connection_error"}[fault]
    assert seen.end["type"] == "turn.finished"
    assert seen.rows == [("failed", code, PAID), DONE]


@pytest.mark.parametrize(
    ("fault", "stop_reason", "outcome"),
    [("refusal", "refusal", "refused"), ("max_tokens", "max_tokens", "finished")],
)
async def test_answer_that_ends_early_is_finished_with_its_reason(
    interview: Interview,
    simulator: Running,
    fault: str,
    stop_reason: str,
    outcome: str,
) -> None:
    seen = await ask_under(interview, simulator, {"fault": fault, "after": 3})

    assert seen.end["type"] == "turn.finished"
    assert seen.end["stop_reason"] == stop_reason
    assert seen.stored == seen.live != ""
    assert seen.rows == [(outcome, "", PAID)]


async def test_paused_answer_is_continued_by_another_call(
    interview: Interview, simulator: Running
) -> None:
    seen = await ask_under(interview, simulator, {"fault": "pause_turn", "after": 4})

    assert seen.end["stop_reason"] == "end_turn"
    assert seen.rows == [DONE, DONE]
    second = simulator.app.recent_requests()[-1]["body"]
    said = second["messages"][-1]
    assert said["role"] == "assistant"
    assert [b["type"] for b in said["content"]][-1] == "server_tool_use"
    assert seen.stored.startswith(said["content"][-2]["text"])


@pytest.mark.parametrize("fault", ["unknown", "split", "ok"])
async def test_stream_with_strange_bytes_is_the_same_answer(
    interview: Interview, simulator: Running, fault: str
) -> None:
    seen = await ask_under(interview, simulator, fault)

    assert seen.end["type"] == "turn.finished"
    assert "not for anybody" not in seen.stored
    assert seen.stored == seen.live != ""
    assert seen.rows == [DONE]


@pytest.mark.usefixtures("impatient")
async def test_lost_time_of_tries_is_on_record_though_an_answer_came(
    interview: Interview, simulator: Running
) -> None:
    await ask_under(interview, simulator, {"fault": "slow", "seconds": 30})

    fault = await interview.faults.aget()
    assert (fault.cause, fault.detail) == ("model", "timeout_error")
    assert fault.key.endswith(":tries")
