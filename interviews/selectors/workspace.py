"""What a window of the workspace shows: documents, their updates, the clock."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from base.clock import now, to_milliseconds
from interviews.models import Document, Interview, Run
from interviews.services.runs import CANDIDATE_KINDS, LIVE_STATES
from interviews.services.sections import list_folders
from interviews.timeline.kinds import (
    DocumentApplied,
    DocumentUpdated,
    FileCreated,
    FileRenamed,
)
from interviews.timeline.registry import parse_payload
from interviews.workspace.batches import SERVER_CLIENT

_HISTORY_KINDS = [
    kind.kind for kind in (DocumentUpdated, DocumentApplied, FileCreated, FileRenamed)
]


@dataclass(frozen=True)
class DocumentEntry:
    """A line of the file tree."""

    path: str
    version: int
    hash: str
    size: int


@dataclass(frozen=True)
class Clock:
    """The server's time and what is left."""

    server_time: datetime
    ends_at: datetime | None
    remaining_ms: int | None


def read_clock(interview: Interview) -> Clock:
    """Return the remaining time, never below zero."""
    at = now()
    if interview.ends_at is None:
        return Clock(at, None, None)
    remaining = max(0, to_milliseconds(interview.ends_at - at))
    return Clock(at, interview.ends_at, remaining)


def list_documents(interview_id: UUID) -> list[DocumentEntry]:
    """Return the file tree, without the texts."""
    rows = Document.objects.filter(interview_id=interview_id).order_by("path")
    return [
        DocumentEntry(*row)
        for row in rows.values_list("path", "version", "hash", "size")
    ]


def open_folder(interview: Interview) -> str:
    """Return the folder of the section last opened."""
    folders = list_folders(interview)
    return folders[min(interview.section, len(folders) - 1)] if folders else ""


def find_live_run(interview_id: UUID) -> Run | None:
    """Return the run that is under way, if any; never one of the hidden tests."""
    return (
        Run.objects.filter(
            interview_id=interview_id,
            state__in=LIVE_STATES,
            kind__in=CANDIDATE_KINDS,
        )
        .order_by("-created_at")
        .first()
    )


def list_updates_since(document: Document, version: int) -> list[dict[str, object]]:
    """Return the updates that lead from `version` to the document as it is now.

    Walks the timeline backwards along the file's names, to the version asked for or
    to the file's beginning. Empty when `version` is not behind.
    """
    wanted = document.version - version
    if wanted <= 0:
        return []
    collected: list[dict[str, object]] = []
    path = document.path
    events = document.interview.events.filter(kind__in=_HISTORY_KINDS).order_by("-seq")
    for event in events.iterator(chunk_size=200):
        match parse_payload(event):
            case DocumentUpdated(path=changed, updates=updates) if changed == path:
                collected.extend(reversed(updates))
            case DocumentApplied(path=changed, changes=changes) if changed == path:
                collected.append({"client": SERVER_CLIENT, "changes": changes})
            case FileRenamed(path=former, to=to) if to == path:
                path = former
            case FileCreated(path=created) if created == path:
                break
        if len(collected) >= wanted:
            break
    return list(reversed(collected[:wanted]))
