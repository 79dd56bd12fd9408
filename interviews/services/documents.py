"""Writes to the documents of a workspace: seeding, editing, applying, keeping."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from base.clock import now
from base.text import content_hash
from interviews.enums import Origin
from interviews.errors import VersionConflictError
from interviews.models import Document, DocumentVersion, Interview
from interviews.services.sections import list_sections, lock_workspace
from interviews.timeline.kinds import (
    DocumentApplied,
    DocumentUpdated,
    DocumentUpdatedV2,
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

ApplyMode = Literal["replace", "append", "insert"]


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
            _("The workspace holds at most %(count)d files.")
            % {"count": settings.LIMITS["workspace_documents"]}
        )
    document.save()
    return document


def find_document(interview_id: UUID, path: str) -> Document:
    """Return a document. Raises MissingError."""
    document = Document.objects.filter(interview_id=interview_id, path=path).first()
    if document is None:
        raise MissingError(_("There is no such file (any more)."))
    return document


@transaction.atomic
def update_document(
    interview_id: UUID,
    *,
    path: str,
    version: int,
    updates: Sequence[Update],
    client_id: str,
) -> Stored:
    """Apply an editor's updates to the version they were made for, and log them.

    Sending the same `client_id` again returns what was stored the first time.
    Raises VersionConflictError when the document moved on, BadChangesError,
    FileTooLargeError, WorkspaceFullError, MissingError, or InterviewEndedError.
    """
    interview = lock_workspace(interview_id)
    repeated = _find_repeat(interview, client_id)
    if repeated is not None:
        return repeated
    _check_update_size(updates)
    document = _lock_document(interview, path, version)
    batch = apply_batch(document.text, updates)
    stored = _store(document, batch)
    payload = DocumentUpdatedV2(
        path=path,
        version=document.version,
        updates=[update.as_json() for update in batch.all_updates],
        hash=document.hash,
    )
    append_event(interview, payload, origin=Origin.CANDIDATE, client_id=client_id)
    return stored


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


def _lock_document(interview: Interview, path: str, version: int) -> Document:
    document = interview.documents.select_for_update().filter(path=path).first()
    if document is None:
        raise MissingError(_("There is no such file (any more)."))
    if document.version != version:
        raise VersionConflictError
    return document


def _store(document: Document, batch: Batch) -> Stored:
    first, size_before = document.version, document.size
    document.text = batch.text
    document.hash = content_hash(batch.text)
    document.size = len(batch.text.encode())
    _check_sizes(document, grown=document.size - size_before)
    document.version = first + len(batch.all_updates)
    document.updated_at = now()
    document.save(update_fields=["text", "hash", "size", "version", "updated_at"])
    return Stored(
        path=document.path,
        version=first + len(batch.updates),
        hash=document.hash,
        first=first,
        updates=batch.updates,
        mend=batch.mend,
    )


def _check_sizes(document: Document, *, grown: int) -> None:
    """Refuse what makes a file or the workspace too large; shrinking always works."""
    if grown <= 0:
        return
    if document.size > settings.LIMITS["file_bytes"]:
        raise FileTooLargeError(_("The file would be too large: at most 1 MB."))
    others = document.interview.documents.exclude(pk=document.pk)
    used = others.aggregate(total=Sum("size"))["total"] or 0
    if used + document.size > settings.LIMITS["workspace_bytes"]:
        raise WorkspaceFullError(
            _("The workspace is full: at most %(count)d MB in all files.")
            % {"count": settings.LIMITS["workspace_bytes"] // 1_048_576}
        )


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
