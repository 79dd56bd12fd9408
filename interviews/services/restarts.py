"""Our own going away, as the rows of processes and sockets prove it."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from base.clock import now
from interviews.enums import FaultCause, InterviewState
from interviews.models import Attendance, WebProcess
from interviews.services.attendance import (
    latest_return,
    lost_attendances,
    returned_at,
)
from interviews.services.clock import lock_interview
from interviews.services.faults import (
    begin_fault,
    end_faults,
    report_fault,
    restart_key,
)


def resolve_lost(interview_id: UUID | None = None) -> int:
    """Turn what gone processes left open into faults; return how many rooms.

    A candidate who is back already gets the time at once; for one who is not, the
    fault lasts until the return. Safe to run often and side by side.
    """
    lost = lost_attendances()
    if interview_id is not None:
        lost = lost.filter(interview=interview_id)
    pairs = lost.order_by().values_list("interview", "process").distinct()
    return sum(_resolve(interview, process) for interview, process in pairs)


@transaction.atomic
def _resolve(interview_id: UUID, process_id: UUID) -> bool:
    interview = lock_interview(interview_id)
    gone = WebProcess.objects.get(pk=process_id)
    lost_at = gone.heartbeat_at
    open_rows = Attendance.objects.filter(
        interview=interview, process=gone, closed_at=None
    )
    if not open_rows.update(closed_at=lost_at):
        return False
    detail = (
        _("The server stopped.") if gone.stopped_at else _("The server was cut off.")
    )
    key = restart_key(process_id)
    back_at = returned_at(interview_id, gone=gone)
    if back_at is None and interview.state == InterviewState.ACTIVE:
        begin_fault(
            interview_id,
            cause=FaultCause.RESTART,
            key=key,
            began_at=lost_at,
            detail=detail,
        )
        return True
    ends = [at for at in (back_at, latest_return(gone), now()) if at is not None]
    report_fault(
        interview_id,
        cause=FaultCause.RESTART,
        key=key,
        began_at=lost_at,
        ended_at=min(ends),
        detail=detail,
    )
    return True


def welcome_back(interview_id: UUID) -> None:
    """The candidate is connected: whatever kept them out is over."""
    resolve_lost(interview_id)
    end_faults(interview_id, causes=[FaultCause.RESTART], at=now())
