"""Writes to the documents of a workspace: seeding, editing, applying, keeping."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from base.clock import now
from base.statements import lock_row, update_row
from base.text import content_hash
from interviews.enums import Origin
from interviews.errors import VersionConflictError
from interviews.models import Document, DocumentVersion, Interview
from interviews.selectors.sections import list_sections
from interviews.services.sections import lock_for_edit, lock_workspace
from interviews.services.space import check_bytes
from interviews.timeline.kinds import (
    DocumentApplied,
    DocumentUpdated,
    DocumentUpdatedV2,
    DocumentUpdatedV3,
    FileCreated,
)
from interviews.timeline.log import NewEvent, append_event, append_events, find_event
from interviews.timeline.registry import parse_payload
from interviews.workspace.batches import SERVER_CLIENT, Batch, Update, apply_batch
from interviews.workspace.changes import (
    Changes,
    clean_text,
    encoded_size,
    make_append,
    make_insert,
    make_update,
    normalise_lines,
)
from interviews.workspace.errors import (
    BadFrameError,
    FileTooLargeError,
    MissingError,
    WorkspaceFullError,
)
from interviews.workspace.ranges import map_ranges

ApplyMode = Literal["replace", "append", "insert"]

_CHANGING = ("text", "hash", "size", "interviewer_ranges", "version", "updated_at")
_EDITED = ("id", "interview", "path", *_CHANGING)


@dataclass(frozen=True)
class Stored:
    """What was stored: the version and hash to acknowledge, and what others must see.

    `updates` begin at version `first`; they are empty for a repeat.
    """

    path: str
    version: int
    hash: str
    first: int
    updates: tuple[Update, ...] = ()
    mend: Update | None = None


def seed_workspace(interview: Interview) -> bool:
    """Put every section's starter files in place, once; say whether it did.

    Repeatable: a file the candidate deleted does not come back.
    """
    with transaction.atomic():
        interview = lock_workspace(interview.pk)
        starters = [
            (f"{section.folder}/{path}", clean_text(normalise_lines(text)))
            for section in list_sections(interview)
            for path, text in section.problem.files.items()
        ]
        if not starters or find_event(interview, _seed_id(0)):
            return False
        documents = [_new_document(interview, path, text) for path, text in starters]
        Document.objects.bulk_create(documents)
        append_events(
            interview,
            [
                NewEvent(
                    Origin.SYSTEM,
                    FileCreated(
                        path=document.path,
                        text=document.text,
                        hash=document.hash,
                        source="starter",
                    ),
                    _seed_id(number),
                )
                for number, document in enumerate(documents)
            ],
        )
        return True


def _seed_id(number: int) -> str:
    return f"starter:{number}"


def _new_document(interview: Interview, path: str, text: str) -> Document:
    return Document(
        interview=interview,
        path=path,
        text=text,
        hash=content_hash(text),
        size=len(text.encode()),
    )


def create_document(interview: Interview, *, path: str, text: str) -> Document:
    """Write a new document within the limits; the caller holds the lock and logs it.

    Raises FileTooLargeError or WorkspaceFullError.
    """
    document = _new_document(interview, path, text)
    _check_sizes(document, grown=document.size)
    if interview.documents.count() >= settings.LIMITS["workspace_documents"]:
        raise WorkspaceFullError(
            _("The workspace holds at most %(count)d files that can be edited.")
            % {"count": settings.LIMITS["workspace_documents"]}
        )
    document.save()
    return document


def find_document(
    interview_id: UUID, path: str, *, document_id: int | None = None
) -> Document:
    """Return a document. Raises MissingError, also where another took its name."""
    document = Document.objects.filter(interview_id=interview_id, path=path).first()
    if document is None or document_id not in (None, document.pk):
        raise MissingError(_("There is no such file (any more)."))
    return document


@contextmanager
def _storing_once() -> Iterator[None]:
    """A transaction in which a `client_id` that something else had is refused."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise BadFrameError from error


@_storing_once()
def update_document(
    interview_id: UUID,
    *,
    path: str,
    version: int,
    updates: Sequence[Update],
    client_id: str,
    document_id: int | None = None,
    interviewer: User | None = None,
) -> Stored:
    """Apply an editor's updates to the version they were made for, and log them.

    With `document_id` they are for that document, not for another of its name.
    They are the candidate's, or the `interviewer`'s whom the caller lets type.
    Sending the same `client_id` again returns what was stored the first time.
    Raises VersionConflictError when the document moved on, BadChangesError,
    FileTooLargeError, WorkspaceFullError, MissingError, InterviewEndedError, or
    BadFrameError when the `client_id` was something else's.
    """
    interview = lock_for_edit(interview_id)
    _check_update_size(updates)
    try:
        document = _lock_document(interview, path, version, document_id)
    except (VersionConflictError, MissingError):
        # What was stored before raised the version: only here can it be a repeat.
        repeated = _find_repeat(interview, client_id)
        if repeated is None:
            raise
        return repeated
    batch = apply_batch(document.text, updates)
    stored = _store(document, batch, is_interviewers=interviewer is not None)
    _log_update(interview, document, batch, client_id, interviewer)
    return stored


def _log_update(
    interview: Interview,
    document: Document,
    batch: Batch,
    client_id: str,
    interviewer: User | None,
) -> None:
    told: dict[str, Any] = {
        "path": document.path,
        "version": document.version,
        "updates": [update.as_json() for update in batch.all_updates],
        "hash": document.hash,
    }
    if interviewer is None:
        payload, origin = DocumentUpdatedV2(**told), Origin.CANDIDATE
    else:
        payload = DocumentUpdatedV3(**told, actor=interviewer.pk)
        origin = Origin.INTERVIEWER
    append_event(interview, payload, origin=origin, client_id=client_id)


@transaction.atomic
def apply_block(
    interview_id: UUID,
    *,
    path: str,
    version: int,
    mode: ApplyMode,
    line: int | None,
    text: str,
    turn: str,
    block: int,
    client_id: str,
) -> Stored:
    """Put a code block of an answer into a document; like `update_document`."""
    interview = lock_workspace(interview_id)
    repeated = _find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    document = _lock_document(interview, path, version)
    changes = _make_changes(
        document.text, mode, line, clean_text(normalise_lines(text))
    )
    stored = _store(
        document, apply_batch(document.text, [Update(SERVER_CLIENT, changes)])
    )
    payload = DocumentApplied(
        path=path,
        version=document.version,
        mode=mode,
        turn=turn,
        block=block,
        changes=[*changes],
        hash=document.hash,
    )
    append_event(interview, payload, origin=Origin.CANDIDATE, client_id=client_id)
    return stored


def _make_changes(text: str, mode: ApplyMode, line: int | None, added: str) -> Changes:
    if mode == "replace":
        return make_update(text, added)
    if mode == "append":
        return make_append(text, added)
    if line is None:
        raise BadFrameError
    return make_insert(text, line, added)


def _find_repeat(interview: Interview, client_id: str) -> Stored | None:
    event = find_event(interview, client_id)
    if event is None:
        return None
    payload = parse_payload(event)
    if not isinstance(payload, DocumentUpdated | DocumentApplied):
        raise BadFrameError
    return Stored(payload.path, payload.version, payload.hash, payload.version)


def _check_update_size(updates: Sequence[Update]) -> None:
    size = encoded_size([update.as_json() for update in updates])
    if size > settings.LIMITS["update_bytes"]:
        raise FileTooLargeError(
            _("The edit is too large to store at once: at most %(count)d KiB.")
            % {"count": settings.LIMITS["update_bytes"] // 1024}
        )


def _lock_document(
    interview: Interview, path: str, version: int, document_id: int | None = None
) -> Document:
    document = lock_row(Document, _EDITED, interview=interview.pk, path=path)
    if document is None or document_id not in (None, document.pk):
        raise MissingError(_("There is no such file (any more)."))
    if document.version != version:
        raise VersionConflictError
    return document


def _store(
    document: Document, batch: Batch, *, is_interviewers: bool = False
) -> Stored:
    first, size_before = document.version, document.size
    document.text = batch.text
    if is_interviewers or document.interviewer_ranges:
        for update in batch.updates:
            document.interviewer_ranges = map_ranges(
                document.interviewer_ranges, update.changes, is_own=is_interviewers
            )
    document.hash = content_hash(batch.text)
    document.size = len(batch.text.encode())
    _check_sizes(document, grown=document.size - size_before)
    document.version = first + len(batch.all_updates)
    document.updated_at = now()
    update_row(document, _CHANGING)
    return Stored(
        path=document.path,
        version=first + len(batch.updates),
        hash=document.hash,
        first=first,
        updates=batch.updates,
        mend=batch.mend,
    )


def change_document(document: Document, updates: Sequence[Update]) -> Stored:
    """Apply updates that are no editor's; the caller holds the lock and logs them.

    Raises FileTooLargeError or WorkspaceFullError, and then has changed nothing.
    """
    return _store(document, apply_batch(document.text, updates))


def _check_sizes(document: Document, *, grown: int) -> None:
    """Refuse what makes a file or the workspace too large; shrinking always works."""
    if grown <= 0:
        return
    if document.size > settings.LIMITS["file_bytes"]:
        raise FileTooLargeError(_("The file would be too large: at most 1 MB."))
    check_bytes(document.interview_id, document.size, without=document)


@transaction.atomic
def keep_contents(interview: Interview, paths: Iterable[str]) -> dict[str, str]:
    """Keep the documents as they are now; return {path: content hash}.

    Paths that do not exist are left out. Runs and turns point at the hashes.
    """
    documents = list(interview.documents.filter(path__in=list(paths)))
    DocumentVersion.objects.bulk_create(
        [
            DocumentVersion(interview=interview, hash=document.hash, text=document.text)
            for document in documents
        ],
        ignore_conflicts=True,
    )
    return {document.path: document.hash for document in documents}
