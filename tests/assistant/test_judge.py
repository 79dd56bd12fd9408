"""The judge has what a chat has: tries, keys, a breaker, another model; all on record."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from assistant.errors import ProviderError
from assistant.models import ModelCall, ScoreRun
from assistant.providers.breaker import Breaker
from assistant.scoring.judge import score_interview
from assistant.services.prompts import import_shipped_prompts
from assistant.simulator.faults import FaultOrder
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Interview, Scorecard
from tests.assistant.conftest import Running
from tests.assistant.turns import check_sums
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.factories.recordings import RecordingFactory
from tests.fakes.script import ScriptedModel, says

pytestmark = pytest.mark.django_db

CHOSEN, OTHER = "claude-opus-5-5", "claude-sonnet-5-5"


@pytest.fixture(autouse=True)
def _provider(
    settings: Settings, simulator: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulator in the place of the real provider, with keys and a ledger."""
    cache.clear()
    settings.ASSISTANT_PROVIDER = "anthropic"
    settings.ANTHROPIC_BASE_URL = simulator.url
    settings.ANTHROPIC_API_KEYS = "blue=sk-1,green=sk-2"
    settings.ANTHROPIC_SCORE_MODEL = CHOSEN
    settings.ASSISTANT_FALLBACK_MODELS = [OTHER]
    monkeypatch.setitem(settings.MODEL_CALLS, "first_wait_seconds", 0.01)
    monkeypatch.setitem(settings.MODEL_CALLS, "jitter_seconds", 0.01)


@pytest.fixture
def interview(people: People) -> Interview:
    import_shipped_prompts()
    made: Interview = InterviewFactory.create(
        organisation=people.organisation, state=InterviewState.COMPLETED
    )
    return made


def order(simulator: Running, *faults: object) -> None:
    simulator.app.faults.order(FaultOrder.model_validate({"next": list(faults)}))


def read_calls() -> list[tuple[Any, ...]]:
    rows = ModelCall.objects.order_by("pk")
    return list(rows.values_list("asked", "status", "error_code", "purpose"))


def test_failure_that_passes_is_tried_again_and_booked(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, "529")

    score_interview(interview)

    assert read_calls() == [
        (CHOSEN, 529, "overloaded_error", "score"),
        (CHOSEN, 200, "", "score"),
    ]
    outcomes = Usage.objects.order_by("pk").values_list("model", "outcome")
    assert list(outcomes) == [(CHOSEN, "failed"), (CHOSEN, "finished")]
    run = ScoreRun.objects.get()
    assert (run.model, run.fallback_from) == (CHOSEN, "")
    check_sums()


def test_refused_key_gives_way_to_the_next(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, "401")

    score_interview(interview)

    labels = ModelCall.objects.order_by("pk").values_list("key_label", flat=True)
    assert set(labels) == {"blue", "green"}
    assert ScoreRun.objects.get().model == CHOSEN
    check_sums()


def test_another_model_judges_and_the_run_says_so(
    interview: Interview, simulator: Running
) -> None:
    order(simulator, "529", "529", "529")

    scorecard = score_interview(interview)

    run = ScoreRun.objects.get()
    assert (run.model, run.fallback_from) == (OTHER, CHOSEN)
    assert scorecard.model == OTHER
    assert [row[0] for row in read_calls()] == [CHOSEN] * 3 + [OTHER]
    assert run.usage == Usage.objects.get(outcome="finished")
    check_sums()


def test_open_breaker_asks_the_other_model_without_a_try(interview: Interview) -> None:
    breaker = Breaker("anthropic", CHOSEN)
    for _ in range(5):
        breaker.note_failure()

    score_interview(interview)

    assert [row[0] for row in read_calls()] == [OTHER]
    check_sums()


def test_nobody_is_asked_and_nothing_held_where_all_are_down(
    interview: Interview, settings: Settings
) -> None:
    settings.ASSISTANT_FALLBACK_MODELS = []
    breaker = Breaker("anthropic", CHOSEN)
    for _ in range(5):
        breaker.note_failure()

    with pytest.raises(ProviderError) as caught:
        score_interview(interview)

    assert caught.value.retryable
    assert read_calls() == []
    assert not Scorecard.objects.exists()
    check_sums()


def test_failures_of_the_judge_open_the_breaker_for_all(
    interview: Interview, simulator: Running, settings: Settings
) -> None:
    settings.ASSISTANT_FALLBACK_MODELS = []
    order(simulator, *["529"] * 5)
    for _ in range(2):
        with pytest.raises(ProviderError):
            score_interview(interview)

    assert Breaker("anthropic", CHOSEN).read_state() == "open"
    check_sums()


def test_desk_says_who_judged_instead_of_whom(
    interview: Interview, simulator: Running, people: People, client: Client
) -> None:
    order(simulator, "404")
    score_interview(interview)
    client.force_login(people.recruiter)

    page = client.get(reverse("admin:interview-review", args=[interview.pk]))

    made = page.context["score_made"]
    assert (made.model, made.instead_of) == (OTHER, CHOSEN)
    assert f"instead of {CHOSEN}" in page.content.decode()


def test_judge_reads_which_stretches_were_not_recorded(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = {"start_ms": 760_000, "end_ms": 763_200, "reason": "chunk_missing"}
    RecordingFactory.create(interview=interview, holes=[gap])
    model = ScriptedModel(says("No verdict."))
    monkeypatch.setattr("assistant.services.asking.stream_answer", model.stream_answer)

    with pytest.raises(ProviderError):
        score_interview(interview)

    [message] = model.requests[0].messages
    assert "The camera recording lacks 12:40–12:44 of the interview." in str(message)
