"""`manage.py finalize`: one interview, several, or whatever is stuck."""

import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from base.clock import now
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, PipelineStep
from recordings.models import Asset, Chunk
from tests.factories.interviews import InterviewFactory
from tests.recordings.conftest import Browser, end, let_in, slices_of_recording
from tests.recordings.steps import playable, step_of


def finalize(*arguments: object, **options: Any) -> list[dict[str, Any]]:
    """What the command says of each interview."""
    out = io.StringIO()
    try:
        call_command("finalize", *map(str, arguments), json=True, stdout=out, **options)
    finally:
        told = [json.loads(line) for line in out.getvalue().splitlines()]
    return told


def recorded_interview() -> Interview:
    interview: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    Browser(let_in(Client(), interview), interview).send(slices_of_recording())
    return end(interview)


def test_several_are_assembled_at_once_and_told_one_by_one(db: None) -> None:
    both = [recorded_interview(), recorded_interview()]

    told = finalize(*(one.pk for one in both))

    assert [each["interview_id"] for each in told] == [str(one.pk) for one in both]
    assert [(each["state"], each["ok"]) for each in told] == [("done", True)] * 2
    assert all(playable(one) for one in both)


def test_finished_one_is_done_anew_only_by_force(db: None) -> None:
    interview = recorded_interview()
    finalize(interview.pk)
    [first] = playable(interview)

    finalize(interview.pk)
    assert [asset.key for asset in playable(interview)] == [first.key]

    finalize(interview.pk, force=True)
    [again] = playable(interview)
    assert (again.pk, again.sha256) == (first.pk, first.sha256)
    assert again.key != first.key


def test_stuck_are_those_that_failed_or_stand_still(db: None) -> None:
    made = [recorded_interview() for _ in range(4)]
    failed, forgotten, lost, busy = (step_of(one) for one in made)
    long_ago, soon = now() - timedelta(hours=1), now() + timedelta(minutes=4)
    steps = PipelineStep.objects
    steps.filter(pk=failed.pk).update(state=StepState.FAILED, attempts=5)
    steps.filter(pk=forgotten.pk).update(next_try_at=long_ago)
    steps.filter(pk=lost.pk).update(state=StepState.RUNNING, lease_until=long_ago)
    steps.filter(pk=busy.pk).update(state=StepState.RUNNING, lease_until=soon)

    told = finalize(stuck=True)

    assert [each["interview_id"] for each in told] == [str(one.pk) for one in made[:3]]
    assert all(each["ok"] for each in told)
    assert finalize(stuck=True) == []
    assert not playable(made[3])


@pytest.mark.parametrize("state", ["another worker", "still arriving", "unknown"])
def test_what_is_not_finished_fails_the_command(db: None, state: str) -> None:
    interview = recorded_interview()
    if state == "another worker":
        PipelineStep.objects.filter(pk=step_of(interview).pk).update(
            state=StepState.RUNNING, lease_until=now() + timedelta(minutes=4)
        )
    elif state == "still arriving":
        segment = interview.recordings.get().segments.get()
        segment.closed_at = None
        segment.save(update_fields=["closed_at"])
    wanted = uuid4() if state == "unknown" else interview.pk

    with pytest.raises(CommandError, match=r"1 of 1 are not finished\."):
        finalize(wanted)

    assert not Asset.objects.exists()
    assert Chunk.objects.count() == 4


def test_nobody_named_is_refused() -> None:
    with pytest.raises(CommandError, match="--stuck"):
        finalize()
