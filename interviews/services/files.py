"""Creating, renaming, moving, deleting and restoring files and folders of a workspace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from base.clock import now
from interviews.enums import Origin
from interviews.models import Document, Event, Interview, WorkspaceFile
from interviews.selectors.sections import list_folders
from interviews.services.documents import create_document, keep_contents
from interviews.services.sections import lock_workspace
from interviews.services.space import check_entries
from interviews.services.workspace_files import (
    describe_drop,
    erase_unkept,
    thin_deleted,
)
from interviews.timeline.kinds import (
    FileCreated,
    FileDeleted,
    FileDeletedV2,
    FileRenamed,
    FileRestored,
    FolderDeleted,
    FolderRenamed,
    FolderRestored,
    OtherFileDropped,
    OtherFileRenamed,
    OtherFileRestored,
)
from interviews.timeline.log import NewEvent, append_event, append_events, find_event
from interviews.timeline.registry import Payload, parse_payload
from interviews.workspace.changes import clean_text, normalise_lines
from interviews.workspace.errors import (
    BadFrameError,
    BadPathError,
    MissingError,
    NotKeptError,
)
from interviews.workspace.paths import check_free, check_path, is_within, move_path

FileAction = Literal["created", "renamed", "deleted", "restored"]
Row = Document | WorkspaceFile


@dataclass(frozen=True)
class FileChange:
    """What became of a file or folder; `is_repeat` when it had been done before.

    `moves` are the files that have other paths now, `removed` those that are gone.
    """

    action: FileAction
    path: str
    to: str | None = None
    moves: Sequence[tuple[str, str]] = ()
    removed: Sequence[str] = ()
    is_repeat: bool = False


@transaction.atomic
def create_file(
    interview_id: UUID, *, path: str, text: str, client_id: str
) -> FileChange:
    """Create a file; repeatable by `client_id`.

    Raises BadPathError, PathTakenError, FileTooLargeError, WorkspaceFullError.
    """
    interview = lock_workspace(interview_id)
    repeated = find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    path = check_path(path, folders=list_folders(interview))
    taken = list_paths(interview)
    check_free(path, taken=taken)
    check_entries([*taken, path], before=taken)
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
    """Give a file, or a folder with all in it, another path; repeatable.

    Versions and histories go along. Raises MissingError, BadPathError, PathTakenError,
    WorkspaceFullError, or NotKeptError for what only a command can move.
    """
    interview = lock_workspace(interview_id)
    repeated = find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    folders = list_folders(interview)
    rows = find_rows(interview, path, folders=folders)
    is_folder = rows[0].path != path
    to = check_path(to, folders=folders)
    if is_folder and is_within(to, path):
        raise BadPathError(_("A folder cannot be moved into itself."))
    moves = {
        row.path: check_path(move_path(row.path, source=path, to=to), folders=folders)
        for row in rows
    }
    before = list_paths(interview)
    others = [other for other in before if other not in moves]
    check_free(to, taken=others)
    check_entries([*others, *moves.values()], before=before)
    events: list[Payload] = [_move(row, moves[row.path]) for row in rows]
    if is_folder:
        events.insert(0, FolderRenamed(path=path, to=to, count=len(rows)))
    _log(interview, events, client_id)
    return FileChange("renamed", path, to, moves=tuple(moves.items()))


def _move(row: Row, to: str) -> FileRenamed | OtherFileRenamed:
    former, row.path, row.updated_at = row.path, to, now()
    row.save(update_fields=["path", "updated_at"])
    kind = FileRenamed if isinstance(row, Document) else OtherFileRenamed
    return kind(path=former, to=to)


@transaction.atomic
def delete_file(interview_id: UUID, *, path: str, client_id: str) -> FileChange:
    """Delete a file, or a folder with all in it; repeatable.

    Contents and histories stay on record: `restore_file` brings them back, but for what
    only the runner's disk has. Raises MissingError or BadPathError.
    """
    interview = lock_workspace(interview_id)
    repeated = find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    folders = list_folders(interview)
    rows = find_rows(interview, path, folders=folders, is_deletion=True)
    events = remove_rows(interview, rows)
    if rows[0].path != path:
        events.insert(0, FolderDeleted(path=path, count=len(rows)))
    _log(interview, events, client_id)
    dropped = [event for event in events if isinstance(event, OtherFileDropped)]
    if dropped:
        kept = [event.size for event in dropped if event.content]
        thin_deleted(interview, added=sum(kept))
        erase_unkept(interview, [event.path for event in dropped if not event.content])
    return FileChange("deleted", path, removed=tuple(row.path for row in rows))


def remove_rows(interview: Interview, rows: Sequence[Row]) -> list[Payload]:
    """Delete files and return the events to log; their contents stay."""
    keep_contents(interview, [row.path for row in rows if isinstance(row, Document)])
    events: list[Payload] = []
    for row in rows:
        if isinstance(row, WorkspaceFile):
            events.append(describe_drop(row))
        else:
            events.append(
                FileDeletedV2(
                    path=row.path,
                    hash=row.hash,
                    document=row.pk,
                    version=row.version,
                    interviewer=row.interviewer_ranges,
                )
            )
        row.delete()
    return events


def _log(interview: Interview, events: Iterable[Payload], client_id: str) -> None:
    """Append the events of one action; the first one carries the id."""
    first, *rest = events
    append_events(
        interview,
        [
            NewEvent(Origin.CANDIDATE, first, client_id),
            *(NewEvent(Origin.CANDIDATE, event) for event in rest),
        ],
    )


def list_paths(interview: Interview) -> list[str]:
    """Return the paths of all files, documents or not."""
    return [
        *interview.documents.values_list("path", flat=True),
        *interview.workspace_files.values_list("path", flat=True),
    ]


def find_rows(
    interview: Interview,
    path: str,
    *,
    folders: Sequence[str],
    is_deletion: bool = False,
) -> list[Row]:
    """Return the file at a path, or the files in it, short paths first.

    Raises MissingError, BadPathError for the folder of a problem, or NotKeptError for
    what only a command can move.
    """
    if path in folders:
        raise BadPathError(_("The folder of a problem stays as it is."))
    rows = _find_at(interview, path=path)
    if not rows:
        # A database may not tell upper from lower case here.
        below = _find_at(interview, path__startswith=f"{path}/")
        rows = [row for row in below if is_within(row.path, path)]
    if not rows:
        raise MissingError(_("There is no such file (any more)."))
    for row in rows:
        if isinstance(row, WorkspaceFile) and not (row.content or is_deletion):
            raise NotKeptError(row.path)
    # A folder that takes the place of the one it is in moves into freed names.
    return sorted(rows, key=lambda row: (len(row.path), row.path))


def _find_at(interview: Interview, **where: str) -> list[Row]:
    documents = interview.documents.defer("text").select_for_update().filter(**where)
    return [*documents, *interview.workspace_files.filter(**where)]


def find_repeat(interview: Interview, client_id: str) -> FileChange | None:
    """Return what a client's action came to when it is done already.

    Raises BadFrameError for an id that was used for something else.
    """
    event = find_event(interview, client_id)
    if event is None:
        return None
    match parse_payload(event):
        case FileCreated(path=path):
            return FileChange("created", path, is_repeat=True)
        case FileRenamed() | OtherFileRenamed() | FolderRenamed() as done:
            moves = [(each.path, each.to) for each in _list_parts(event, done)]
            return FileChange("renamed", done.path, done.to, moves, is_repeat=True)
        case FileDeleted() | OtherFileDropped() | FolderDeleted() as done:
            removed = [each.path for each in _list_parts(event, done)]
            return FileChange("deleted", done.path, removed=removed, is_repeat=True)
        case FileRestored() | OtherFileRestored() | FolderRestored() as done:
            return FileChange("restored", done.path, is_repeat=True)
    raise BadFrameError


def _list_parts(event: Event, done: Payload) -> list[Any]:
    """Return what was done to single files: the events behind a folder's, or itself."""
    if not isinstance(done, FolderRenamed | FolderDeleted):
        return [done]
    rows = event.interview.events.filter(
        seq__gt=event.seq, seq__lte=event.seq + done.count
    )
    return [parse_payload(row) for row in rows.order_by("seq")]
