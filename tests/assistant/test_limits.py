"""How much of the assistant an interview takes, and how long it must wait for more."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assistant.enums import TurnState
from assistant.errors import LimitReachedError, TooManyAsksError
from assistant.models import Turn
from assistant.policies.buckets import seconds_to_wait
from assistant.policies.rules import rules_of
from assistant.services.limits import Span, find_spent, require_within_limits
from base.clock import now
from interviews.enums import InterviewState, Policy
from interviews.models import Interview
from tests.factories.assistant import ConversationFactory, TurnFactory
from tests.factories.billing import UsageFactory
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOES_ON = "Everything else goes on: your files, the tests and your time."


def make_interview(organisation: Any = None, **limits: Any) -> Interview:
    extra = {} if organisation is None else {"organisation": organisation}
    version = AssessmentVersionFactory.create(
        policy=Policy.PAIR, assistant_limits=limits, **extra
    )
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, assessment_version=version, **extra
    )
    return made


def ask_often(interview: Interview, count: int) -> None:
    conversation = ConversationFactory.create(interview=interview)
    for number in range(count):
        TurnFactory.create(
            conversation=conversation,
            client_id=f"earlier-{number}",
            state=TurnState.FINISHED,
            created_at=now(),
        )


def use(interview: Interview, **values: Any) -> None:
    UsageFactory.create(
        payer=str(interview.organisation_id),
        reference=str(interview.pk),
        purpose="chat",
        at=now(),
        **values,
    )


def wait_of(interview: Interview) -> float:
    """The seconds after which another question is taken; 0 where it is now."""
    try:
        require_within_limits(interview)
    except (TooManyAsksError, LimitReachedError) as error:
        return error.retry_after or float("inf")
    return 0.0


@pytest.mark.django_db
def test_eleventh_ask_is_taken_exactly_when_it_was_said() -> None:
    interview = make_interview()
    with time_machine.travel(START, tick=False) as clock:
        ask_often(interview, 9)
        assert wait_of(interview) == 0
        ask_often(interview, 1)

        assert wait_of(interview) == 6.0
        clock.shift(timedelta(seconds=5.99))
        assert wait_of(interview) == pytest.approx(0.01)
        clock.shift(timedelta(seconds=0.01))
        assert wait_of(interview) == 0
        ask_often(interview, 1)
        assert wait_of(interview) == 6.0


@pytest.mark.django_db
def test_turn_that_goes_on_after_a_decision_is_no_ask() -> None:
    interview = make_interview(asks_per_minute=1)
    conversation = ConversationFactory.create(interview=interview)
    first = TurnFactory.create(
        conversation=conversation,
        state=TurnState.FINISHED,
        created_at=now() - timedelta(minutes=2),
    )
    TurnFactory.create(
        conversation=conversation, state=TurnState.FINISHED, follows=first
    )

    require_within_limits(interview)


@pytest.mark.django_db
def test_assessment_lowers_the_asks_but_never_raises_them() -> None:
    assert rules_of(make_interview(asks_per_minute=2)).asks_per_minute == 2
    assert rules_of(make_interview(asks_per_minute=500)).asks_per_minute == 10
    interview = make_interview(asks_per_minute=2)
    with time_machine.travel(START, tick=False):
        ask_often(interview, 2)

        assert wait_of(interview) == 30.0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limits", "used", "wait"),
    [
        pytest.param(
            {"minute_tokens": 600}, {"input_tokens": 500, "output_tokens": 400}, 30.1,
            id="tokens",
        ),
        pytest.param(
            {"minute_tokens": 600}, {"cache_read_tokens": 600}, 0.1, id="cached-tokens"
        ),
        pytest.param(
            {"minute_cost_usd": "0.60"}, {"cost_usd": Decimal("0.90")}, 31.0, id="money"
        ),
        pytest.param(
            {"minute_cost_usd": "0.60"},
            {"cost_usd": None, "bound_usd": Decimal("0.90")},
            31.0,
            id="money-unknown",
        ),
        pytest.param({"minute_requests": 1}, {"output_tokens": 5}, 60.0, id="requests"),
    ],
)  # fmt: skip
def test_minute_that_is_used_up_is_waited_for(
    limits: dict[str, Any], used: dict[str, Any], wait: float
) -> None:
    interview = make_interview(**limits)
    with time_machine.travel(START, tick=False) as clock:
        use(interview, **{"input_tokens": 0, "output_tokens": 0, **used})

        assert wait_of(interview) == pytest.approx(wait)
        clock.shift(timedelta(seconds=wait))
        assert wait_of(interview) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limits", "used"),
    [
        pytest.param(
            {"interview_tokens": 900},
            {"input_tokens": 500, "output_tokens": 400},
            id="tokens",
        ),
        pytest.param(
            {"interview_cost_usd": "0.90"}, {"cost_usd": Decimal("0.90")}, id="money"
        ),
        pytest.param({"interview_requests": 1}, {"output_tokens": 5}, id="requests"),
    ],
)
def test_interview_that_is_used_up_is_said_without_a_wait(
    limits: dict[str, Any], used: dict[str, Any]
) -> None:
    interview = make_interview(**limits)
    use(interview, **used)

    with pytest.raises(LimitReachedError) as caught:
        require_within_limits(interview)

    assert str(caught.value.message).endswith(GOES_ON)
    assert not caught.value.retryable
    assert "retry_after" not in caught.value.as_frame()


@pytest.mark.django_db
def test_scoring_takes_nothing_from_the_candidate() -> None:
    interview = make_interview(interview_requests=1)
    UsageFactory.create(reference=str(interview.pk), purpose="score")

    require_within_limits(interview)


@pytest.mark.django_db
def test_turn_has_its_own_allowance() -> None:
    interview = make_interview(turn_tokens=100)
    conversation = ConversationFactory.create(interview=interview)
    spent, fresh = (
        TurnFactory.create(
            conversation=conversation, client_id=name, state=TurnState.FINISHED
        )
        for name in ("turn-one", "turn-two")
    )
    use(interview, labels={"turn": str(spent.pk)}, input_tokens=0, output_tokens=100)

    assert find_spent(spent.pk) == Span.TURN
    assert find_spent(fresh.pk) is None
    assert Turn.objects.count() == 2


@given(
    gaps=st.lists(st.floats(0, 90), min_size=1, max_size=40),
    capacity=st.integers(1, 12),
)
@hypothesis_settings(max_examples=150, deadline=None)
def test_bucket_never_gives_more_than_it_holds_and_what_fills_in(
    gaps: list[float], capacity: int
) -> None:
    at = START
    taken: list[tuple[datetime, float]] = []
    for gap in gaps:
        at += timedelta(seconds=gap)
        wait = seconds_to_wait(taken, capacity=capacity, at=at)
        if wait:
            early = at + timedelta(seconds=wait - 0.002)
            assert seconds_to_wait(taken, capacity=capacity, at=early) > 0
            at += timedelta(seconds=wait)
            assert seconds_to_wait(taken, capacity=capacity, at=at) == 0
        taken.append((at, 1.0))

    for first in range(len(taken)):
        since = taken[first][0]
        within = [moment for moment, _one in taken[first:]]
        for count, moment in enumerate(within, start=1):
            filled = (moment - since).total_seconds() * capacity / 60
            assert count <= capacity + filled + 0.001
