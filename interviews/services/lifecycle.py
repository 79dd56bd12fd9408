"""The only place that changes an interview's state or its time.

Each function locks the interview, checks the state, writes state, ledger and event
in one transaction. `actor` is the member who asked, None for candidate and system.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from base.clock import now
from interviews.enums import (
    ENDED_STATES,
    FaultCause,
    InterviewState,
    Origin,
    TimeEntryKind,
)
from interviews.errors import InterviewError, WrongStateError
from interviews.models import Interview
from interviews.notifications import announce_end
from interviews.pipeline import start_pipeline
from interviews.selectors.clock import agreed_seconds
from interviews.services.attendance import is_attended
from interviews.services.clock import (
    GRACE,
    OPEN_STATES,
    PREPARING_GRACE,
    UNSTARTED_STATES,
    add_time,
    base_seconds,
    extra_seconds,
    lock_interview,
    require_active,
    starts_until,
)
from interviews.services.faults import (
    close_open_faults,
    grant,
    read_offer,
    settle_open_faults,
)
from interviews.services.restarts import resolve_lost
from interviews.timeline.kinds import StateChanged
from interviews.timeline.log import append_event

__all__ = [
    "OPEN_STATES",
    "UNSTARTED_STATES",
    "cancel_interview",
    "end_absent_interview",
    "end_overdue_interview",
    "end_overdue_interviews",
    "expire_interview",
    "extend_interview",
    "finish_interview",
    "lock_interview",
    "prepare_interview",
    "reopen_for_faults",
    "reopen_interview",
    "require_active",
    "start_interview",
]

logger = logging.getLogger(__name__)

ABANDONED_AFTER = timedelta(minutes=10)


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
    invitation = interview.invitation
    add_time(interview, TimeEntryKind.START, base_seconds(invitation))
    extra = extra_seconds(invitation)
    if extra:
        add_time(interview, TimeEntryKind.FACTOR, extra)
    return interview


def _end(
    interview: Interview, after: str, *, origin: str, reason: str, at: datetime | None
) -> None:
    interview.ended_at = at or now()
    _change_state(interview, after, origin=origin, reason=reason)
    close_open_faults(interview)
    # What was on its way when time ran out still comes in.
    is_time_up = interview.ended_at == interview.ends_at
    start_pipeline(
        interview, not_before=interview.ended_at + GRACE if is_time_up else None
    )
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
    add_time(interview, TimeEntryKind.EXTENSION, seconds, reason=reason, actor=actor)
    return interview


@transaction.atomic
def reopen_interview(
    interview_id: UUID, *, seconds: int, reason: str, actor: User | None
) -> Interview:
    """Let an ended interview go on with `seconds` left."""
    interview = lock_interview(interview_id)
    _reopen(interview, reason=reason, actor=actor)
    add_time(interview, TimeEntryKind.EXTENSION, seconds, reason=reason, actor=actor)
    return interview


@transaction.atomic
def reopen_for_faults(interview_id: UUID, *, actor: User | None) -> int:
    """Let an ended interview go on with the time that faults proven too late took.

    Returns the seconds given. Raises WrongStateError where there are none.
    """
    interview = lock_interview(interview_id)
    offer = read_offer(interview)
    if not offer.seconds:
        raise WrongStateError(_("There is no lost time to give back."))
    _reopen(interview, reason=_("Time lost to a fault"), actor=actor)
    for fault, seconds in offer.shares:
        grant(interview, fault, seconds)
    return offer.seconds


def _reopen(interview: Interview, *, reason: str, actor: User | None) -> None:
    """Make an ended interview active, with no time left.

    How long it was closed, and time the candidate had not used, are lines of their
    own: the ledger adds up, and neither counts as worked.
    """
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
    add_time(interview, TimeEntryKind.STOPPED, closed, reason=reason, actor=actor)
    if unused:
        left = _("Time left when the interview ended")
        add_time(interview, TimeEntryKind.EXTENSION, -unused, reason=left, actor=actor)


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
    if interview.state not in UNSTARTED_STATES or starts_until(interview) > now():
        return False
    _change_state(
        interview, InterviewState.EXPIRED, origin=Origin.SYSTEM, reason="window over"
    )
    return True


@transaction.atomic
def end_overdue_interview(interview_id: UUID) -> bool:
    """End an interview whose time is up; False if it got time or ended meanwhile.

    A fault of ours that lasts gives its time first. It counts as abandoned when the
    candidate was not seen in the last ten minutes of it, as completed otherwise.
    """
    interview = lock_interview(interview_id)
    if not _is_over(interview):
        return False
    is_kept_out = _is_kept_out(interview)
    settle_open_faults(interview)
    if not _is_over(interview):
        return False
    ends_at = interview.ends_at or now()
    is_gone = _last_sign(interview) < ends_at - ABANDONED_AFTER
    is_abandoned = is_gone and not is_kept_out
    _end(
        interview,
        InterviewState.ABANDONED if is_abandoned else InterviewState.COMPLETED,
        origin=Origin.SYSTEM,
        reason="time is up",
        at=ends_at,
    )
    return True


@transaction.atomic
def end_absent_interview(interview_id: UUID) -> bool:
    """End an interview where nobody was for very long, although time is left.

    Very long is an hour and half of the agreed time, since the candidate was last
    connected and since time was last given. Our own going away does not count.
    """
    interview = lock_interview(interview_id)
    if interview.state != InterviewState.ACTIVE or is_attended(interview_id):
        return False
    patience = max(settings.LIMITS["absent_seconds"], agreed_seconds(interview) // 2)
    if now() - _last_sign(interview) < timedelta(seconds=patience):
        return False
    given_at = interview.time_entries.latest("at").at
    if now() - given_at < timedelta(seconds=patience) or _is_kept_out(interview):
        return False
    _end(
        interview,
        InterviewState.ABANDONED,
        origin=Origin.SYSTEM,
        reason="nobody there",
        at=None,
    )
    return True


def _is_over(interview: Interview) -> bool:
    """Say whether a running interview has no time left."""
    ends_at = interview.ends_at
    is_active = interview.state == InterviewState.ACTIVE
    return is_active and ends_at is not None and ends_at <= now()


def _last_sign(interview: Interview) -> datetime:
    """Return when the candidate was last connected."""
    return interview.last_seen_at or interview.started_at or interview.created_at


def _is_kept_out(interview: Interview) -> bool:
    """Say whether the candidate is away because we are."""
    lasting = interview.faults.filter(cause=FaultCause.RESTART, ended_at=None)
    return lasting.exists()


def end_overdue_interviews() -> int:
    """End what is overdue or left, expire unused invitations; return how many."""
    resolve_lost()
    at = now()
    active = Interview.objects.filter(state=InterviewState.ACTIVE)
    overdue = active.filter(ends_at__lte=at)
    left_at = at - timedelta(seconds=settings.LIMITS["absent_seconds"])
    left = active.filter(
        Q(last_seen_at__lte=left_at)
        | Q(last_seen_at__isnull=True, started_at__lte=left_at)
    )
    unused = Interview.objects.filter(
        Q(state=InterviewState.INVITED, invitation__expires_at__lte=at)
        | Q(
            state=InterviewState.PREPARING,
            invitation__expires_at__lte=at - PREPARING_GRACE,
        )
    )
    return (
        _each(overdue, end_overdue_interview)
        + _each(left, end_absent_interview)
        + _each(unused, expire_interview)
    )


def _each(interviews: "QuerySet[Interview]", change: Callable[[UUID], bool]) -> int:
    changed = 0
    for interview_id in list(interviews.values_list("pk", flat=True)):
        try:
            changed += change(interview_id)
        except InterviewError:
            logger.warning("Interview %s could not be ended", interview_id)
    return changed
