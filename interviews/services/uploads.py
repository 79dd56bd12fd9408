"""Files the candidate brings along: text becomes documents, the rest is kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from base.text import utf16_length
from interviews.enums import FileKind, Origin
from interviews.models import Document, Interview, WorkspaceFile
from interviews.selectors.sections import list_folders
from interviews.services.documents import Stored, change_document, create_document
from interviews.services.files import list_paths, remove_rows
from interviews.services.sections import lock_workspace
from interviews.services.space import check_bytes, check_entries
from interviews.services.workspace_files import keep_file, thin_deleted
from interviews.timeline.kinds import DocumentUpdatedV2, FileCreated, OtherFileKept
from interviews.timeline.log import NewEvent, append_event, append_events, find_event
from interviews.timeline.registry import parse_payload
from interviews.workspace.batches import Input, Update
from interviews.workspace.changes import clean_text, normalise_lines
from interviews.workspace.errors import BadFrameError, FileTooLargeError
from interviews.workspace.merging import split_changes
from interviews.workspace.paths import check_free, check_path, pick_free_path
from interviews.workspace.textdiff import diff_changes

# The editor that the updates of an upload are from.
UPLOAD_CLIENT = "upload"

# What to do where there is a file of the name: refuse, replace it, or take another name.
UploadMode = Literal["new", "replace", "both"]


@dataclass(frozen=True)
class Uploaded:
    """Where a file is now. `stored` are the updates of a document it replaced the text of,
    `removed` the document that went because something else has its name."""

    path: str
    stored: Stored | None = None
    removed: Sequence[str] = ()
    is_repeat: bool = False


@transaction.atomic
def upload_file(
    interview_id: UUID, *, path: str, data: bytes, mode: UploadMode, client_id: str
) -> Uploaded:
    """Store a file the candidate brought along; repeatable by `client_id`.

    Valid UTF-8 without zeros up to the size of a document becomes one, as text pasted
    from outside; what is beyond the most documents, too. Raises BadPathError,
    PathTakenError, FileTooLargeError, WorkspaceFullError, NotStorableError,
    InterviewEndedError.
    """
    interview = lock_workspace(interview_id)
    repeated = _find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    _check_size(data)
    path = check_path(path, folders=list_folders(interview))
    taken = list_paths(interview)
    if mode == "both":
        path = pick_free_path(path, taken=taken)
    former = _find_former(interview, path) if mode == "replace" else None
    others = [other for other in taken if former is None or other != path]
    check_free(path, taken=others)
    check_entries([*others, path], before=taken)
    check_bytes(interview.pk, len(data), without=former)
    text = read_text(data)
    if text is None:
        return _keep(interview, path, data, FileKind.BINARY, former, client_id)
    if len(data) > settings.LIMITS["file_bytes"]:
        return _keep(interview, path, data, FileKind.LARGE, former, client_id)
    if isinstance(former, Document):
        return _replace_text(interview, former, text, client_id)
    if interview.documents.count() >= settings.LIMITS["workspace_documents"]:
        return _keep(interview, path, data, FileKind.UNTRACKED, former, client_id)
    return _create(interview, path, text, former, client_id)


def _check_size(data: bytes) -> None:
    most = settings.LIMITS["kept_file_bytes"]
    if len(data) > most:
        raise FileTooLargeError(
            _("The file is larger than %(count)d MB.") % {"count": most // 1_048_576}
        )


def read_text(data: bytes) -> str | None:
    """Return the text of a document with these bytes; None where they are no text."""
    if b"\0" in data:
        return None
    try:
        return clean_text(normalise_lines(data.decode()))
    except UnicodeDecodeError:
        return None


def _find_former(interview: Interview, path: str) -> Document | WorkspaceFile | None:
    document = interview.documents.select_for_update().filter(path=path).first()
    return document or interview.workspace_files.filter(path=path).first()


def _create(
    interview: Interview,
    path: str,
    text: str,
    former: WorkspaceFile | None,
    client_id: str,
) -> Uploaded:
    gone = [] if former is None else remove_rows(interview, [former])
    document = create_document(interview, path=path, text=text)
    created = FileCreated(path=path, text=text, hash=document.hash, source="upload")
    events = [NewEvent(Origin.CANDIDATE, event) for event in gone]
    append_events(interview, [*events, NewEvent(Origin.CANDIDATE, created, client_id)])
    if former is not None:
        thin_deleted(interview, added=former.size)
    return Uploaded(path)


def _replace_text(
    interview: Interview, document: Document, text: str, client_id: str
) -> Uploaded:
    """Change an open document as an editor would: its history goes on."""
    told = Input("drop", utf16_length(text), "outside")
    changes = diff_changes(document.text, text)
    updates = [Update(UPLOAD_CLIENT, part, told) for part in split_changes(changes)]
    if not updates:
        return Uploaded(document.path)
    stored = change_document(document, updates)
    payload = DocumentUpdatedV2(
        path=document.path,
        version=document.version,
        updates=[update.as_json() for update in stored.updates],
        hash=document.hash,
    )
    append_event(interview, payload, origin=Origin.CANDIDATE, client_id=client_id)
    return Uploaded(document.path, stored)


def _keep(
    interview: Interview,
    path: str,
    data: bytes,
    kind: FileKind,
    former: Document | WorkspaceFile | None,
    client_id: str,
) -> Uploaded:
    removed: list[str] = []
    if isinstance(former, Document):
        gone = remove_rows(interview, [former])
        append_events(interview, [NewEvent(Origin.CANDIDATE, event) for event in gone])
        removed = [path]
    keep_file(
        interview,
        path,
        kind,
        data,
        size=len(data),
        hash=hashlib.sha256(data).hexdigest(),
        origin=Origin.CANDIDATE,
        client_id=client_id,
    )
    return Uploaded(path, removed=removed)


def _find_repeat(interview: Interview, client_id: str) -> Uploaded | None:
    event = find_event(interview, client_id)
    if event is None:
        return None
    match parse_payload(event):
        case (
            FileCreated(path=path)
            | DocumentUpdatedV2(path=path)
            | OtherFileKept(path=path)
        ):
            return Uploaded(path, is_repeat=True)
    raise BadFrameError
