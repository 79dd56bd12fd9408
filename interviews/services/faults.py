"""Time lost to faults of ours: proven, counted once, given back within limits.

Whoever saw a fault reports it here, with a key that makes the report repeatable. A
credit is written in the transaction that proves its fault. What is proven only after
the end is offered to the recruiter as a reopening; what is over a limit is on record
without a credit.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from base.clock import now
from base.text import shorten
from interviews.enums import ENDED_STATES, FaultCause, InterviewState, TimeEntryKind
from interviews.intervals import Claim, Share, Span, reckon
from interviews.models import Fault, Interview, WebProcess
from interviews.notifications import announce_clock
from interviews.selectors.clock import credit_limits
from interviews.services.attendance import is_attended, latest_return
from interviews.services.clock import add_time, lock_interview

_COUNTED_STATES = (InterviewState.ACTIVE, *ENDED_STATES)
_DETAIL_CHARS = 300


@dataclass(frozen=True)
class Offer:
    """Time that was proven lost after the end: each fault and what is given for it."""

    shares: list[tuple[Fault, int]]

    @property
    def seconds(self) -> int:
        """All of it together."""
        return sum(seconds for _fault, seconds in self.shares)


def restart_key(process_id: UUID) -> str:
    """Return the key of the fault that a process's going was."""
    return f"restart:{process_id}"


@transaction.atomic
def report_fault(
    interview_id: UUID,
    *,
    cause: str,
    key: str,
    began_at: datetime,
    ended_at: datetime,
    detail: str = "",
) -> Fault | None:
    """Put a fault that is over on record and give its time back; once for each `key`.

    Returns None where it took nothing: before the start, after the end, while the
    interview was closed.
    """
    interview = lock_interview(interview_id)
    known = interview.faults.filter(key=key).first()
    if known is not None:
        return known
    span = _clip(interview, began_at, ended_at)
    if span is None:
        return None
    fault = Fault(
        interview=interview,
        cause=cause,
        key=key,
        detail=shorten(detail, _DETAIL_CHARS),
        began_at=span[0],
        ended_at=span[1],
    )
    _settle(interview, fault)
    return fault


@transaction.atomic
def begin_fault(
    interview_id: UUID,
    *,
    cause: str,
    key: str,
    began_at: datetime,
    detail: str = "",
) -> Fault | None:
    """Put a fault on record that lasts; one of each cause at a time.

    Returns None unless the interview runs.
    """
    interview = lock_interview(interview_id)
    if interview.state != InterviewState.ACTIVE or interview.started_at is None:
        return None
    known = interview.faults.filter(key=key).first() or (
        interview.faults.filter(cause=cause, ended_at=None).first()
    )
    if known is not None:
        return known
    fault = Fault.objects.create(
        interview=interview,
        cause=cause,
        key=key,
        detail=shorten(detail, _DETAIL_CHARS),
        began_at=max(began_at, interview.started_at),
    )
    announce_clock(interview)
    return fault


def lose_sandbox(interview_id: UUID, *, began_at: datetime, detail: str) -> None:
    """A run could not be executed: a fault that lasts while the candidate waits."""
    key = f"sandbox:{began_at.isoformat()}"
    if is_attended(interview_id):
        begin_fault(
            interview_id,
            cause=FaultCause.SANDBOX,
            key=key,
            began_at=began_at,
            detail=detail,
        )
    else:
        report_fault(
            interview_id,
            cause=FaultCause.SANDBOX,
            key=key,
            began_at=began_at,
            ended_at=now(),
            detail=detail,
        )


def find_without_sandbox(interview_ids: Collection[UUID]) -> list[UUID]:
    """Return those of these interviews where such a fault lasts."""
    lasting = Fault.objects.filter(
        cause=FaultCause.SANDBOX, ended_at=None, interview__in=interview_ids
    )
    return list(lasting.values_list("interview", flat=True))


def regain_sandbox(interview_id: UUID) -> None:
    """The sandbox works again, or nobody waits for it any more."""
    if find_without_sandbox([interview_id]):
        end_faults(interview_id, causes=[FaultCause.SANDBOX], at=now())


@transaction.atomic
def end_faults(interview_id: UUID, *, causes: Iterable[str], at: datetime) -> None:
    """End what lasts of these causes and give its time back; repeatable."""
    interview = lock_interview(interview_id)
    for fault in interview.faults.filter(ended_at=None, cause__in=list(causes)):
        _end_fault(interview, fault, at)


def settle_open_faults(interview: Interview) -> None:
    """Give back what lasting faults have cost so far, for time is about to run out.

    The caller holds the interview's lock. A fault that goes on is continued by
    another one from this moment.
    """
    at = now()
    for fault in interview.faults.filter(ended_at=None):
        span = (fault.began_at, _until(fault, at))
        if not _share(interview, fault.cause, span).allowed:
            continue
        _end_fault(interview, fault, at)
        if fault.ended_at == at and fault.credit_id is not None:
            Fault.objects.create(
                interview=interview,
                cause=fault.cause,
                key=_next_key(fault.key),
                detail=fault.detail,
                began_at=at,
            )


def settle_near_end(within: timedelta) -> None:
    """Settle the open faults of interviews that are almost out of time."""
    at = now()
    lasting = Fault.objects.filter(
        ended_at=None,
        interview__state=InterviewState.ACTIVE,
        interview__ends_at__range=(at, at + within),
    )
    for interview_id in set(lasting.values_list("interview", flat=True)):
        with transaction.atomic():
            settle_open_faults(lock_interview(interview_id))


def close_open_faults(interview: Interview) -> None:
    """End every lasting fault of an interview that has just ended."""
    for fault in interview.faults.filter(ended_at=None):
        _end_fault(interview, fault, interview.ended_at or now())


def read_offer(interview: Interview) -> Offer:
    """Return what an ended interview may be reopened with."""
    if interview.state not in ENDED_STATES:
        return Offer([])
    faults = _counted(interview)
    shares = reckon(
        [_claim(fault) for fault in faults],
        closed=_closed_spans(interview),
        limits=credit_limits(interview),
    )
    return Offer(
        [
            (fault, share.allowed)
            for fault, share in zip(faults, shares, strict=True)
            if fault.is_offered and share.allowed
        ]
    )


def grant(interview: Interview, fault: Fault, seconds: int) -> None:
    """Write the line that gives a fault's time back; the caller holds the lock."""
    fault.credit = add_time(
        interview,
        TimeEntryKind.CREDIT,
        seconds,
        reason=str(FaultCause(fault.cause).label),
        cause=fault.cause,
    )
    fault.is_offered = False
    fault.save()


def _end_fault(interview: Interview, fault: Fault, at: datetime) -> None:
    fault.ended_at = max(fault.began_at, _until(fault, at))
    _settle(interview, fault)


def _until(fault: Fault, at: datetime) -> datetime:
    """Return when a lasting fault ended, or that it lasts until `at`.

    Our being away ends where the candidate could have been back: what comes after
    that was their own time.
    """
    if fault.cause != FaultCause.RESTART:
        return at
    process_id = fault.key.removeprefix("restart:").partition("#")[0]
    gone = WebProcess.objects.filter(pk=process_id).first()
    latest = None if gone is None else latest_return(gone)
    return at if latest is None else min(at, latest)


def _next_key(key: str) -> str:
    base, _hash, number = key.partition("#")
    return f"{base}#{int(number or 1) + 1}"


def _settle(interview: Interview, fault: Fault) -> None:
    """Store an ended fault with what it took, and its credit or that it is offered."""
    share = _share_of(interview, fault)
    if share.allowed and not _helps(interview, share.allowed):
        # Nobody can use it any more: what counts is the time there was.
        over_at = interview.ended_at or interview.ends_at or now()
        fault.ended_at = max(fault.began_at, min(fault.ended_at or now(), over_at))
        share = _share_of(interview, fault)
        fault.is_offered = share.allowed > 0
    fault.seconds = share.lost
    if share.allowed and not fault.is_offered:
        grant(interview, fault, share.allowed)
    else:
        fault.save()
        announce_clock(interview)


def _share_of(interview: Interview, fault: Fault) -> Share:
    return _share(interview, fault.cause, (fault.began_at, fault.ended_at or now()))


def _helps(interview: Interview, seconds: int) -> bool:
    """Say whether the candidate can still use so much more time."""
    if interview.state != InterviewState.ACTIVE or interview.ends_at is None:
        return False
    return interview.ends_at + timedelta(seconds=seconds) > now()


def _share(interview: Interview, cause: str, span: Span) -> Share:
    counted = [_claim(fault) for fault in _counted(interview)]
    return reckon(
        [*counted, Claim(cause, *span)],
        closed=_closed_spans(interview),
        limits=credit_limits(interview),
    )[-1]


def _counted(interview: Interview) -> list[Fault]:
    """Return what was given back in the order it was, then what is offered."""
    faults = interview.faults.select_related("credit")
    given = faults.filter(credit__isnull=False).order_by("credit_id")
    offered = faults.filter(credit=None, is_offered=True).order_by("pk")
    return [*given, *offered]


def _claim(fault: Fault) -> Claim:
    given = fault.credit.seconds if fault.credit else None
    return Claim(fault.cause, fault.began_at, fault.ended_at or fault.began_at, given)


def _closed_spans(interview: Interview) -> list[Span]:
    """Return when the interview was closed between an end and a reopening."""
    lines = interview.time_entries.filter(kind=TimeEntryKind.STOPPED)
    return [
        (line.at - timedelta(seconds=line.seconds), line.at)
        for line in lines
        if line.seconds > 0
    ]


def _clip(interview: Interview, began: datetime, ended: datetime) -> Span | None:
    """Return the part of a stretch in which the interview had begun and not ended."""
    if interview.started_at is None or interview.state not in _COUNTED_STATES:
        return None
    began = max(began, interview.started_at)
    if interview.state in ENDED_STATES and interview.ended_at is not None:
        ended = min(ended, interview.ended_at)
    return (began, ended) if began < ended else None
