"""What a window of the workspace shows: documents, their updates, the clock."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F

from base.clock import now, to_milliseconds
from interviews.enums import CANDIDATE_RUN_KINDS, LIVE_RUN_STATES, Origin
from interviews.models import (
    Document,
    Event,
    Interview,
    Run,
    Terminal,
    WorkspaceFile,
)
from interviews.selectors.sections import list_folders
from interviews.timeline.kinds import (
    DocumentApplied,
    DocumentUpdated,
    FileCreated,
    FileRenamed,
    FileRestored,
)
from interviews.timeline.registry import Payload, parse_payload
from interviews.workspace.batches import SERVER_CLIENT

_HISTORY_KINDS = [
    kind.kind
    for kind in (
        DocumentUpdated,
        DocumentApplied,
        FileCreated,
        FileRenamed,
        FileRestored,
    )
]
# What a window lists of the files that are no documents; a frame has its bounds.
MOST_OTHER_FILES = 1_000


@dataclass(frozen=True)
class DocumentEntry:
    """A line of the file tree; `document` tells files of one name apart."""

    document: int
    path: str
    version: int
    hash: str
    size: int


@dataclass(frozen=True)
class OtherFile:
    """A line of the file tree for what is no document; `is_kept` if there is content."""

    path: str
    kind: str
    size: int
    hash: str
    is_kept: bool


@dataclass(frozen=True)
class FileTree:
    """All files by path; `unlisted` other files are left out of the list."""

    documents: Sequence[DocumentEntry]
    others: Sequence[OtherFile]
    unlisted: int


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
        for row in rows.values_list("pk", "path", "version", "hash", "size")
    ]


def read_file_tree(interview_id: UUID) -> FileTree:
    """Return every file of the workspace, but for other files beyond the most listed."""
    rows = WorkspaceFile.objects.filter(interview_id=interview_id).order_by("path")
    found = rows.values_list("path", "kind", "size", "hash", "content")
    others = [
        OtherFile(path, kind, size, digest, is_kept=bool(content))
        for path, kind, size, digest, content in found[: MOST_OTHER_FILES + 1]
    ]
    unlisted = 0
    if len(others) > MOST_OTHER_FILES:
        others = others[:MOST_OTHER_FILES]
        unlisted = rows.count() - MOST_OTHER_FILES
    return FileTree(list_documents(interview_id), others, unlisted)


def open_folder(interview: Interview) -> str:
    """Return the folder of the section last opened."""
    folders = list_folders(interview)
    return folders[min(interview.section, len(folders) - 1)] if folders else ""


def list_open_terminals(interview_id: UUID) -> list[str]:
    """Return the names of the terminals with a shell that is not known to have ended."""
    terminals = Terminal.objects.filter(interview_id=interview_id)
    open_ = terminals.exclude(shell=F("ended_shell")).order_by("name")
    return list(open_.values_list("name", flat=True))


def find_live_run(interview_id: UUID) -> Run | None:
    """Return the run that is under way, if any; never one of the hidden tests."""
    return (
        Run.objects.filter(
            interview_id=interview_id,
            state__in=LIVE_RUN_STATES,
            kind__in=CANDIDATE_RUN_KINDS,
        )
        .order_by("-created_at")
        .first()
    )


def list_updates_since(document: Document, version: int) -> list[dict[str, object]]:
    """Return the updates that lead from `version` to the document as it was read.

    Others may have stored more since: what is newer than the row is left out.

    Walks the timeline backwards along the file's names, to the version asked for or
    to the file's beginning. An interviewer's say so under `origin`. Empty when
    `version` is not behind.
    """
    wanted = document.version - version
    if wanted <= 0:
        return []
    collected: list[dict[str, object]] = []
    path, before = document.path, sys.maxsize
    for event, payload in _walk_back(document):
        if event.seq > before:
            # Another file of this name, while this one was deleted.
            continue
        match payload:
            case DocumentUpdated(path=changed, updates=updates) if changed == path:
                collected.extend(
                    mark_origin(update, event.origin) for update in reversed(updates)
                )
            case DocumentApplied(path=changed, changes=changes) if changed == path:
                collected.append({"client": SERVER_CLIENT, "changes": changes})
            case FileRenamed(path=former, to=to) if to == path:
                path = former
            case FileRestored(path=restored, deletion=deletion) if restored == path:
                before = deletion
            case FileCreated(path=created) if created == path:
                break
        if len(collected) >= wanted:
            break
    return list(reversed(collected[:wanted]))


def _walk_back(document: Document) -> Iterator[tuple[Event, Payload]]:
    """Yield what was done to files, last first, without what is newer than the row."""
    events = document.interview.events.filter(kind__in=_HISTORY_KINDS).order_by("-seq")
    for event in events.iterator(chunk_size=200):
        payload = parse_payload(event)
        if (
            isinstance(payload, DocumentUpdated | DocumentApplied)
            and payload.version > document.version
        ):
            continue
        yield event, payload


def mark_origin(update: Mapping[str, object], origin: str) -> dict[str, object]:
    """Return an update as windows get it: an interviewer's is shown as such."""
    is_interviewers = origin == Origin.INTERVIEWER
    return {**update, "origin": str(origin)} if is_interviewers else {**update}
