"""The pipeline: each step ends once, whatever dies meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django import (
    DjangoAssertNumQueries,
    DjangoCaptureOnCommitCallbacks,
    Settings,
)

from base.clock import now
from interviews import pipeline
from interviews.enums import InterviewState, StepState
from interviews.errors import InterviewError, RunningUnavailableError
from interviews.models import Interview, PipelineStep
from interviews.pipeline import (
    MAX_ATTEMPTS,
    MOST_WAITING,
    StepLease,
    StepLostError,
    StepNotReadyError,
    StepSkippedError,
    claim_step,
    next_step,
    register_step,
    retry_step,
    run_step,
    start_pipeline,
    sweep_steps,
)
from interviews.tasks import run_pipeline_step
from tests.factories.interviews import InterviewFactory

Handler = Callable[[Interview, StepLease], str]


@pytest.fixture(autouse=True)
def _own_steps(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PIPELINE_STEPS = ["first", "second"]
    monkeypatch.setattr(pipeline, "_definitions", {})
    monkeypatch.setattr(run_pipeline_step, "delay", lambda **_ids: None)
    for name in ("first", "second"):
        register_step(name, lambda _interview, _lease: "done")


@pytest.fixture
def interview(db: None) -> Interview:
    made: Interview = InterviewFactory.create(state=InterviewState.COMPLETED)
    start_pipeline(made)
    return made


def step_of(interview: Interview, name: str) -> PipelineStep:
    return interview.pipeline_steps.get(name=name)


def make_due(step: PipelineStep) -> None:
    PipelineStep.objects.filter(pk=step.pk).update(
        next_try_at=now() - timedelta(seconds=1)
    )


def failing(error: Exception) -> Handler:
    def handle(_interview: Interview, _lease: StepLease) -> str:
        raise error

    return handle


def test_steps_run_in_order_and_end_once(interview: Interview) -> None:
    first, second = step_of(interview, "first"), step_of(interview, "second")

    run_step(second.pk)
    assert step_of(interview, "second").state == StepState.WAITING
    run_step(first.pk)
    run_step(first.pk)
    run_step(second.pk)

    first, second = step_of(interview, "first"), step_of(interview, "second")
    assert (first.state, first.attempts, first.message) == (StepState.DONE, 1, "done")
    assert second.state == StepState.DONE
    assert next_step(interview.pk) is None


def test_starting_wakes_the_first_step_after_commit(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(
        run_pipeline_step, "delay", lambda step_id: woken.append(step_id)
    )
    interview = InterviewFactory.create(state=InterviewState.COMPLETED)

    with django_capture_on_commit_callbacks(execute=True):
        start_pipeline(interview)

    assert woken == [step_of(interview, "first").pk]


def test_queue_that_cannot_be_reached_fails_nobody(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    asked: list[int] = []

    def refuse(step_id: int) -> None:
        asked.append(step_id)
        raise ConnectionError

    monkeypatch.setattr(run_pipeline_step, "delay", refuse)
    interview = InterviewFactory.create(state=InterviewState.COMPLETED)

    with django_capture_on_commit_callbacks(execute=True):
        start_pipeline(interview)

    step = step_of(interview, "first")
    assert asked == [step.pk]
    assert next_step(interview.pk) == step


def test_retryable_failure_waits_longer_each_time_then_fails(
    interview: Interview,
) -> None:
    register_step("first", failing(RunningUnavailableError("No sandbox.")))
    step = step_of(interview, "first")
    waits = []
    for _attempt in range(MAX_ATTEMPTS):
        make_due(step)
        run_step(step.pk)
        step.refresh_from_db()
        waits.append((step.next_try_at - now()).total_seconds())

    assert step.state == StepState.FAILED
    assert step.message == "No sandbox."
    assert waits[0] < waits[1] < waits[2]


def test_final_failure_is_not_tried_again_and_holds_nothing_up(
    interview: Interview,
) -> None:
    register_step("first", failing(InterviewError("Broken for good.")))

    run_step(step_of(interview, "first").pk)
    run_step(step_of(interview, "second").pk)

    assert step_of(interview, "first").state == StepState.FAILED
    assert step_of(interview, "first").attempts == 1
    assert step_of(interview, "second").state == StepState.DONE


def test_unexpected_failure_is_retried_and_logged(
    interview: Interview, caplog: pytest.LogCaptureFixture
) -> None:
    register_step("first", failing(ZeroDivisionError()))

    run_step(step_of(interview, "first").pk)

    step = step_of(interview, "first")
    assert step.state == StepState.WAITING
    assert step.message == "ZeroDivisionError"
    assert "failed" in caplog.text


def test_step_that_is_not_ready_waits_without_using_an_attempt(
    interview: Interview,
) -> None:
    retry_at = now() + timedelta(minutes=3)
    register_step("first", failing(StepNotReadyError("Not yet.", retry_at=retry_at)))
    step = step_of(interview, "first")

    for _look in range(MAX_ATTEMPTS + 1):
        make_due(step)
        run_step(step.pk)
        step.refresh_from_db()
        assert (step.state, step.attempts) == (StepState.WAITING, 0)
        assert (step.message, step.next_try_at) == ("Not yet.", retry_at)

    register_step("first", lambda _interview, _lease: "ready")
    make_due(step)
    run_step(step.pk)
    step.refresh_from_db()
    assert (step.state, step.attempts, step.message) == (StepState.DONE, 1, "ready")


def test_step_that_is_not_ready_is_not_looked_at_without_a_pause(
    interview: Interview,
) -> None:
    register_step("first", failing(StepNotReadyError("Not yet.", retry_at=now())))
    step = step_of(interview, "first")

    run_step(step.pk)

    step.refresh_from_db()
    assert step.next_try_at > now() + timedelta(seconds=10)


def test_step_that_is_never_ready_fails_in_the_end(interview: Interview) -> None:
    register_step("first", failing(StepNotReadyError("Not yet.", retry_at=now())))
    step = step_of(interview, "first")
    run_step(step.pk)
    PipelineStep.objects.filter(pk=step.pk).update(started_at=now() - MOST_WAITING)

    for _attempt in range(MAX_ATTEMPTS):
        make_due(step)
        run_step(step.pk)

    step.refresh_from_db()
    assert (step.state, step.attempts) == (StepState.FAILED, MAX_ATTEMPTS)
    assert step.message == "Not yet."


def test_skipped_step_says_why(interview: Interview) -> None:
    register_step("first", failing(StepSkippedError("Nothing was recorded.")))

    run_step(step_of(interview, "first").pk)

    step = step_of(interview, "first")
    assert (step.state, step.message) == (StepState.SKIPPED, "Nothing was recorded.")


def test_killed_worker_is_replaced_and_its_late_end_does_not_count(
    interview: Interview,
) -> None:
    step = step_of(interview, "first")
    dead = claim_step(step.pk)
    assert dead is not None
    assert claim_step(step.pk) is None
    PipelineStep.objects.filter(pk=step.pk).update(
        lease_until=now() - timedelta(seconds=1)
    )

    run_step(step.pk)

    assert not dead.finish(StepState.FAILED, "too late")
    with pytest.raises(StepLostError):
        dead.renew()
    step.refresh_from_db()
    assert (step.state, step.attempts) == (StepState.DONE, 2)


def test_step_that_kills_its_worker_every_time_is_given_up(
    interview: Interview,
) -> None:
    step = step_of(interview, "first")
    for _attempt in range(MAX_ATTEMPTS):
        assert claim_step(step.pk) is not None
        PipelineStep.objects.filter(pk=step.pk).update(
            lease_until=now() - timedelta(seconds=1)
        )

    run_step(step.pk)

    assert step_of(interview, "first").state == StepState.FAILED


def test_sweep_wakes_what_is_due_only(interview: Interview) -> None:
    assert sweep_steps() == 1
    claim_step(step_of(interview, "first").pk)
    assert sweep_steps() == 0


def test_retry_by_a_person_starts_afresh(interview: Interview) -> None:
    register_step("first", failing(InterviewError("Broken.")))
    step = step_of(interview, "first")
    run_step(step.pk)
    register_step("first", lambda _interview, _lease: "mended")

    retry_step(step_of(interview, "first"))
    run_step(step.pk)

    step.refresh_from_db()
    assert (step.state, step.message, step.attempts) == (StepState.DONE, "mended", 1)


def test_reopened_interview_runs_its_steps_again(interview: Interview) -> None:
    for name in ("first", "second"):
        run_step(step_of(interview, name).pk)

    start_pipeline(interview)

    states = set(interview.pipeline_steps.values_list("state", flat=True))
    assert states == {StepState.WAITING}


def test_step_at_work_since_before_the_reopening_does_not_count(
    interview: Interview,
) -> None:
    step = step_of(interview, "first")
    earlier = claim_step(step.pk)
    assert earlier is not None

    start_pipeline(interview)

    assert not earlier.finish(StepState.DONE, "of the first end")
    run_step(step.pk)
    step.refresh_from_db()
    assert (step.state, step.attempts, step.message) == (StepState.DONE, 1, "done")


def test_steps_rest_while_a_reopened_interview_goes_on(interview: Interview) -> None:
    step = step_of(interview, "first")
    Interview.objects.update(state=InterviewState.ACTIVE)

    assert sweep_steps() == 0
    run_step(step.pk)
    assert step_of(interview, "first").state == StepState.WAITING

    Interview.objects.update(state=InterviewState.COMPLETED)
    assert sweep_steps() == 1


def test_sweep_asks_once_for_all_interviews(
    interview: Interview, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _other in range(2):
        start_pipeline(InterviewFactory.create(state=InterviewState.COMPLETED))

    with django_assert_num_queries(1):
        assert sweep_steps() == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_do_the_same_step() -> None:
    interview = InterviewFactory.create(state=InterviewState.COMPLETED)
    start_pipeline(interview)
    step = step_of(interview, "first")

    def claim(_number: int) -> bool:
        try:
            return claim_step(step.pk) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(12))) == 1
