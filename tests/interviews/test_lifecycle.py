"""States and time: only allowed changes, each an event, the ledger adds up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.layers import get_channel_layer
from pytest_django import DjangoCaptureOnCommitCallbacks

from base.clock import now
from interviews.enums import InterviewState, TimeEntryKind
from interviews.errors import InterviewEndedError, WrongStateError
from interviews.models import Event, Interview, PipelineStep
from interviews.notifications import interview_group
from interviews.services.lifecycle import (
    cancel_interview,
    end_overdue_interviews,
    extend_interview,
    finish_interview,
    prepare_interview,
    reopen_interview,
    require_active,
    start_interview,
)
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "interviews.pipeline.run_pipeline_step.delay", lambda **_i: None
    )


def make(state: str, **values: Any) -> Interview:
    made: Interview = InterviewFactory.create(state=state, **values)
    return made


def states_logged(interview: Interview) -> list[str]:
    return [
        event.payload["after"]
        for event in Event.objects.filter(
            interview=interview, kind="interview.state_changed"
        )
    ]


def test_whole_way_from_invitation_to_completion() -> None:
    interview = make(InterviewState.INVITED)

    prepare_interview(interview.pk)
    started = start_interview(interview.pk)
    finish_interview(interview.pk)

    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED
    assert states_logged(interview) == ["preparing", "active", "completed"]
    assert started.started_at is not None
    assert started.ends_at == started.started_at + timedelta(hours=1)
    assert PipelineStep.objects.filter(interview=interview).count() == 3


def test_repeating_each_step_changes_nothing() -> None:
    interview = make(InterviewState.INVITED)
    for change in (prepare_interview, start_interview, finish_interview):
        change(interview.pk)
        before = Interview.objects.values().get(pk=interview.pk)
        change(interview.pk)
        assert Interview.objects.values().get(pk=interview.pk) == before

    assert interview.time_entries.count() == 1


def test_layer_that_fails_does_not_fail_who_finishes(
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    asked: list[str] = []

    async def fail(group: str, _message: object) -> None:
        asked.append(group)
        raise LookupError

    # The Redis layer finds its methods by name, so that its class has none to replace.
    monkeypatch.setattr(get_channel_layer(), "group_send", fail, raising=False)
    interview = make(InterviewState.ACTIVE)

    with django_capture_on_commit_callbacks(execute=True):
        finish_interview(interview.pk)

    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED
    assert asked == [interview_group(interview.pk)]


@pytest.mark.parametrize(
    ("state", "change"),
    [
        (InterviewState.INVITED, start_interview),
        (InterviewState.INVITED, finish_interview),
        (InterviewState.CANCELLED, start_interview),
        (InterviewState.EXPIRED, start_interview),
        (InterviewState.COMPLETED, start_interview),
    ],
)
def test_wrong_order_is_refused(state: str, change: Callable[[Any], Interview]) -> None:
    interview = make(state)

    with pytest.raises(WrongStateError):
        change(interview.pk)

    interview.refresh_from_db()
    assert interview.state == state


def test_extension_moves_the_end_and_is_itemised() -> None:
    interview = make(InterviewState.ACTIVE)
    before = interview.ends_at
    assert before is not None

    extend_interview(interview.pk, seconds=600, reason="fire alarm", actor=None)

    interview.refresh_from_db()
    assert interview.ends_at == before + timedelta(minutes=10)
    entry = interview.time_entries.get(kind=TimeEntryKind.EXTENSION)
    assert (entry.seconds, entry.reason) == (600, "fire alarm")
    assert Event.objects.filter(kind="clock.changed").count() == 1


def test_only_a_running_interview_is_extended() -> None:
    with pytest.raises(WrongStateError):
        extend_interview(
            make(InterviewState.COMPLETED).pk, seconds=60, reason="", actor=None
        )


def test_reopened_interview_has_exactly_the_time_given() -> None:
    interview = make(InterviewState.COMPLETED)

    reopen_interview(interview.pk, seconds=900, reason="lost power", actor=None)

    interview.refresh_from_db()
    assert interview.state == InterviewState.ACTIVE
    assert interview.ends_at is not None
    left = (interview.ends_at - now()).total_seconds()
    assert 895 < left <= 901
    require_active(interview)


def test_reopening_after_an_early_finish_takes_back_what_was_left() -> None:
    interview = make(InterviewState.COMPLETED)
    ended_at = now() - timedelta(minutes=10)
    Interview.objects.update(
        started_at=now() - timedelta(minutes=30),
        ended_at=ended_at,
        ends_at=ended_at + timedelta(minutes=40),
    )

    reopen_interview(interview.pk, seconds=300, reason="lost power", actor=None)

    interview.refresh_from_db()
    assert interview.ends_at is not None
    assert 295 < (interview.ends_at - now()).total_seconds() <= 301
    lines = interview.time_entries.values_list("kind", "seconds")
    assert list(lines)[1:] == [
        (TimeEntryKind.STOPPED, 600),
        (TimeEntryKind.EXTENSION, -2400),
        (TimeEntryKind.EXTENSION, 300),
    ]


def test_ended_interview_can_not_be_cancelled() -> None:
    with pytest.raises(WrongStateError):
        cancel_interview(make(InterviewState.COMPLETED).pk, reason="", actor=None)


def test_overdue_interview_ends_at_its_end_not_when_noticed() -> None:
    interview = make(InterviewState.ACTIVE)
    ends_at = now() - timedelta(seconds=40)
    Interview.objects.update(ends_at=ends_at, last_seen_at=ends_at)

    assert end_overdue_interviews() == 1
    assert end_overdue_interviews() == 0

    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED
    assert interview.ended_at == ends_at


def test_overdue_interview_of_an_absent_candidate_is_abandoned() -> None:
    interview = make(InterviewState.ACTIVE)
    ends_at = now() - timedelta(seconds=40)
    Interview.objects.update(
        ends_at=ends_at, last_seen_at=ends_at - timedelta(minutes=11)
    )

    end_overdue_interviews()

    interview.refresh_from_db()
    assert interview.state == InterviewState.ABANDONED


def test_unused_invitation_expires() -> None:
    interview = make(InterviewState.PREPARING)
    invitation = interview.invitation
    invitation.opens_at = now() - timedelta(days=2)
    invitation.expires_at = now() - timedelta(days=1)
    invitation.save()

    assert end_overdue_interviews() == 1

    interview.refresh_from_db()
    assert interview.state == InterviewState.EXPIRED


def test_running_interview_outlives_its_invitation() -> None:
    interview = make(InterviewState.ACTIVE)
    interview.invitation.opens_at = now() - timedelta(days=2)
    interview.invitation.expires_at = now() - timedelta(days=1)
    interview.invitation.save()

    assert end_overdue_interviews() == 0


@pytest.mark.parametrize(
    "state",
    [InterviewState.COMPLETED, InterviewState.ABANDONED, InterviewState.CANCELLED],
)
def test_nothing_is_taken_after_the_end(state: str) -> None:
    with pytest.raises(InterviewEndedError):
        require_active(make(state))


def test_nothing_is_taken_before_the_start_or_after_time() -> None:
    with pytest.raises(WrongStateError):
        require_active(make(InterviewState.PREPARING))
    late = make(InterviewState.ACTIVE)
    late.ends_at = now() - timedelta(seconds=1)
    with pytest.raises(InterviewEndedError):
        require_active(late)
