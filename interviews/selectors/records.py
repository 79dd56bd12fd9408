"""What a candidate may see of themselves: the receipt and their own record.

Nothing here knows hidden tests, scores or reviews.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from pydantic import JsonValue

from base.clock import now
from interviews.enums import CANDIDATE_RUN_KINDS, RunKind, RunState, TimeEntryKind
from interviews.models import Document, Interview, Run, WorkspaceFile
from interviews.room_panels import (
    ReceiptLine,
    RecordPart,
    build_receipt,
    build_record,
)
from interviews.selectors.clock import read_faults
from interviews.selectors.sections import Section, list_sections
from interviews.timeline.kinds import DeviceChecked


@dataclass(frozen=True)
class SectionReceipt:
    """One problem: its files, and the last visible test run."""

    title: str
    folder: str
    file_count: int
    passed: int | None
    total: int | None


@dataclass(frozen=True)
class Receipt:
    """What the thank-you page shows; times in seconds."""

    seconds_used: int
    seconds_given: int
    sections: list[SectionReceipt]
    lines: list[ReceiptLine]


@dataclass(frozen=True)
class Record:
    """Everything of the interview that its candidate may read."""

    receipt: Receipt
    device_check: DeviceChecked | None
    documents: list[Document]
    other_files: list[WorkspaceFile]
    runs: list[Run]
    parts: dict[str, RecordPart]


def read_receipt(interview: Interview) -> Receipt:
    """Return what was done in which time, and what other apps add to it."""
    return Receipt(
        seconds_used=_seconds_used(interview),
        seconds_given=_seconds_given(interview),
        sections=[_read_section(interview, s) for s in list_sections(interview)],
        lines=build_receipt(interview),
    )


def _seconds_used(interview: Interview) -> int:
    """Return the time worked: from the start to the end, without being closed."""
    if interview.started_at is None:
        return 0
    ended_at = interview.ended_at or now()
    return max(
        0,
        int((ended_at - interview.started_at).total_seconds())
        - _sum_seconds(interview, only_stopped=True),
    )


def _seconds_given(interview: Interview) -> int:
    return _sum_seconds(interview, only_stopped=False)


def _sum_seconds(interview: Interview, *, only_stopped: bool) -> int:
    stopped = interview.time_entries.filter(kind=TimeEntryKind.STOPPED)
    given = interview.time_entries.exclude(kind=TimeEntryKind.STOPPED)
    entries = stopped if only_stopped else given
    return entries.aggregate(total=Sum("seconds"))["total"] or 0


def _read_section(interview: Interview, section: Section) -> SectionReceipt:
    run = (
        interview.runs.filter(
            kind=RunKind.TESTS, section=section.position, state=RunState.FINISHED
        )
        .exclude(tests=None)
        .order_by("-created_at")
        .first()
    )
    tests = (run.tests or []) if run else None
    outcomes = None if tests is None else [test.get("outcome") for test in tests]
    return SectionReceipt(
        title=section.problem.title,
        folder=section.folder,
        file_count=interview.documents.filter(
            path__startswith=f"{section.folder}/"
        ).count(),
        passed=outcomes.count("passed") if outcomes is not None else None,
        total=len(outcomes) if outcomes is not None else None,
    )


def read_record(interview: Interview) -> Record:
    """Return what is kept about the candidate of this interview."""
    return Record(
        receipt=read_receipt(interview),
        device_check=last_device_check(interview),
        documents=list(interview.documents.order_by("path")),
        other_files=list(interview.workspace_files.order_by("path")),
        runs=list(
            interview.runs.filter(kind__in=CANDIDATE_RUN_KINDS).order_by("created_at")
        ),
        parts=build_record(interview),
    )


def export_record(interview: Interview) -> dict[str, JsonValue]:
    """Return the record as JSON for the candidate to keep."""
    record = read_record(interview)
    return {
        "interview": str(interview.pk),
        "organisation": interview.organisation.name,
        "contact": interview.organisation.contact_email,
        "assessment": interview.assessment_version.title,
        "candidate": {
            "name": interview.candidate.name,
            "email": interview.candidate.email,
        },
        "state": interview.state,
        "started_at": _moment(interview.started_at),
        "ended_at": _moment(interview.ended_at),
        "seconds_used": record.receipt.seconds_used,
        "time": [
            {
                "kind": entry.kind,
                "seconds": entry.seconds,
                "reason": entry.reason,
                "cause": entry.cause,
                "at": _moment(entry.at),
            }
            for entry in interview.time_entries.all()
        ],
        "faults": [
            {
                "cause": line.fault.cause,
                "began_at": _moment(line.fault.began_at),
                "ended_at": _moment(line.fault.ended_at),
                "seconds_lost": line.fault.seconds,
                "seconds_given_back": line.given,
                "note": line.note,
            }
            for line in read_faults(interview)
        ],
        "consents": [
            {
                "version": consent.version,
                "language": consent.language,
                "given_at": _moment(consent.given_at),
                "text": consent.text,
            }
            for consent in interview.consents.all()
        ],
        "device_check": _export_check(record.device_check),
        "files": {document.path: document.text for document in record.documents},
        "other_files": [
            {"path": row.path, "kind": row.kind, "size": row.size, "sha256": row.hash}
            for row in record.other_files
        ],
        "runs": [_export_run(run) for run in record.runs],
        "problem_reports": [
            {
                "page": report.page,
                "message": report.message,
                "diagnostics": report.diagnostics,
                "sent_at": _moment(report.created_at),
            }
            for report in interview.problem_reports.order_by("created_at")
        ],
        **{name: part.data for name, part in record.parts.items()},
    }


def _export_check(check: DeviceChecked | None) -> JsonValue:
    return check.model_dump() if check else None


def _export_run(run: Run) -> JsonValue:
    return {
        "id": str(run.pk),
        "kind": run.kind,
        "section": run.section,
        "asked_at": _moment(run.created_at),
        "exit_code": run.exit_code,
        "reason": run.reason,
        "output": run.output,
        "tests": run.tests,
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def last_device_check(interview: Interview) -> DeviceChecked | None:
    """Return the newest result of the device check."""
    event = (
        interview.events.filter(
            kind=DeviceChecked.kind, version=DeviceChecked.payload_version
        )
        .order_by("-seq")
        .first()
    )
    return DeviceChecked.model_validate(event.payload) if event else None
