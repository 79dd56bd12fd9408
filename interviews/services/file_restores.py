"""Undoing a deletion: files come back with their contents and histories."""

from dataclasses import dataclass
from typing import TypeGuard
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from interviews.enums import Origin
from interviews.models import Document, DocumentVersion, Event, Interview
from interviews.services.files import FileChange, find_repeat, list_paths
from interviews.services.sections import lock_workspace
from interviews.services.space import check_bytes, check_entries
from interviews.services.workspace_files import bring_back
from interviews.timeline.kinds import (
    FileDeletedV2,
    FileRestored,
    FolderDeleted,
    FolderRestored,
    OtherFileDropped,
    OtherFileRestored,
)
from interviews.timeline.log import NewEvent, append_events, find_event
from interviews.timeline.registry import Payload, parse_payload
from interviews.workspace.errors import MissingError, WorkspaceFullError
from interviews.workspace.paths import check_free

Gone = FileDeletedV2 | OtherFileDropped


@dataclass(frozen=True)
class _Deletion:
    """A deletion as the timeline has it: its event, and the files by their events."""

    event: Event
    folder: FolderDeleted | None
    files: dict[int, Gone]


@transaction.atomic
def restore_file(interview_id: UUID, *, deletion: str, client_id: str) -> FileChange:
    """Bring back what the candidate deleted with the id `deletion`; repeatable.

    What was only on the runner's disk does not come back with its folder. Documents keep their numbers, versions and histories. Raises MissingError where it
    is back already or not kept any more, PathTakenError, WorkspaceFullError.
    """
    interview = lock_workspace(interview_id)
    repeated = find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    found = _find_deletion(interview, deletion)
    files = list(found.files.values())
    _check_place(interview, files)
    for gone in files:
        if isinstance(gone, FileDeletedV2):
            _restore_document(interview, gone)
        elif bring_back(interview, gone) is None:
            raise MissingError(
                _("“%(path)s” is not kept any more.") % {"path": gone.path}
            )
    _log(interview, found, client_id)
    path = files[0].path if found.folder is None else found.folder.path
    return FileChange("restored", path)


def bring_back_document(interview: Interview, deletion: int) -> FileRestored:
    """Bring back the document that the event `deletion` deleted; return the event to log.

    The caller holds the workspace's lock. Raises what `restore_file` raises.
    """
    event = interview.events.filter(seq=deletion).first()
    gone = None if event is None else parse_payload(event)
    if not isinstance(gone, FileDeletedV2):
        raise MissingError(_("There is nothing to bring back."))
    _check_place(interview, [gone])
    _restore_document(interview, gone)
    return FileRestored(path=gone.path, hash=gone.hash, deletion=deletion)


def _find_deletion(interview: Interview, deletion: str) -> _Deletion:
    event = find_event(interview, deletion)
    payload = None if event is None else parse_payload(event)
    folder: FolderDeleted | None = None
    files: dict[int, Gone] = {}
    if event is not None and _is_kept(payload):
        files[event.seq] = payload
    elif event is not None and isinstance(payload, FolderDeleted):
        folder = payload
        rows = interview.events.filter(
            seq__gt=event.seq, seq__lte=event.seq + payload.count
        )
        for row in rows.order_by("seq"):
            gone = parse_payload(row)
            if _is_kept(gone):
                files[row.seq] = gone
    if event is None or not files:
        raise MissingError(_("There is nothing to bring back."))
    return _Deletion(event, folder, files)


def _is_kept(payload: Payload | None) -> TypeGuard[Gone]:
    """Say whether this is a deletion of something there is a record of."""
    if isinstance(payload, OtherFileDropped):
        return bool(payload.content)
    return isinstance(payload, FileDeletedV2)


def _check_place(interview: Interview, files: list[Gone]) -> None:
    """Refuse what is back already, has no place, or no room."""
    documents = [gone for gone in files if isinstance(gone, FileDeletedV2)]
    others = [gone for gone in files if isinstance(gone, OtherFileDropped)]
    numbers = [gone.document for gone in documents]
    contents = [gone.content for gone in others]
    if (
        Document.objects.filter(pk__in=numbers).exists()
        or interview.workspace_files.filter(content__in=contents).exists()
    ):
        raise MissingError(_("It is back already."))
    taken = list_paths(interview)
    for gone in files:
        check_free(gone.path, taken=taken)
    check_entries([*taken, *(gone.path for gone in files)], before=taken)
    count = interview.documents.count() + len(documents)
    if documents and count > settings.LIMITS["workspace_documents"]:
        raise WorkspaceFullError(
            _("The workspace holds at most %(count)d files that can be edited.")
            % {"count": settings.LIMITS["workspace_documents"]}
        )
    hashes = [gone.hash for gone in documents]
    texts = interview.document_versions.filter(hash__in=hashes)
    sizes = {version.hash: len(version.text.encode()) for version in texts}
    added = sum(sizes.get(digest, 0) for digest in hashes)
    check_bytes(interview.pk, added + sum(gone.size for gone in others))


def _restore_document(interview: Interview, gone: FileDeletedV2) -> None:
    kept = DocumentVersion.objects.get(interview=interview, hash=gone.hash)
    Document.objects.create(
        pk=gone.document,
        interview=interview,
        path=gone.path,
        text=kept.text,
        version=gone.version,
        hash=gone.hash,
        size=len(kept.text.encode()),
        interviewer_ranges=gone.interviewer,
    )


def _log(interview: Interview, found: _Deletion, client_id: str) -> None:
    events = [
        NewEvent(Origin.CANDIDATE, _describe(gone, seq))
        for seq, gone in found.files.items()
    ]
    if found.folder is not None:
        head = FolderRestored(
            path=found.folder.path, count=len(events), deletion=found.event.seq
        )
        events.insert(0, NewEvent(Origin.CANDIDATE, head))
    first, *rest = events
    append_events(interview, [NewEvent(first.origin, first.payload, client_id), *rest])


def _describe(gone: Gone, deletion: int) -> FileRestored | OtherFileRestored:
    if isinstance(gone, FileDeletedV2):
        return FileRestored(path=gone.path, hash=gone.hash, deletion=deletion)
    return OtherFileRestored(path=gone.path, deletion=deletion)
