"""The only place that changes an interview's state or its time.

Each function locks the interview, checks the state, writes state, ledger and event
in one transaction. `actor` is the member who asked, None for candidate and system.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from base.clock import now
from interviews.enums import InterviewState, Origin, TimeEntryKind
from interviews.errors import InterviewEndedError, InterviewError, WrongStateError
from interviews.models import Interview, Invitation, TimeEntry
from interviews.notifications import announce_clock, announce_end
from interviews.pipeline import start_pipeline
from interviews.timeline.kinds import ClockChanged, StateChanged
from interviews.timeline.log import append_event

logger = logging.getLogger(__name__)

UNSTARTED_STATES = (InterviewState.INVITED, InterviewState.PREPARING)
OPEN_STATES = (*UNSTARTED_STATES, InterviewState.ACTIVE)
ENDED_STATES = (InterviewState.COMPLETED, InterviewState.ABANDONED)
ABANDONED_AFTER = timedelta(minutes=10)


def lock_interview(interview_id: UUID) -> Interview:
    """Return the interview's row, locked until the transaction ends.

    Without the key: whoever appends an event meanwhile checks its foreign key
    against this row, and must not wait for us while we wait for the cursor.
    """
    return Interview.objects.select_for_update(no_key=True).get(pk=interview_id)


def require_active(interview: Interview) -> None:
    """Raise unless the candidate may work now: active, and time left."""
    if interview.state in (*ENDED_STATES, InterviewState.CANCELLED):
        raise InterviewEndedError
    if interview.state != InterviewState.ACTIVE:
        raise WrongStateError(_("The interview has not started."))
    if interview.ends_at is None or interview.ends_at <= now():
        raise InterviewEndedError


def _change_state(
    interview: Interview,
    after: str,
    *,
    origin: str,
    reason: str = "",
    actor: User | None = None,
) -> None:
    before, interview.state = interview.state, after
    interview.save(
        update_fields=[
            "state",
            "started_at",
            "ends_at",
            "ended_at",
            "device_checked_at",
        ]
    )
    append_event(
        interview,
        StateChanged(
            before=before,
            after=after,
            reason=reason,
            actor=actor.pk if actor else None,
        ),
        origin=origin,
    )


def _add_time(
    interview: Interview,
    kind: str,
    seconds: int,
    *,
    reason: str = "",
    actor: User | None = None,
) -> None:
    """Write a ledger line, set `ends_at` to the start plus their sum, and log it."""
    TimeEntry.objects.create(
        interview=interview, kind=kind, seconds=seconds, reason=reason, actor=actor
    )
    total = interview.time_entries.aggregate(total=Sum("seconds"))["total"] or 0
    started_at = interview.started_at or now()
    interview.ends_at = started_at + timedelta(seconds=total)
    interview.save(update_fields=["ends_at"])
    append_event(
        interview,
        ClockChanged(
            entry=kind,
            seconds=seconds,
            ends_at=interview.ends_at.isoformat(),
            reason=reason,
            actor=actor.pk if actor else None,
        ),
        origin=Origin.SYSTEM,
    )
    announce_clock(interview)


@transaction.atomic
def prepare_interview(interview_id: UUID) -> Interview:
    """The candidate agreed and goes on to the device check; repeatable."""
    interview = lock_interview(interview_id)
    if interview.state == InterviewState.INVITED:
        _change_state(interview, InterviewState.PREPARING, origin=Origin.CANDIDATE)
    return interview


@transaction.atomic
def start_interview(interview_id: UUID) -> Interview:
    """Start the clock; repeatable. Raises WrongStateError before the consent."""
    interview = lock_interview(interview_id)
    if interview.state == InterviewState.ACTIVE:
        return interview
    if interview.state != InterviewState.PREPARING:
        raise WrongStateError
    interview.started_at = now()
    _change_state(interview, InterviewState.ACTIVE, origin=Origin.CANDIDATE)
    minutes = interview.assessment_version.duration_minutes
    _add_time(interview, TimeEntryKind.START, minutes * 60)
    return interview


def _end(
    interview: Interview, after: str, *, origin: str, reason: str, at: datetime | None
) -> None:
    interview.ended_at = at or now()
    _change_state(interview, after, origin=origin, reason=reason)
    start_pipeline(interview)
    announce_end(interview)


@transaction.atomic
def finish_interview(interview_id: UUID) -> Interview:
    """The candidate finishes; repeatable. Raises WrongStateError before the start."""
    interview = lock_interview(interview_id)
    if interview.state in ENDED_STATES:
        return interview
    if interview.state != InterviewState.ACTIVE:
        raise WrongStateError
    _end(
        interview,
        InterviewState.COMPLETED,
        origin=Origin.CANDIDATE,
        reason="finished",
        at=None,
    )
    return interview


@transaction.atomic
def extend_interview(
    interview_id: UUID, *, seconds: int, reason: str, actor: User | None
) -> Interview:
    """Give a running interview more time. Raises WrongStateError otherwise."""
    interview = lock_interview(interview_id)
    if interview.state != InterviewState.ACTIVE:
        raise WrongStateError(_("Only a running interview can be extended."))
    _add_time(interview, TimeEntryKind.EXTENSION, seconds, reason=reason, actor=actor)
    return interview


@transaction.atomic
def reopen_interview(
    interview_id: UUID, *, seconds: int, reason: str, actor: User | None
) -> Interview:
    """Let an ended interview go on with `seconds` left.

    How long it was closed, and time the candidate had not used, are lines of their
    own: the ledger adds up, and neither counts as worked.
    """
    interview = lock_interview(interview_id)
    ended_at, ends_at = interview.ended_at, interview.ends_at
    if interview.state not in ENDED_STATES or ended_at is None or ends_at is None:
        raise WrongStateError(_("Only an ended interview can be reopened."))
    interview.ended_at = None
    _change_state(
        interview,
        InterviewState.ACTIVE,
        origin=Origin.SYSTEM,
        reason=reason,
        actor=actor,
    )
    unused = max(0, int((ends_at - ended_at).total_seconds()))
    closed = int((now() - ends_at).total_seconds() + unused)
    _add_time(interview, TimeEntryKind.STOPPED, closed, reason=reason, actor=actor)
    if unused:
        left = _("Time left when the interview ended")
        _add_time(interview, TimeEntryKind.EXTENSION, -unused, reason=left, actor=actor)
    _add_time(interview, TimeEntryKind.EXTENSION, seconds, reason=reason, actor=actor)
    return interview


@transaction.atomic
def cancel_interview(
    interview_id: UUID, *, reason: str, actor: User | None
) -> Interview:
    """Take an interview back before or while it runs."""
    interview = lock_interview(interview_id)
    if interview.state not in OPEN_STATES:
        raise WrongStateError(_("This interview is over and cannot be cancelled."))
    interview.ended_at = now()
    _change_state(
        interview,
        InterviewState.CANCELLED,
        origin=Origin.SYSTEM,
        reason=reason,
        actor=actor,
    )
    announce_end(interview)
    return interview


@transaction.atomic
def expire_interview(interview_id: UUID) -> bool:
    """Close an interview nobody started in its window; False if it changed."""
    interview = lock_interview(interview_id)
    if interview.state not in UNSTARTED_STATES:
        return False
    if interview.invitation.expires_at > now():
        return False
    _change_state(
        interview, InterviewState.EXPIRED, origin=Origin.SYSTEM, reason="window over"
    )
    return True


@transaction.atomic
def end_overdue_interview(interview_id: UUID) -> bool:
    """End an interview whose time is up; False if it got time or ended meanwhile.

    It counts as abandoned when the candidate was not seen in the last ten minutes
    of it, as completed otherwise.
    """
    interview = lock_interview(interview_id)
    ends_at = interview.ends_at
    if interview.state != InterviewState.ACTIVE or ends_at is None or ends_at > now():
        return False
    seen_at = interview.last_seen_at or interview.started_at or ends_at
    is_abandoned = seen_at < ends_at - ABANDONED_AFTER
    _end(
        interview,
        InterviewState.ABANDONED if is_abandoned else InterviewState.COMPLETED,
        origin=Origin.SYSTEM,
        reason="time is up",
        at=ends_at,
    )
    return True


def end_overdue_interviews() -> int:
    """End what is overdue and expire unused invitations; return how many changed."""
    overdue = Interview.objects.filter(
        state=InterviewState.ACTIVE, ends_at__lte=now()
    ).values_list("pk", flat=True)
    unused = Invitation.objects.filter(
        expires_at__lte=now(), interview__state__in=UNSTARTED_STATES
    ).values_list("interview__pk", flat=True)
    return _each(overdue, end_overdue_interview) + _each(unused, expire_interview)


def _each(interview_ids: Iterable[UUID], change: Callable[[UUID], bool]) -> int:
    changed = 0
    for interview_id in list(interview_ids):
        try:
            changed += change(interview_id)
        except InterviewError:
            logger.warning("Interview %s could not be ended", interview_id)
    return changed
