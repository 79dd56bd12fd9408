"""The ledger of time: who may work now, and the lines that say until when.

An interview's end is its start plus the sum of its lines. The caller holds the
interview's lock and its transaction.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.models import User
from base.clock import now
from interviews.enums import ENDED_STATES, InterviewState, Origin
from interviews.errors import InterviewEndedError, WrongStateError
from interviews.models import Interview, Invitation, TimeEntry
from interviews.notifications import announce_clock
from interviews.timeline.kinds import ClockChangedV2
from interviews.timeline.log import append_event

UNSTARTED_STATES = (InterviewState.INVITED, InterviewState.PREPARING)
OPEN_STATES = (*UNSTARTED_STATES, InterviewState.ACTIVE)
# Who agreed in time to take part may still check the devices and begin.
PREPARING_GRACE = timedelta(minutes=30)
# Work on its way when time ran out still goes into the documents for so long.
GRACE = timedelta(seconds=10)


def lock_interview(interview_id: UUID) -> Interview:
    """Return the interview's row, locked until the transaction ends; its version along.

    Without the key: whoever appends an event meanwhile checks its foreign key
    against this row, and must not wait for us while we wait for the cursor.
    """
    rows = Interview.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("assessment_version").get(pk=interview_id)


def require_active(interview: Interview) -> None:
    """Raise unless the candidate may work now: active, and time left."""
    if interview.state in (*ENDED_STATES, InterviewState.CANCELLED):
        raise InterviewEndedError
    if interview.state != InterviewState.ACTIVE:
        raise WrongStateError(_("The interview has not started."))
    if interview.ends_at is None or interview.ends_at <= now():
        raise InterviewEndedError


def starts_until(interview: Interview) -> datetime:
    """Return when the last moment to begin is; whoever begins has the whole time."""
    expires_at = interview.invitation.expires_at
    is_preparing = interview.state == InterviewState.PREPARING
    return expires_at + PREPARING_GRACE if is_preparing else expires_at


def base_seconds(invitation: Invitation) -> int:
    """Return the time everybody gets for this assessment, in seconds."""
    return invitation.assessment_version.duration_minutes * 60


def extra_seconds(invitation: Invitation) -> int:
    """Return the extra time agreed with this candidate, in whole seconds."""
    return int(base_seconds(invitation) * (invitation.time_factor - Decimal(1)))


def total_seconds(invitation: Invitation) -> int:
    """Return the time this candidate gets from the start, in seconds."""
    return base_seconds(invitation) + extra_seconds(invitation)


def add_time(
    interview: Interview,
    kind: str,
    seconds: int,
    *,
    reason: str = "",
    cause: str = "",
    actor: User | None = None,
) -> TimeEntry:
    """Write a line, set `ends_at` to the start plus the sum of all, log and tell it."""
    entry = TimeEntry.objects.create(
        interview=interview,
        kind=kind,
        seconds=seconds,
        reason=reason,
        cause=cause,
        actor=actor,
    )
    total = interview.time_entries.aggregate(total=Sum("seconds"))["total"] or 0
    started_at = interview.started_at or now()
    interview.ends_at = started_at + timedelta(seconds=total)
    interview.save(update_fields=["ends_at"])
    append_event(
        interview,
        ClockChangedV2(
            entry=kind,
            seconds=seconds,
            ends_at=interview.ends_at.isoformat(),
            reason=reason,
            actor=actor.pk if actor else None,
            cause=cause,
        ),
        origin=Origin.SYSTEM,
    )
    announce_clock(interview)
    return entry
