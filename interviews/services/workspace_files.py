"""Files of a workspace that are no documents: shown and kept, never edited.

Their contents lie in the default storage, each under a name of its own that tells
nothing: so a file that goes never takes what another one needs. Callers hold the lock
of the workspace.
"""

import hashlib
import logging
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from base.clock import now
from base.ids import new_token
from interviews.enums import FileKind, Origin
from interviews.models import Interview, WorkspaceFile, WorkspaceLease
from interviews.timeline.kinds import OtherFileDropped, OtherFileKept
from interviews.timeline.log import append_event
from interviews.workspace.errors import NotStorableError
from interviews.workspace.mirror import ERASED

logger = logging.getLogger(__name__)

# What the candidate deleted and may still bring back; the oldest goes first.
MOST_DELETED_BYTES = 64 * 1024 * 1024
_SOURCES = {Origin.CANDIDATE: "upload", Origin.SYSTEM: "command"}


def keep_file(
    interview: Interview,
    path: str,
    kind: FileKind,
    data: bytes | None,
    *,
    size: int,
    hash: str,  # noqa: A002 -- the word of the model, and of the runner
    origin: Origin,
    client_id: str | None = None,
) -> WorkspaceFile:
    """Write down a file in the place of what was kept under its path, and log it.

    Without `data` its content is not kept, and nothing is logged: links, special and
    huge files come and go by the thousand. Whether there is room is for the caller to
    ask. Raises NotStorableError.
    """
    row = interview.workspace_files.filter(path=path).first()
    if row is None:
        row = WorkspaceFile(interview=interview, path=path)
    former = row.content
    row.kind, row.size, row.hash, row.origin = kind, size, hash, origin
    row.content = "" if data is None else _save(interview.pk, data)
    row.updated_at = now()
    row.save()
    if former:
        _forget_after_commit(former)
    if row.content:
        payload = OtherFileKept(
            path=path,
            file_kind=kind,
            size=size,
            hash=hash,
            content=row.content,
            source=_SOURCES[origin],
        )
        append_event(interview, payload, origin=origin, client_id=client_id)
    return row


def _save(interview_id: UUID, data: bytes) -> str:
    if len(data) > settings.LIMITS["kept_file_bytes"]:
        raise ValueError("a file that is kept is bounded by kept_file_bytes")
    digest = hashlib.sha256(data).hexdigest()
    name = f"workspaces/{interview_id.hex}/{digest[:32]}-{new_token()}"
    try:
        return default_storage.save(name, ContentFile(data))
    except OSError as error:
        logger.exception("A file of %s could not be kept", interview_id)
        raise NotStorableError from error


def _forget_after_commit(content: str) -> None:
    # A name that stays behind is one more file in the interview's folder.
    transaction.on_commit(lambda: default_storage.delete(content), robust=True)


def drop_file(interview: Interview, path: str) -> None:
    """Take out a file that a command removed, and its content; nothing where none is."""
    row = interview.workspace_files.filter(path=path).first()
    if row is None:
        return
    row.delete()
    if row.content:
        append_event(interview, describe_drop(row), origin=Origin.SYSTEM)
        _forget_after_commit(row.content)


def erase_unkept(interview: Interview, paths: Iterable[str]) -> None:
    """Have the runner delete what only its disk has; what it does not have is fine."""
    erased = {path: ["", ERASED] for path in paths}
    leases = WorkspaceLease.objects.select_for_update().filter(interview=interview)
    for lease in leases if erased else ():
        lease.taken = lease.taken | erased
        lease.save(update_fields=["taken"])


def describe_drop(row: WorkspaceFile) -> OtherFileDropped:
    """Return what the timeline says when a file goes."""
    return OtherFileDropped(
        path=row.path,
        file_kind=row.kind,
        size=row.size,
        hash=row.hash,
        content=row.content,
        made_by=row.origin,
    )


def thin_deleted(interview: Interview, *, added: int) -> None:
    """Forget the oldest contents that a candidate deleted, beyond the most kept.

    `added` bytes were deleted just now, and logged.
    """
    total = 0
    events = interview.events.filter(
        kind=OtherFileDropped.kind, origin=Origin.CANDIDATE
    ).order_by("-seq")
    events = events.exclude(payload__content="")
    for payload in events.values_list("payload", flat=True).iterator():
        if total > MOST_DELETED_BYTES + added:
            # These went when something was deleted before.
            break
        total += payload["size"]
        if total > MOST_DELETED_BYTES:
            _forget_unless_back(interview, payload["content"])


def _forget_unless_back(interview: Interview, content: str) -> None:
    if not interview.workspace_files.filter(content=content).exists():
        _forget_after_commit(content)


def bring_back(interview: Interview, dropped: OtherFileDropped) -> WorkspaceFile | None:
    """Write a file down again as it was; None where its content is not kept any more."""
    if not dropped.content or not default_storage.exists(dropped.content):
        return None
    return WorkspaceFile.objects.create(
        interview=interview,
        path=dropped.path,
        kind=dropped.file_kind,
        size=dropped.size,
        hash=dropped.hash,
        content=dropped.content,
        origin=dropped.made_by,
    )


def read_contents(interview_id: UUID, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of those of these files that are kept, by path."""
    rows = WorkspaceFile.objects.filter(
        interview_id=interview_id, path__in=list(paths)
    ).exclude(content="")
    found = {row.path: read_content(row) for row in rows}
    return {path: data for path, data in found.items() if data is not None}


def read_content(row: WorkspaceFile) -> bytes | None:
    """Return what is kept of a file; None for nothing. Raises NotStorableError."""
    if not row.content:
        return None
    try:
        with default_storage.open(row.content) as source:
            return bytes(source.read())
    except FileNotFoundError:
        logger.error("The content of file %d is gone", row.pk)
        return None
    except OSError as error:
        raise NotStorableError(
            _("The file cannot be read at the moment. Try again.")
        ) from error
