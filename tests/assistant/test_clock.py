"""Time waited for an answer that failed comes back; other ends give nothing."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from assistant.enums import TurnState
from assistant.errors import ProviderError
from assistant.models import Turn
from assistant.services.endings import TurnOutcome, end_turn, interrupt_dead_turns
from assistant.services.prompts import import_shipped_prompts
from assistant.services.turns import ask, claim_turn, request_stop
from base.clock import now
from interviews.enums import FaultCause, InterviewState
from interviews.models import Fault, Interview
from interviews.services.lifecycle import finish_interview
from tests.assistant.conftest import Running
from tests.assistant.turns import answer, use
from tests.factories.interviews import InterviewFactory
from tests.fakes.model import BEGUN, FakeModel

pytestmark = pytest.mark.django_db(transaction=True)

WAITED = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def _simulated(settings: Settings, simulator: Running) -> None:
    settings.ASSISTANT_PROVIDER = "simulator"
    settings.ASSISTANT_SIMULATOR_URL = simulator.url


@pytest.fixture
def interview(db: None) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def asked_a_while_ago(interview: Interview) -> Turn:
    turn, _is_new = ask(interview.pk, client_id="client-1", text="Help")
    claim_turn(turn.pk, owner="web-1")
    turn.created_at = now() - WAITED
    turn.save()
    return turn


def fail(turn: Turn, *, is_fault: bool = True) -> None:
    outcome = TurnOutcome(
        state=TurnState.FAILED,
        text="",
        error_code="overloaded_error",
        is_unsent=True,
        is_fault=is_fault,
    )
    end_turn(turn.pk, outcome)


def given(interview: Interview) -> list[tuple[str, int]]:
    return list(
        interview.time_entries.filter(kind="credit").values_list("cause", "seconds")
    )


def test_failed_answer_gives_back_the_time_since_the_question(
    interview: Interview,
) -> None:
    turn = asked_a_while_ago(interview)

    fail(turn)
    fail(turn)

    assert given(interview) == [(FaultCause.MODEL, 30)]
    fault = Fault.objects.get()
    assert (fault.key, fault.detail) == (f"turn:{turn.pk}", "overloaded_error")


def test_answer_whose_process_is_gone_gives_back_the_time_it_had_taken(
    interview: Interview,
) -> None:
    turn = asked_a_while_ago(interview)
    Turn.objects.update(created_at=now() - 3 * WAITED, heartbeat_at=now() - 2 * WAITED)

    assert interrupt_dead_turns() == 1

    assert given(interview) == [(FaultCause.RESTART, 30)]
    assert Fault.objects.get().key == f"turn:{turn.pk}"


def test_answer_that_was_stopped_gives_nothing(interview: Interview) -> None:
    turn = asked_a_while_ago(interview)
    request_stop(interview, turn.pk)

    fail(turn)

    assert not Fault.objects.exists()


def test_answer_that_fails_after_the_end_is_offered(interview: Interview) -> None:
    turn = asked_a_while_ago(interview)
    finish_interview(interview.pk)

    fail(turn)

    assert given(interview) == []
    assert Fault.objects.get().is_offered


@pytest.mark.parametrize(
    ("code", "is_fault"),
    [
        ("overloaded_error", True),
        ("timeout_error", True),
        ("authentication_error", True),
        ("internal_error", True),
        ("invalid_request_error", False),
        ("request_too_large", False),
    ],
)
async def test_only_what_was_asked_too_much_is_no_fault(
    interview: Interview, monkeypatch: pytest.MonkeyPatch, code: str, is_fault: bool
) -> None:
    model = use(monkeypatch, FakeModel(BEGUN))
    model.failure = ProviderError(code, "It failed.", retryable=False)

    turn = await answer(interview)

    assert turn.state == TurnState.FAILED
    found = [fault.cause async for fault in Fault.objects.all()]
    assert found == ([FaultCause.MODEL] if is_fault else [])


async def test_answer_that_succeeds_is_no_fault(interview: Interview) -> None:
    turn = await answer(interview)

    assert turn.state == TurnState.FINISHED
    assert not await Fault.objects.aexists()
