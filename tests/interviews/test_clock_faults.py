"""Faults of ours: proven once, given back within limits, offered after the end."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from accounts.models import AuditEntry
from base.clock import at_time, now
from interviews.enums import FaultCause, InterviewState, TimeEntryKind
from interviews.errors import WrongStateError
from interviews.models import Event, Fault, Interview
from interviews.selectors.clock import list_lasting, list_lines, read_faults
from interviews.services import decisions
from interviews.services.faults import (
    begin_fault,
    end_faults,
    read_offer,
    report_fault,
    settle_near_end,
)
from interviews.services.lifecycle import (
    cancel_interview,
    end_overdue_interview,
    finish_interview,
    reopen_interview,
)
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def interview() -> Interview:
    """An hour's interview, five minutes old."""
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def moment(interview: Interview, seconds: float) -> datetime:
    """The moment so many seconds after the start."""
    assert interview.started_at is not None
    return interview.started_at + timedelta(seconds=seconds)


def report(
    interview: Interview,
    began: float,
    ended: float,
    *,
    cause: str = FaultCause.MODEL,
    key: str = "",
) -> Fault | None:
    return report_fault(
        interview.pk,
        cause=cause,
        key=key or f"{cause}:{began}",
        began_at=moment(interview, began),
        ended_at=moment(interview, ended),
        detail="overloaded",
    )


def given(interview: Interview) -> list[tuple[str, int]]:
    lines = interview.time_entries.filter(kind=TimeEntryKind.CREDIT)
    return list(lines.values_list("cause", "seconds"))


def test_fault_gives_its_time_back_with_line_event_and_reason(
    interview: Interview,
) -> None:
    before = interview.ends_at
    assert before is not None

    fault = report(interview, 60, 100.7)

    interview.refresh_from_db()
    assert interview.ends_at == before + timedelta(seconds=40)
    assert fault is not None
    assert (fault.seconds, fault.credit and fault.credit.seconds) == (40, 40)
    event = Event.objects.get(interview=interview, kind="clock.changed")
    assert (event.version, event.payload["cause"]) == (2, "model")
    assert list_lines(interview)[-1] == {
        "kind": "credit",
        "ms": 40_000,
        "reason": "The assistant's model failed",
        "cause": "model",
    }


def test_credit_is_told_to_open_windows(
    interview: Interview,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        report(interview, 60, 100)

    assert len(callbacks) == 1


def test_same_key_gives_time_once(interview: Interview) -> None:
    first = report(interview, 60, 100, key="turn:1")
    again = report(interview, 60, 200, key="turn:1")

    assert again == first
    assert given(interview) == [("model", 40)]


def test_overlapping_faults_of_several_causes_count_once(interview: Interview) -> None:
    report(interview, 60, 100)
    report(interview, 80, 130, cause=FaultCause.SANDBOX)
    report(interview, 70, 90, cause=FaultCause.RESTART)

    assert given(interview) == [("model", 40), ("sandbox", 30)]
    notes = {line.fault.cause: line.note for line in read_faults(interview)}
    assert notes["restart"] == "Counted with another fault."


def test_short_fault_is_on_record_and_gives_nothing(interview: Interview) -> None:
    fault = report(interview, 60, 64)

    assert fault is not None
    assert (fault.seconds, fault.credit) == (4, None)
    assert given(interview) == []
    assert read_faults(interview)[0].note == "Too short to be given back."


def test_cause_has_its_limit_and_the_excess_is_on_record(
    interview: Interview, settings: Settings
) -> None:
    settings.CREDIT_SECONDS = {**settings.CREDIT_SECONDS, "model": 100}

    report(interview, 10, 90)
    report(interview, 100, 190)

    assert given(interview) == [("model", 80), ("model", 20)]
    line = read_faults(interview)[1]
    assert (line.fault.seconds, line.given) == (90, 20)
    assert line.note.startswith("1 min 10 s were not given back: the limit is 1 min")


def test_all_together_have_a_third_of_the_agreed_time(
    interview: Interview, settings: Settings
) -> None:
    settings.CREDIT_SECONDS = dict.fromkeys(FaultCause.values, 3000)
    interview.time_entries.update(seconds=600)

    report(interview, 0, 150)
    report(interview, 150, 290, cause=FaultCause.SANDBOX)
    report(interview, 290, 299, cause=FaultCause.SOCKET)

    assert given(interview) == [("model", 150), ("sandbox", 50)]


def test_extension_does_not_raise_the_limit(
    interview: Interview, settings: Settings
) -> None:
    interview.time_entries.update(seconds=60)
    interview.time_entries.create(kind=TimeEntryKind.EXTENSION, seconds=6000)

    report(interview, 0, 150)

    assert given(interview) == [("model", 20)]


@pytest.mark.parametrize(
    "state",
    [
        InterviewState.INVITED,
        InterviewState.PREPARING,
        InterviewState.CANCELLED,
        InterviewState.EXPIRED,
    ],
)
def test_fault_before_the_start_or_of_no_interview_takes_nothing(state: str) -> None:
    interview = InterviewFactory.create(state=state)

    fault = report_fault(
        interview.pk,
        cause=FaultCause.RESTART,
        key="x",
        began_at=now() - timedelta(minutes=5),
        ended_at=now(),
    )

    assert fault is None
    assert not Fault.objects.exists()


def test_only_what_is_after_the_start_counts(interview: Interview) -> None:
    report(interview, -100, 20)

    assert given(interview) == [("model", 20)]


def test_lasting_fault_is_shown_and_gives_its_time_when_it_ends(
    interview: Interview,
) -> None:
    for key in ("sandbox:1", "sandbox:2"):
        begin_fault(
            interview.pk,
            cause=FaultCause.SANDBOX,
            key=key,
            began_at=moment(interview, 60),
        )
    assert [one["label"] for one in list_lasting(interview)] == [
        "Code could not be run"
    ]

    for _ in range(2):
        end_faults(interview.pk, causes=[FaultCause.SANDBOX], at=moment(interview, 150))

    assert given(interview) == [("sandbox", 90)]
    assert list_lasting(interview) == []


def test_time_does_not_run_out_while_a_fault_of_ours_lasts(
    interview: Interview,
) -> None:
    assert interview.ends_at is not None
    ends_at = interview.ends_at
    begin_fault(
        interview.pk,
        cause=FaultCause.SANDBOX,
        key="sandbox:1",
        began_at=ends_at - timedelta(seconds=90),
    )
    with at_time(ends_at):
        assert end_overdue_interview(interview.pk) is False
    interview.refresh_from_db()
    assert interview.ends_at == ends_at + timedelta(seconds=90)
    with at_time(interview.ends_at):
        assert end_overdue_interview(interview.pk) is False
    end_faults(
        interview.pk, causes=[FaultCause.SANDBOX], at=ends_at + timedelta(seconds=100)
    )

    keys = interview.faults.order_by("pk").values_list("key", "seconds")
    assert list(keys) == [("sandbox:1", 90), ("sandbox:1#2", 90), ("sandbox:1#3", 10)]
    assert sum(seconds for _cause, seconds in given(interview)) == 190


def test_lasting_fault_holds_the_end_up_to_its_limit_only(
    interview: Interview, settings: Settings
) -> None:
    settings.CREDIT_SECONDS = {**settings.CREDIT_SECONDS, "sandbox": 60}
    assert interview.ends_at is not None
    ends_at = interview.ends_at
    Interview.objects.update(last_seen_at=ends_at)
    begin_fault(
        interview.pk,
        cause=FaultCause.SANDBOX,
        key="sandbox:1",
        began_at=ends_at - timedelta(seconds=300),
    )
    with at_time(ends_at):
        assert end_overdue_interview(interview.pk) is False
    with at_time(ends_at + timedelta(seconds=60)):
        assert end_overdue_interview(interview.pk) is True

    assert given(interview) == [("sandbox", 60)]
    assert not read_offer(Interview.objects.get()).seconds
    assert not interview.faults.filter(ended_at=None).exists()


def test_lasting_fault_is_settled_just_before_the_end(interview: Interview) -> None:
    assert interview.ends_at is not None
    begin_fault(
        interview.pk,
        cause=FaultCause.SANDBOX,
        key="sandbox:1",
        began_at=interview.ends_at - timedelta(seconds=65),
    )
    with at_time(interview.ends_at - timedelta(seconds=20)):
        settle_near_end(timedelta(seconds=6))
        assert given(interview) == []
    with at_time(interview.ends_at - timedelta(seconds=5)):
        settle_near_end(timedelta(seconds=6))

    assert given(interview) == [("sandbox", 60)]
    assert interview.faults.filter(ended_at=None).count() == 1


def end(interview: Interview, seconds: float) -> None:
    """Let the candidate finish so many seconds after the start."""
    with at_time(moment(interview, seconds)):
        finish_interview(interview.pk)
    interview.refresh_from_db()


def test_fault_proven_after_the_end_is_offered_not_given(interview: Interview) -> None:
    end(interview, 250)

    fault = report(interview, 100, 300)

    assert fault is not None
    assert (fault.seconds, fault.is_offered, fault.credit) == (150, True, None)
    assert given(interview) == []
    assert read_offer(interview).seconds == 150


def test_fault_that_lasts_at_the_end_is_offered(interview: Interview) -> None:
    begin_fault(
        interview.pk,
        cause=FaultCause.SANDBOX,
        key="sandbox:1",
        began_at=moment(interview, 100),
    )
    end(interview, 200)

    assert read_offer(interview).seconds == 100


def test_credit_that_nobody_could_use_any_more_is_offered(interview: Interview) -> None:
    assert interview.ends_at is not None
    ends_at = interview.ends_at
    with at_time(ends_at + timedelta(hours=2)):
        fault = report_fault(
            interview.pk,
            cause=FaultCause.RESTART,
            key="restart:1",
            began_at=ends_at - timedelta(minutes=5),
            ended_at=ends_at + timedelta(hours=2),
        )
        end_overdue_interview(interview.pk)

    assert fault is not None
    assert fault.is_offered
    interview.refresh_from_db()
    assert interview.ended_at == ends_at
    assert read_offer(interview).seconds == 300


def test_offers_count_once_and_within_limits(
    interview: Interview, settings: Settings
) -> None:
    settings.CREDIT_SECONDS = {**settings.CREDIT_SECONDS, "sandbox": 30}
    end(interview, 280)
    report(interview, 100, 150)
    report(interview, 120, 200, cause=FaultCause.SANDBOX)
    report(interview, 110, 140, cause=FaultCause.RESTART)

    assert read_offer(interview).seconds == 50 + 30


def test_reopening_for_faults_gives_exactly_the_time_lost_and_is_audited(
    interview: Interview, people: People
) -> None:
    end(interview, 250)
    report(interview, 100, 200)
    report(interview, 150, 230, cause=FaultCause.SANDBOX)

    decisions.give_back(interview.pk, actor=people.recruiter)

    interview.refresh_from_db()
    assert interview.state == InterviewState.ACTIVE
    assert interview.ends_at is not None
    assert 128 < (interview.ends_at - now()).total_seconds() <= 130
    assert given(interview) == [("model", 100), ("sandbox", 30)]
    assert not interview.faults.filter(is_offered=True).exists()
    entry = AuditEntry.objects.get(action="interview.reopened")
    assert entry.details == {"seconds": 130, "reason": "faults"}
    with pytest.raises(WrongStateError):
        decisions.give_back(interview.pk, actor=people.recruiter)


def test_nothing_is_reopened_without_lost_time(
    interview: Interview, people: People
) -> None:
    end(interview, 250)

    with pytest.raises(WrongStateError):
        decisions.give_back(interview.pk, actor=people.recruiter)


def test_time_while_the_interview_was_closed_is_not_lost(interview: Interview) -> None:
    end(interview, 100)
    with at_time(moment(interview, 200)):
        reopen_interview(interview.pk, seconds=900, reason="x", actor=None)

    report(interview, 90, 230)

    assert given(interview) in [[("model", 40)], [("model", 39)]]


def test_cancelled_interview_is_given_nothing(interview: Interview) -> None:
    cancel_interview(interview.pk, reason="", actor=None)

    assert report(interview, 60, 100) is None
