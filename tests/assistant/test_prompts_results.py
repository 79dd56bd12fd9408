"""What came of an experiment, and how sure that is."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from assistant.enums import (
    HintSource,
    HintState,
    MessageRole,
    PromptPurpose,
    TurnState,
)
from assistant.models import (
    Feedback,
    HintUse,
    Message,
    PromptExperiment,
    PromptVersion,
)
from assistant.results import Share, VariantResult, percentile, read_results
from assistant.services.experiments import create_experiment
from assistant.services.prompts import choose_prompt
from interviews.enums import Dimension
from interviews.models import Interview, ItemVerdict
from tests.assistant.prompts import chat_version, running
from tests.factories.assistant import (
    MessageFactory,
    ModelCallFactory,
    PromptFactory,
    PromptVersionFactory,
    ScoreRunFactory,
    TurnFactory,
)
from tests.factories.billing import UsageFactory
from tests.factories.interviews import InterviewFactory, ScorecardFactory

pytestmark = pytest.mark.django_db


def assigned(
    experiment: PromptExperiment, version: PromptVersion, count: int = 1
) -> list[Interview]:
    """Interviews that the hash gave this variant, however many it takes."""
    found: list[Interview] = []
    while len(found) < count:
        interview = InterviewFactory.create()
        if choose_prompt(experiment.prompt.purpose, interview) == version:
            found.append(interview)
        else:
            interview.prompt_assignments.all().delete()
    return found


def answer(
    interview: Interview,
    version: PromptVersion,
    *,
    state: TurnState = TurnState.FINISHED,
    cost: Decimal | None = Decimal("0.01"),
    ms: int | None = 300,
    rating: str = "",
    **values: Any,
) -> Message:
    turn = TurnFactory.create(
        conversation__interview=interview, prompt_version=version, state=state
    )
    message: Message = MessageFactory.create(
        turn=turn,
        role=MessageRole.ASSISTANT,
        usage=UsageFactory.create(cost_usd=cost),
        first_token_ms=ms,
        **values,
    )
    if rating:
        Feedback.objects.create(message=message, rating=rating)
    return message


def result_of(experiment: PromptExperiment, version: PromptVersion) -> VariantResult:
    return next(
        one for one in read_results(experiment) if one.variant.version_id == version.pk
    )


def test_variant_adds_up_what_its_interviews_took() -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    first, second = assigned(experiment, one, 2)
    answer(first, one, rating="up", ms=100, cost=Decimal("0.000000000001"))
    answer(first, one, rating="down", ms=200)
    answer(second, one, rating="up", state=TurnState.FAILED, ms=None)
    answer(second, one, state=TurnState.STOPPED, ms=900, is_simulated=True)
    card = ScorecardFactory.create(interview=first)
    ItemVerdict.objects.filter(scorecard=card, dimension=Dimension.OVERALL).update(
        score=40
    )
    ScorecardFactory.create(interview=first, number=2)

    result = result_of(experiment, one)

    assert (result.interviews, result.turns, result.simulated) == (2, 4, 1)
    assert result.failed == Share(1, 4)
    assert result.thumbs == Share(2, 3)
    assert (result.first_token_p50, result.first_token_p95, result.timed) == (
        200,
        900,
        3,
    )
    assert result.cost_usd == Decimal("0.030000000001")
    assert result.cost_per_turn == Decimal("0.030000000001") / 4
    assert (result.score_median, result.scored) == (70.0, 1)
    assert result.is_small


def test_calls_of_others_do_not_count() -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    (mine,) = assigned(experiment, one)
    answer(mine, two)
    answer(InterviewFactory.create(), one)

    result = result_of(experiment, one)

    assert (result.interviews, result.turns) == (1, 0)
    assert result.cost_per_turn is None
    assert result.failed.value is None


def test_hints_count_in_an_experiment_with_their_wordings() -> None:
    prompt = PromptFactory.create(purpose=PromptPurpose.HINT)
    text = "{{ hints }} {{ policy_text }} {{ statement }}"
    one, two = PromptVersionFactory.create_batch(2, prompt=prompt, text=text)
    experiment = running(one, two)
    (interview,) = assigned(experiment, one)
    own = {"interview": interview, "organisation": interview.organisation}
    states = [HintState.TAKEN, HintState.TAKEN, HintState.FAILED, HintState.PENDING]
    for number, state in enumerate(states):
        usage = UsageFactory.create(cost_usd=Decimal("0.01"))
        ModelCallFactory.create(usage=usage, first_token_ms=200 + number, **own)
        HintUse.objects.create(
            interview=interview,
            section=0,
            number=number,
            source=HintSource.MODEL,
            state=state,
            client_id=f"hint-{number}",
            prompt_version=one,
            usage=usage,
        )
    answer(interview, chat_version())

    result = result_of(experiment, one)

    assert (result.interviews, result.turns) == (1, 3)
    assert result.failed == Share(1, 3)
    assert (result.first_token_p50, result.timed) == (201, 3)
    assert result.cost_usd == Decimal("0.03")
    assert result_of(experiment, two).turns == 0


def test_answer_costs_what_all_of_its_calls_took() -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    (interview,) = assigned(experiment, one, 1)
    message = answer(interview, one, cost=Decimal("0.01"))
    call = {"interview": interview, "organisation": interview.organisation}
    ModelCallFactory.create(turn=message.turn, usage=message.usage, step=1, **call)
    earlier = UsageFactory.create(cost_usd=Decimal("0.002"))
    ModelCallFactory.create(turn=message.turn, usage=earlier, **call)

    assert result_of(experiment, one).cost_usd == Decimal("0.012")


def test_unknown_cost_is_said_until_a_correction_names_it() -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    (mine,) = assigned(experiment, one)
    unknown = answer(mine, one, cost=None)
    answer(mine, one)
    assert result_of(experiment, one).unknown_costs == 1
    assert result_of(experiment, one).cost_usd == Decimal("0.01")

    UsageFactory.create(corrects=unknown.usage, cost_usd=Decimal("0.02"))

    result = result_of(experiment, one)
    assert (result.unknown_costs, result.cost_usd) == (0, Decimal("0.03"))


def test_judges_are_compared_by_their_own_scorecards() -> None:
    one, two = PromptVersionFactory.create(), PromptVersionFactory.create()
    experiment = running(one, two)
    (mine,) = assigned(experiment, one)
    card = ScorecardFactory.create(interview=mine)
    ItemVerdict.objects.filter(scorecard=card, dimension=Dimension.OVERALL).update(
        score=55
    )
    ScoreRunFactory.create(
        interview=mine,
        prompt_version=one,
        scorecard=card,
        usage=UsageFactory.create(cost_usd=Decimal("0.2")),
    )
    ScoreRunFactory.create(interview=mine, prompt_version=one, error="judge_invalid")
    ScorecardFactory.create(interview=mine, number=2)

    result = result_of(experiment, one)

    assert experiment.prompt.purpose == PromptPurpose.SCORE
    assert (result.turns, result.failed) == (2, Share(1, 2))
    assert result.cost_usd == Decimal("0.2")
    assert (result.score_median, result.scored) == (55.0, 1)


def test_draft_has_a_line_for_each_variant() -> None:
    one, two = chat_version(), chat_version()
    experiment = create_experiment(
        one.prompt, name="draft", weights={one: 3, two: 1}, actor=None
    )

    lines = read_results(experiment)

    assert [(line.variant.weight, line.turns) for line in lines] == [(3, 0), (1, 0)]


def test_results_cost_the_same_at_any_length() -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    counts = []
    for more in (1, 2):
        for interview in assigned(experiment, one, more):
            answer(interview, one, rating="up")
            ScorecardFactory.create(interview=interview)
        with CaptureQueriesContext(connection) as queries:
            read_results(experiment)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
    ids=["81-of-263", "15-of-148", "0-of-20", "1-of-29"],
)
def test_interval_is_wilsons(count: int, total: int, low: float, high: float) -> None:
    found = Share(count, total).interval

    assert (round(found[0], 4), round(found[1], 4)) == (low, high)


@given(st.integers(0, 500), st.integers(0, 500))
def test_interval_holds_the_share_and_stays_a_share(count: int, more: int) -> None:
    share = Share(count, count + more)

    low, high = share.interval

    assert 0 <= low <= high <= 1
    assert share.value is None or low - 1e-9 <= share.value <= high + 1e-9


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, None), ([7], 95, 7), ([3, 1, 2], 50, 2), (list(range(1, 101)), 95, 95)],
    ids=["none", "one", "unsorted", "hundred"],
)
def test_percentile_is_a_value_that_was_measured(
    values: list[int], percent: int, expected: int | None
) -> None:
    assert percentile(values, percent) == expected
