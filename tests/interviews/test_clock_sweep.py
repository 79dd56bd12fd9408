"""Interviews that nobody ends by hand: never begun, never returned to, left for long."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from base.clock import now
from base.ids import new_uuid
from interviews.enums import InterviewState, TimeEntryKind
from interviews.models import Interview, PipelineStep
from interviews.services.attendance import open_attendance
from interviews.services.clock import GRACE, PREPARING_GRACE
from interviews.services.lifecycle import (
    end_overdue_interviews,
    extend_interview,
    prepare_interview,
    reopen_interview,
    start_interview,
)
from interviews.tasks import end_overdue
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "interviews.pipeline.run_pipeline_step.delay", lambda **_i: None
    )


def sweep(after: timedelta) -> int:
    """Let time pass, then do what the worker does every few seconds."""
    with time_machine.travel(now() + after, tick=False):
        return end_overdue_interviews()


def state_of(interview: Interview) -> str:
    interview.refresh_from_db()
    return interview.state


def start(minutes: int, **fields: object) -> Interview:
    """An interview of so many minutes that begins now."""
    interview: Interview = InterviewFactory.create(
        state=InterviewState.PREPARING,
        invitation__assessment_version__duration_minutes=minutes,
        **fields,
    )
    return start_interview(interview.pk)


def test_task_ends_what_is_over() -> None:
    interview = start(60)

    with time_machine.travel(now() + 61 * MINUTE):
        end_overdue()

    assert state_of(interview) == InterviewState.ABANDONED


def test_never_begun_interview_expires_with_its_window() -> None:
    interview = InterviewFactory.create(state=InterviewState.INVITED)

    assert sweep(timedelta(days=14) - MINUTE) == 0
    assert sweep(timedelta(days=14) + MINUTE) == 1
    assert state_of(interview) == InterviewState.EXPIRED


def test_candidate_who_is_preparing_has_half_an_hour_more() -> None:
    interview = InterviewFactory.create(state=InterviewState.INVITED)
    prepare_interview(interview.pk)
    window = interview.invitation.expires_at - now()

    assert sweep(window + PREPARING_GRACE - MINUTE) == 0
    assert sweep(window + PREPARING_GRACE + MINUTE) == 1
    assert state_of(interview) == InterviewState.EXPIRED


def test_start_shortly_before_the_window_closes_has_the_whole_time() -> None:
    interview = InterviewFactory.create(
        state=InterviewState.PREPARING,
        invitation__expires_at=now() + 5 * MINUTE,
    )
    started = start_interview(interview.pk)
    assert started.started_at is not None
    Interview.objects.update(last_seen_at=now() + 59 * MINUTE)

    assert sweep(59 * MINUTE) == 0
    assert started.ends_at == started.started_at + 60 * MINUTE


@pytest.mark.parametrize(
    ("factor", "lines", "minutes"),
    [
        (Decimal("1"), [("start", 3600)], 60),
        (Decimal("1.5"), [("start", 3600), ("factor", 1800)], 90),
        (Decimal("1.33"), [("start", 3600), ("factor", 1188)], 79.8),
        (Decimal("4"), [("start", 3600), ("factor", 10800)], 240),
    ],
    ids=["none", "half as much again", "no whole minutes", "most"],
)
def test_extra_time_agreed_is_a_line_of_its_own(
    factor: Decimal, lines: list[tuple[str, int]], minutes: float
) -> None:
    interview = start(60, invitation__time_factor=factor)

    assert list(interview.time_entries.values_list("kind", "seconds")) == lines
    assert interview.started_at is not None
    assert interview.ends_at == interview.started_at + minutes * MINUTE
    assert not interview.time_entries.exclude(reason="").exists()


def test_never_returned_to_ends_as_abandoned_at_its_deadline() -> None:
    interview = start(60)
    Interview.objects.update(last_seen_at=now() + 20 * MINUTE)

    assert sweep(59 * MINUTE) == 0
    assert sweep(61 * MINUTE) == 1

    assert state_of(interview) == InterviewState.ABANDONED
    assert interview.ended_at == interview.ends_at


def test_extension_keeps_it_open_until_the_new_end() -> None:
    interview = start(60)
    extend_interview(interview.pk, seconds=1800, reason="x", actor=None)
    Interview.objects.update(last_seen_at=now() + 85 * MINUTE)

    assert sweep(89 * MINUTE) == 0
    assert sweep(91 * MINUTE) == 1
    assert state_of(interview) == InterviewState.COMPLETED


@pytest.mark.parametrize(
    ("minutes", "patience"),
    [(90, 60), (120, 60), (240, 120)],
    ids=["an hour at least", "an hour", "half of a long time"],
)
def test_nobody_there_for_very_long_ends_it_early(minutes: int, patience: int) -> None:
    interview = start(minutes)
    seen = 10
    Interview.objects.update(last_seen_at=now() + seen * MINUTE)

    assert sweep((seen + patience - 1) * MINUTE) == 0
    assert sweep((seen + patience + 1) * MINUTE) == 1

    assert state_of(interview) == InterviewState.ABANDONED
    assert interview.ended_at is not None
    assert interview.ends_at is not None
    assert interview.ended_at < interview.ends_at
    reason = interview.events.get(payload__after="abandoned").payload["reason"]
    assert reason == "nobody there"


def test_extra_time_makes_for_more_patience() -> None:
    interview = start(120, invitation__time_factor=Decimal(2))
    Interview.objects.update(last_seen_at=now())

    assert sweep(119 * MINUTE) == 0
    assert sweep(121 * MINUTE) == 1
    assert state_of(interview) == InterviewState.ABANDONED


def test_open_page_without_input_is_never_ended_early() -> None:
    interview = start(240)
    process = new_uuid()
    with time_machine.travel(now() + 200 * MINUTE, tick=False):
        open_attendance(
            interview.pk, process_id=process, started_at=now(), token="window"
        )
        assert end_overdue_interviews() == 0

    assert state_of(interview) == InterviewState.ACTIVE


def test_our_own_absence_is_not_the_candidates() -> None:
    interview = start(240)
    Interview.objects.update(last_seen_at=now())
    open_attendance(
        interview.pk, process_id=new_uuid(), started_at=now(), token="window"
    )

    # The process was killed at once; nobody serves for two and a half hours.
    assert sweep(150 * MINUTE) == 0

    assert state_of(interview) == InterviewState.ACTIVE
    assert interview.faults.get().ended_at is None


def test_given_time_is_waited_for_before_it_counts_as_left() -> None:
    interview = start(300)
    Interview.objects.update(last_seen_at=now())
    with time_machine.travel(now() + 100 * MINUTE, tick=False):
        extend_interview(interview.pk, seconds=600, reason="x", actor=None)

    assert sweep(200 * MINUTE) == 0
    assert sweep(260 * MINUTE) == 1


def test_reopened_interview_is_not_ended_because_of_the_time_before() -> None:
    interview = start(60)
    Interview.objects.update(last_seen_at=now() + 55 * MINUTE)
    sweep(61 * MINUTE)
    with time_machine.travel(now() + timedelta(days=1), tick=False):
        reopen_interview(interview.pk, seconds=7200, reason="x", actor=None)
        assert end_overdue_interviews() == 0
    assert state_of(interview) == InterviewState.ACTIVE

    assert sweep(timedelta(days=1, minutes=61)) == 1
    assert state_of(interview) == InterviewState.ABANDONED


def test_steps_wait_for_work_that_was_on_its_way_when_time_ran_out() -> None:
    interview = start(60)
    with time_machine.travel(now() + 60 * MINUTE, tick=False):
        end_overdue_interviews()

    assert state_of(interview) == InterviewState.ABANDONED
    assert interview.ends_at is not None
    due = {step.next_try_at for step in PipelineStep.objects.all()}
    assert due == {interview.ends_at + GRACE}


def test_ledger_adds_up_after_everything() -> None:
    interview = start(60, invitation__time_factor=Decimal("1.5"))
    extend_interview(interview.pk, seconds=300, reason="x", actor=None)
    interview.refresh_from_db()

    total = sum(interview.time_entries.values_list("seconds", flat=True))
    assert total == (60 * 1.5 + 5) * 60
    assert interview.started_at is not None
    assert interview.ends_at == interview.started_at + timedelta(seconds=total)
    assert interview.time_entries.filter(kind=TimeEntryKind.FACTOR).count() == 1
