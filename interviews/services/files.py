"""Creating, renaming and deleting files of a workspace."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import transaction

from base.clock import now
from interviews.enums import Origin
from interviews.models import Interview
from interviews.services.documents import (
    create_document,
    find_document,
    keep_contents,
)
from interviews.services.sections import list_folders, lock_workspace
from interviews.timeline.kinds import FileCreated, FileDeleted, FileRenamed
from interviews.timeline.log import append_event, find_event
from interviews.timeline.registry import parse_payload
from interviews.workspace.changes import clean_text, normalise_lines
from interviews.workspace.errors import BadFrameError
from interviews.workspace.paths import check_free, check_path

FileAction = Literal["created", "renamed", "deleted"]


@dataclass(frozen=True)
class FileChange:
    """What became of a file; `is_repeat` when it had been done before."""

    action: FileAction
    path: str
    to: str | None = None
    is_repeat: bool = False


@transaction.atomic
def create_file(
    interview_id: UUID, *, path: str, text: str, client_id: str
) -> FileChange:
    """Create a file; repeatable by `client_id`.

    Raises BadPathError, PathTakenError, FileTooLargeError, WorkspaceFullError.
    """
    interview = lock_workspace(interview_id)
    repeated = _find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    path = check_path(path, folders=list_folders(interview))
    check_free(path, taken=_list_paths(interview))
    document = create_document(
        interview, path=path, text=clean_text(normalise_lines(text))
    )
    append_event(
        interview,
        FileCreated(path=path, text=document.text, hash=document.hash),
        origin=Origin.CANDIDATE,
        client_id=client_id,
    )
    return FileChange("created", path)


@transaction.atomic
def rename_file(
    interview_id: UUID, *, path: str, to: str, client_id: str
) -> FileChange:
    """Give a file another path; its version and history go along. Repeatable."""
    interview = lock_workspace(interview_id)
    repeated = _find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    document = find_document(interview.pk, path)
    to = check_path(to, folders=list_folders(interview))
    check_free(to, taken=[other for other in _list_paths(interview) if other != path])
    document.path = to
    document.updated_at = now()
    document.save(update_fields=["path", "updated_at"])
    append_event(
        interview,
        FileRenamed(path=path, to=to),
        origin=Origin.CANDIDATE,
        client_id=client_id,
    )
    return FileChange("renamed", path, to)


@transaction.atomic
def delete_file(interview_id: UUID, *, path: str, client_id: str) -> FileChange:
    """Delete a file; its last content stays on record. Repeatable."""
    interview = lock_workspace(interview_id)
    repeated = _find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    document = find_document(interview.pk, path)
    keep_contents(interview, [path])
    document.delete()
    append_event(
        interview,
        FileDeleted(path=path, hash=document.hash),
        origin=Origin.CANDIDATE,
        client_id=client_id,
    )
    return FileChange("deleted", path)


def _list_paths(interview: Interview) -> list[str]:
    return list(interview.documents.values_list("path", flat=True))


def _find_repeat(interview: Interview, client_id: str) -> FileChange | None:
    event = find_event(interview, client_id)
    if event is None:
        return None
    match parse_payload(event):
        case FileCreated(path=path):
            return FileChange("created", path, is_repeat=True)
        case FileRenamed(path=path, to=to):
            return FileChange("renamed", path, to, is_repeat=True)
        case FileDeleted(path=path):
            return FileChange("deleted", path, is_repeat=True)
    raise BadFrameError
