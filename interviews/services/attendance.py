"""Which candidate is connected to which web process, and since when one is silent.

A process that holds candidates writes its heartbeat; one row per process, however
many rooms it has. The times are those of the machine that writes them.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Attendance, Interview, WebProcess

BEAT = timedelta(seconds=2)
DEAD_AFTER = timedelta(seconds=10)
# A page tries to come back at least every fifteen seconds (docs/protocol.md).
RETURN_WITHIN = timedelta(seconds=20)
KEPT = timedelta(days=7)


def register_process(process_id: UUID, started_at: datetime) -> None:
    """Write down that a web process serves; repeatable. Forgets those long gone."""
    beat(process_id, started_at)
    unresolved = Attendance.objects.filter(closed_at=None)
    WebProcess.objects.filter(heartbeat_at__lt=now() - KEPT).exclude(
        pk__in=unresolved.values("process")
    ).delete()


def beat(process_id: UUID, started_at: datetime) -> None:
    """Prove that the process lives; one forgotten meanwhile is written down anew."""
    at = now()
    if not WebProcess.objects.filter(pk=process_id).update(heartbeat_at=at):
        WebProcess.objects.create(pk=process_id, started_at=started_at, heartbeat_at=at)


def stop_process(process_id: UUID) -> None:
    """The process goes in order; what it leaves open was taken from the candidates."""
    at = now()
    WebProcess.objects.filter(pk=process_id).update(heartbeat_at=at, stopped_at=at)


@transaction.atomic
def open_attendance(
    interview_id: UUID, *, process_id: UUID, started_at: datetime, token: str
) -> bool:
    """Note that the candidate is connected; False unless the interview runs."""
    running = Interview.objects.filter(pk=interview_id, state=InterviewState.ACTIVE)
    if not running.exists():
        return False
    beat(process_id, started_at)
    Attendance.objects.create(
        interview_id=interview_id, process_id=process_id, token=token
    )
    return True


def close_attendance(token: str) -> None:
    """The candidate went, while the process that held the socket goes on."""
    Attendance.objects.filter(token=token, closed_at=None).update(closed_at=now())


def reopen_attendances(tokens: Collection[str]) -> None:
    """These sockets are open, whoever took their process for gone."""
    Attendance.objects.filter(token__in=tokens).update(closed_at=None)


def is_attended(interview_id: UUID) -> bool:
    """Say whether a socket of the candidate is open, as far as anybody knows."""
    return Attendance.objects.filter(interview_id=interview_id, closed_at=None).exists()


def lost_attendances() -> "QuerySet[Attendance]":
    """Return what processes left open that stopped, or fell silent for too long."""
    silent = Q(process__heartbeat_at__lt=now() - DEAD_AFTER)
    stopped = Q(process__stopped_at__isnull=False)
    return Attendance.objects.filter(silent | stopped, closed_at=None)


def returned_at(interview_id: UUID, *, gone: WebProcess) -> datetime | None:
    """Return when the candidate was back after a process was gone; None: not yet.

    The moment itself where another window was connected to a process that lived.
    """
    lost_at = gone.heartbeat_at
    others = Attendance.objects.filter(interview_id=interview_id).exclude(process=gone)
    stayed = others.filter(opened_at__lte=lost_at, process__heartbeat_at__gt=lost_at)
    if stayed.filter(Q(closed_at=None) | Q(closed_at__gt=lost_at)).exists():
        return lost_at
    later = others.filter(opened_at__gt=lost_at)
    back: datetime | None = later.aggregate(at=Min("opened_at"))["at"]
    return back


def latest_return(gone: WebProcess) -> datetime | None:
    """Return until when a candidate who wanted to could be back; None: cannot yet."""
    lost_at = gone.heartbeat_at
    others = WebProcess.objects.exclude(pk=gone.pk)
    if others.filter(started_at__lte=lost_at, heartbeat_at__gte=lost_at).exists():
        return lost_at + RETURN_WITHIN
    later = others.filter(started_at__gt=lost_at)
    served_at: datetime | None = later.aggregate(at=Min("started_at"))["at"]
    return None if served_at is None else served_at + RETURN_WITHIN
