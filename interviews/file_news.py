"""What the windows of an interview hear of its files."""

from collections.abc import Sequence
from uuid import UUID

from asgiref.sync import async_to_sync

from interviews.models import Document, WorkspaceFile
from interviews.notifications import tell_group
from interviews.protocol import (
    Frame,
    document_fields,
    other_file_fields,
    split_updates,
    tree_fields,
    workspace_group,
)
from interviews.selectors.workspace import DocumentEntry, OtherFile, read_file_tree
from interviews.services.files import FileChange
from interviews.services.uploads import Uploaded


def change_frame(interview_id: UUID, change: FileChange) -> Frame:
    """Return what became of a file or folder, with the whole list."""
    frame: Frame = {
        "type": "file.changed",
        "action": change.action,
        "path": change.path,
        **tree_fields(read_file_tree(interview_id)),
    }
    if change.to is not None:
        frame["to"] = change.to
    if change.action == "renamed":
        frame["moves"] = [[*pair] for pair in change.moves]
    if change.action == "deleted":
        frame["removed"] = [*change.removed]
    return frame


def files_frame(interview_id: UUID) -> Frame:
    """Return the whole list, for a window that may not know what became of it."""
    return {
        "type": "file.changed",
        "action": "created",
        "path": "",
        **tree_fields(read_file_tree(interview_id)),
    }


def upload_frames(interview_id: UUID, uploaded: Uploaded) -> list[Frame]:
    """Return what an upload changed; its line only, for many come one after another."""
    frames: list[Frame] = []
    stored = uploaded.stored
    if stored is not None:
        updates = [update.as_json() for update in stored.updates]
        frames = split_updates(stored.path, stored.first, updates)
    line: Frame = {
        "type": "file.changed",
        "action": "uploaded",
        "path": uploaded.path,
        "removed": [*uploaded.removed],
        **read_line(interview_id, uploaded.path),
    }
    return [*frames, line]


def read_line(interview_id: UUID, path: str) -> Frame:
    """Return the line of one file: `document` or `file`, the other one null."""
    where = {"interview_id": interview_id, "path": path}
    document = Document.objects.defer("text").filter(**where).first()
    if document is not None:
        entry = DocumentEntry(
            document.pk, path, document.version, document.hash, document.size
        )
        return {"document": document_fields([entry])[0], "file": None}
    row = WorkspaceFile.objects.filter(**where).first()
    if row is None:
        return {"document": None, "file": None}
    other = OtherFile(path, row.kind, row.size, row.hash, is_kept=bool(row.content))
    return {"document": None, "file": other_file_fields(other)}


def tell_windows(interview_id: UUID, frames: Sequence[Frame]) -> None:
    """Send frames to every window, from outside of the sockets; after the commit.

    What is stored stays so where nobody can be told: windows see it when they next ask.
    """
    for frame in frames:
        message = {"type": "workspace.frame", "frame": frame, "sender": ""}
        if not async_to_sync(tell_group)(workspace_group(interview_id), message):
            return
