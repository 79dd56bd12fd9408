"""A web process that goes away takes time, the candidate's own going does not."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from base.clock import at_time, now
from base.ids import new_token, new_uuid
from interviews.enums import FaultCause, InterviewState, TimeEntryKind
from interviews.models import Attendance, Interview, WebProcess
from interviews.services.attendance import (
    DEAD_AFTER,
    KEPT,
    RETURN_WITHIN,
    beat,
    close_attendance,
    open_attendance,
    register_process,
    stop_process,
)
from interviews.services.faults import read_offer
from interviews.services.lifecycle import end_overdue_interview, end_overdue_interviews
from interviews.services.restarts import resolve_lost, welcome_back
from tests.factories.interviews import InterviewFactory

pytestmark = pytest.mark.django_db

START = now().replace(microsecond=0)


@pytest.fixture
def interview() -> Interview:
    """An interview that began at START."""
    made: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, started_at=START
    )
    made.time_entries.update(at=START)
    return made


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


class Process:
    """A web process as its rows show it; every method takes the moment first."""

    def __init__(self, seconds: float) -> None:
        self.id: UUID = new_uuid()
        self.started_at = at(seconds)
        with at_time(at(seconds)):
            register_process(self.id, self.started_at)

    def meet(self, seconds: float, interview: Interview) -> str:
        """The candidate connects; returns the socket's token."""
        token = new_token()
        with at_time(at(seconds)):
            open_attendance(
                interview.pk,
                process_id=self.id,
                started_at=self.started_at,
                token=token,
            )
            welcome_back(interview.pk)
        return token

    def beat(self, seconds: float) -> None:
        with at_time(at(seconds)):
            beat(self.id, self.started_at)

    def stop(self, seconds: float) -> None:
        with at_time(at(seconds)):
            stop_process(self.id)


def look(seconds: float) -> None:
    """Another process, or the worker, looks for what was lost."""
    with at_time(at(seconds)):
        resolve_lost()


def given(interview: Interview) -> list[int]:
    lines = interview.time_entries.filter(
        kind=TimeEntryKind.CREDIT, cause=FaultCause.RESTART
    )
    return list(lines.values_list("seconds", flat=True))


def test_killed_process_gives_back_from_its_last_heartbeat_to_the_return(
    interview: Interview,
) -> None:
    killed = Process(-60)
    killed.meet(0, interview)
    killed.beat(100)
    started = Process(104)
    started.meet(107, interview)
    look(108)
    assert given(interview) == []

    for seconds in (111, 113, 200):
        started.beat(seconds)
        look(seconds)

    assert given(interview) == [7]
    fault = interview.faults.get()
    assert (fault.began_at, fault.ended_at) == (at(100), at(107))


def test_process_stopped_in_order_gives_back_at_once(interview: Interview) -> None:
    stopped = Process(-60)
    stopped.meet(0, interview)
    stopped.stop(100)

    Process(106).meet(109, interview)

    assert given(interview) == [9]


def test_return_to_a_process_that_was_there_all_the_time(interview: Interview) -> None:
    other, killed = Process(-60), Process(-60)
    killed.meet(0, interview)
    killed.beat(100)

    other.meet(106, interview)
    look(106 + DEAD_AFTER.total_seconds())

    assert given(interview) == [6]


def test_quick_return_is_on_record_and_too_short_to_give(interview: Interview) -> None:
    stopped = Process(-60)
    stopped.meet(0, interview)
    stopped.stop(100)

    Process(101).meet(102, interview)

    assert given(interview) == []
    assert interview.faults.get().seconds == 2


def test_own_going_gives_nothing_even_if_the_process_goes_later(
    interview: Interview,
) -> None:
    process = Process(-60)
    token = process.meet(0, interview)
    with at_time(at(50)):
        close_attendance(token)
    process.beat(100)

    later = Process(130)
    later.meet(140, interview)
    later.beat(199)
    look(200)

    assert given(interview) == []
    assert not interview.faults.exists()


def test_staying_away_after_we_are_back_is_the_candidates_own(
    interview: Interview,
) -> None:
    killed = Process(-60)
    killed.meet(0, interview)
    killed.beat(100)
    back = Process(110)
    look(115)
    assert interview.faults.get().ended_at is None

    back.meet(900, interview)

    expected = 10 + RETURN_WITHIN.total_seconds()
    assert given(interview) == [expected]


def test_another_window_on_a_living_process_means_nothing_was_lost(
    interview: Interview,
) -> None:
    living, killed = Process(-60), Process(-60)
    living.meet(0, interview)
    killed.meet(5, interview)
    killed.beat(100)
    living.beat(111)

    look(112)

    assert given(interview) == []
    assert not interview.faults.exists()


def test_two_windows_of_one_process_are_one_loss(interview: Interview) -> None:
    killed = Process(-60)
    killed.meet(0, interview)
    killed.meet(1, interview)
    killed.beat(100)
    back = Process(105)
    back.meet(108, interview)
    back.meet(109, interview)

    look(120)
    look(121)

    assert given(interview) == [8]


def test_second_restart_right_after_the_first_is_counted_on(
    interview: Interview,
) -> None:
    first = Process(-60)
    first.meet(0, interview)
    first.stop(100)
    second = Process(104)
    second.meet(108, interview)
    second.stop(110)

    Process(114).meet(120, interview)

    assert given(interview) == [8, 10]


def test_interview_is_not_ended_while_we_are_away(interview: Interview) -> None:
    killed = Process(-60)
    killed.meet(0, interview)
    killed.beat(3550)
    with at_time(at(3601)):
        assert end_overdue_interviews() == 0
    interview.refresh_from_db()
    assert interview.ends_at == at(3651)

    back = Process(3640)
    back.meet(3645, interview)

    # Fifty seconds were left when the process was killed, and they are again.
    interview.refresh_from_db()
    assert interview.ends_at == at(3645 + 50)
    assert given(interview) == [51, 44]


def test_away_for_longer_than_the_limit_ends_it_as_completed_with_an_offer(
    interview: Interview,
) -> None:
    Interview.objects.update(last_seen_at=at(3000))
    killed = Process(-60)
    killed.meet(0, interview)
    killed.beat(3000)

    with at_time(at(3 * 3600)):
        assert end_overdue_interviews() == 1

    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED
    assert interview.ended_at == at(3600)
    assert read_offer(interview).seconds == 600
    assert not Attendance.objects.filter(closed_at=None).exists()


def test_restart_found_only_after_the_end_is_offered(interview: Interview) -> None:
    killed = Process(-60)
    killed.meet(0, interview)
    killed.beat(3580)
    with at_time(at(3600)):
        Interview.objects.update(last_seen_at=at(3580))
        assert end_overdue_interview(interview.pk)

    look(3605)

    interview.refresh_from_db()
    assert given(interview) == []
    assert read_offer(interview).seconds == 20


def test_nobody_is_written_down_before_the_start() -> None:
    waiting = InterviewFactory.create(state=InterviewState.PREPARING)

    Process(0).meet(1, waiting)

    assert not Attendance.objects.exists()


def test_rows_of_processes_long_gone_are_forgotten(interview: Interview) -> None:
    gone, unresolved = Process(0), Process(0)
    unresolved.meet(1, interview)

    later = Process(KEPT.total_seconds() + 60)

    kept = set(WebProcess.objects.values_list("pk", flat=True))
    assert kept == {unresolved.id, later.id}
    assert gone.id not in kept
