"""How much room a workspace has left."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from interviews.models import Document, Interview, WorkspaceFile
from interviews.workspace.errors import WorkspaceFullError
from interviews.workspace.paths import count_entries

# As one statement: it is asked with every keystroke.
_USED = """
SELECT
    (SELECT COALESCE(SUM(size), 0) FROM interviews_document
     WHERE interview_id = %s AND id <> %s)
    + (SELECT COALESCE(SUM(size), 0) FROM interviews_workspacefile
       WHERE interview_id = %s AND id <> %s AND content <> '')
"""
_NOBODY = 0


def check_bytes(
    interview_id: UUID, added: int, *, without: Document | WorkspaceFile | None = None
) -> None:
    """Raise WorkspaceFullError if `added` bytes do not fit beside what is there.

    `without` is the row they take the place of. Files whose content is not kept count
    nothing: what they take on a disk is for the runner to bound.
    """
    key = Interview._meta.pk.get_db_prep_value(interview_id, connection)
    document = (isinstance(without, Document) and without.pk) or _NOBODY
    file = (isinstance(without, WorkspaceFile) and without.pk) or _NOBODY
    with connection.cursor() as cursor:
        cursor.execute(_USED, [key, document, key, file])
        (used,) = cursor.fetchone()
    if used + added > settings.LIMITS["workspace_bytes"]:
        raise WorkspaceFullError(
            _("The workspace is full: at most %(count)d MB in all files.")
            % {"count": settings.LIMITS["workspace_bytes"] // 1_048_576}
        )


def check_entries(paths: Iterable[str], *, before: Iterable[str]) -> None:
    """Raise WorkspaceFullError if files and folders become more, and too many."""
    count = count_entries(paths)
    most = settings.LIMITS["workspace_entries"]
    if count > most and count > count_entries(before):
        raise WorkspaceFullError(
            _("The workspace is full: at most %(count)s files and folders.")
            % {"count": f"{most:,}"}
        )
