"""How much room a workspace has left."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from interviews.models import Document, Interview, WorkspaceFile
from interviews.workspace.errors import WorkspaceFullError
from interviews.workspace.paths import count_entries


def check_bytes(
    interview: Interview, added: int, *, without: Document | WorkspaceFile | None = None
) -> None:
    """Raise WorkspaceFullError if `added` bytes do not fit beside what is there.

    `without` is the row they take the place of. Files whose content is not kept count
    nothing: what they take on a disk is for the runner to bound.
    """
    documents = interview.documents.all()
    others = interview.workspace_files.exclude(content="")
    match without:
        case Document():
            documents = documents.exclude(pk=without.pk)
        case WorkspaceFile():
            others = others.exclude(pk=without.pk)
    used = sum(
        rows.aggregate(total=Sum("size"))["total"] or 0 for rows in (documents, others)
    )
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
