"""Which wording an interview gets while an experiment runs."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry
from assistant.enums import ActivationKind, ExperimentState, PromptPurpose
from assistant.errors import ExperimentError, PromptTextError
from assistant.models import (
    PromptActivation,
    PromptAssignment,
    PromptExperiment,
    PromptVariant,
    PromptVersion,
)
from assistant.services.activation import activate_prompt
from assistant.services.assignment import pick_variant
from assistant.services.experiments import (
    MAX_VARIANTS,
    change_weights,
    create_experiment,
    discard_experiment,
    start_experiment,
    stop_experiment,
)
from assistant.services.prompts import active_prompt, choose_prompt
from interviews.models import Interview
from tests.assistant.prompts import chat_version, running
from tests.factories.assistant import (
    PromptVersionFactory,
    ScoreRunFactory,
    TurnFactory,
)
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People

CHAT = PromptPurpose.CHAT


@pytest.fixture
def interview(db: None) -> Interview:
    return InterviewFactory.create()


def variants_of(weights: list[int]) -> list[PromptVariant]:
    return [PromptVariant(pk=at, weight=weight) for at, weight in enumerate(weights)]


weights_lists = st.lists(st.integers(0, 20), min_size=2, max_size=MAX_VARIANTS).filter(
    any
)


@given(st.integers(1, 10**6), st.uuids(), weights_lists)
def test_choice_is_the_same_every_time_and_never_of_weight_zero(
    experiment: int, interview: UUID, weights: list[int]
) -> None:
    variants = variants_of(weights)

    chosen = pick_variant(experiment, interview, variants)

    assert chosen.weight > 0
    assert pick_variant(experiment, interview, variants_of(weights)).pk == chosen.pk


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 10**6), weights_lists)
def test_shares_go_by_weight(experiment: int, weights: list[int]) -> None:
    variants, count = variants_of(weights), 4000

    chosen = Counter(
        pick_variant(experiment, UUID(int=number), variants).pk
        for number in range(count)
    )

    for variant in variants:
        share = variant.weight / sum(weights)
        # Six standard deviations: once in a thousand million runs.
        allowed = 6 * (count * share * (1 - share)) ** 0.5
        assert abs(chosen[variant.pk] - count * share) <= allowed


@given(st.uuids())
def test_experiments_divide_interviews_independently(interview: UUID) -> None:
    chosen = {
        pick_variant(number, interview, variants_of([1, 1])).pk for number in range(64)
    }

    assert chosen == {0, 1}


def test_without_an_experiment_the_version_in_use_is_chosen(
    interview: Interview,
) -> None:
    assert choose_prompt(CHAT, interview) == active_prompt(CHAT)
    assert not PromptAssignment.objects.exists()


def test_interview_keeps_its_variant_whatever_the_weights_become(
    interview: Interview,
) -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    first = choose_prompt(CHAT, interview)
    other = two if first == one else one

    change_weights(experiment, weights={first: 0, other: 1}, actor=None)

    assert choose_prompt(CHAT, interview) == first
    assert choose_prompt(CHAT, InterviewFactory.create()) == other
    assert PromptAssignment.objects.count() == 2


def test_interview_that_asked_before_the_start_keeps_what_it_had(
    interview: Interview,
) -> None:
    before = active_prompt(CHAT)
    TurnFactory.create(conversation__interview=interview, prompt_version=before)
    experiment = running(chat_version(), chat_version())
    activate_prompt(chat_version(), actor=None)

    assert choose_prompt(CHAT, interview) == before
    assert not experiment.assignments.exists()


def test_interview_scored_before_the_start_keeps_its_judge(
    interview: Interview,
) -> None:
    before = PromptVersionFactory.create()
    ScoreRunFactory.create(interview=interview, prompt_version=before)
    running(PromptVersionFactory.create(), PromptVersionFactory.create())

    assert choose_prompt(PromptPurpose.SCORE, interview) == before


def test_experiment_of_one_purpose_leaves_the_other_alone(
    interview: Interview,
) -> None:
    running(chat_version(), chat_version())

    assert choose_prompt("score", interview) == active_prompt("score")


def test_whoever_chose_first_is_followed(interview: Interview) -> None:
    experiment = running(chat_version(), chat_version())
    variants = list(experiment.variants.all())
    chosen = pick_variant(experiment.pk, interview.pk, variants)
    other = next(variant for variant in variants if variant != chosen)
    PromptAssignment.objects.create(
        experiment=experiment, interview=interview, variant=other
    )

    with transaction.atomic():
        assert choose_prompt(CHAT, interview) == other.version
    assert PromptAssignment.objects.count() == 1


def test_database_keeps_one_running_experiment_of_a_prompt(
    interview: Interview,
) -> None:
    experiment = running(chat_version(), chat_version())
    second = create_experiment(
        experiment.prompt,
        name="second",
        weights={chat_version(): 1, chat_version(): 1},
        actor=None,
    )

    with pytest.raises(ExperimentError, match="Another experiment runs"):
        start_experiment(second, actor=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        PromptExperiment.objects.filter(pk=second.pk).update(
            state=ExperimentState.RUNNING, started_at=experiment.started_at
        )
    second.refresh_from_db()
    assert second.state == ExperimentState.DRAFT


def test_start_fixes_the_wordings(interview: Interview) -> None:
    one, two = chat_version(), chat_version()
    running(one, two)

    with pytest.raises(IntegrityError), transaction.atomic():
        PromptVersion.objects.filter(pk=one.pk).update(text="other")


def test_wording_that_cannot_be_filled_in_is_never_started(
    interview: Interview,
) -> None:
    one, two = chat_version(), chat_version("{{ nobody }}")
    experiment = create_experiment(
        one.prompt, name="odd", weights={one: 1, two: 1}, actor=None
    )

    with pytest.raises(PromptTextError):
        start_experiment(experiment, actor=None)
    one.refresh_from_db()
    assert one.is_draft
    assert choose_prompt(CHAT, interview) == active_prompt(CHAT)


def test_winner_is_in_use_for_everybody_at_once(
    interview: Interview, people: People
) -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    loser = choose_prompt(CHAT, interview)
    winner = two if loser == one else one

    stop_experiment(experiment, winner=winner, actor=people.owner)

    assert choose_prompt(CHAT, interview) == winner == active_prompt(CHAT)
    change = PromptActivation.objects.latest("pk")
    assert (change.kind, change.reason) == (ActivationKind.WON, "shorter")
    entry = AuditEntry.objects.filter(action="experiment.stopped")[0]
    assert entry.details["winner"] == winner.number


def test_stop_without_a_winner_leaves_what_was_in_use(interview: Interview) -> None:
    before = active_prompt(CHAT)
    experiment = running(chat_version(), chat_version())
    choose_prompt(CHAT, interview)

    stop_experiment(experiment, actor=None)

    assert choose_prompt(CHAT, interview) == before == active_prompt(CHAT)
    with pytest.raises(ExperimentError, match="does not run"):
        stop_experiment(experiment, actor=None)
    with pytest.raises(ExperimentError, match="started before"):
        start_experiment(experiment, actor=None)
    with pytest.raises(ExperimentError, match="has stopped"):
        change_weights(experiment, weights={}, actor=None)


def test_winner_is_one_of_the_variants(interview: Interview) -> None:
    experiment = running(chat_version(), chat_version())

    with pytest.raises(ExperimentError, match="none of the variants"):
        stop_experiment(experiment, winner=chat_version(), actor=None)
    experiment.refresh_from_db()
    assert experiment.state == ExperimentState.RUNNING


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1], "2 to 6 variants"),
        ([1] * 7, "2 to 6 variants"),
        ([0, 0], "above 0"),
        ([1, 1001], "0 to 1000"),
    ],
    ids=["one", "seven", "nobody", "heavy"],
)
def test_experiment_of_a_wrong_shape_is_refused(
    db: None, weights: list[int], words: str
) -> None:
    shares = {chat_version(): weight for weight in weights}

    with pytest.raises(ExperimentError, match=words):
        create_experiment(
            next(iter(shares)).prompt, name="x", weights=shares, actor=None
        )


def test_variants_are_of_one_prompt_and_names_are_taken_once(db: None) -> None:
    one, two = chat_version(), chat_version()
    with pytest.raises(ExperimentError, match="the same prompt"):
        create_experiment(
            one.prompt,
            name="x",
            weights={one: 1, PromptVersionFactory.create(): 1},
            actor=None,
        )
    running(one, two, name="taken")
    with pytest.raises(ExperimentError, match="“taken”"):
        create_experiment(
            one.prompt, name=" taken ", weights={one: 1, two: 1}, actor=None
        )


def test_only_what_never_ran_is_discarded(db: None) -> None:
    one, two = chat_version(), chat_version()
    draft = create_experiment(
        one.prompt, name="draft", weights={one: 1, two: 1}, actor=None
    )
    discard_experiment(draft, actor=None)
    assert not PromptExperiment.objects.exists()

    with pytest.raises(ExperimentError, match="kept with its result"):
        discard_experiment(running(one, two), actor=None)


def test_choosing_costs_the_same_at_any_number_of_assignments(
    interview: Interview, django_assert_num_queries: object
) -> None:
    experiment = running(chat_version(), chat_version())
    counts = []
    for more in (0, 3):
        for _ in range(more):
            choose_prompt(CHAT, InterviewFactory.create())
        choose_prompt(CHAT, interview)
        with django_assert_num_queries(2) as queries:  # type: ignore[operator]
            choose_prompt(CHAT, interview)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert experiment.assignments.count() == 4


def test_cohort_is_told_by_time_not_by_order_of_rows(interview: Interview) -> None:
    one, two = chat_version(), chat_version()
    experiment = running(one, two)
    assert experiment.started_at is not None
    TurnFactory.create(
        conversation__interview=interview,
        prompt_version=active_prompt(CHAT),
        created_at=experiment.started_at + timedelta(seconds=1),
    )

    assert choose_prompt(CHAT, interview) in {one, two}
