"""A workspace whose files a test moves about, as the sockets and the upload route do."""

from pathlib import Path

from django.conf import settings

from interviews.models import Document, Event, Interview, WorkspaceFile
from interviews.services.documents import update_document
from interviews.services.file_restores import restore_file
from interviews.services.files import (
    FileChange,
    create_file,
    delete_file,
    list_paths,
    rename_file,
)
from interviews.services.uploads import Uploaded, UploadMode, upload_file
from interviews.workspace.batches import Update
from interviews.workspace.changes import make_update

# No text: it has a zero, and bytes that are no UTF-8.
BINARY = b"\x89BIN\x00\xff\xfe"


class Bench:
    """Paths are given below the folder of the first problem."""

    def __init__(self, interview: Interview, folder: str) -> None:
        self.interview = interview
        self.folder = folder
        self._count = 0

    def full(self, path: str) -> str:
        return f"{self.folder}/{path}"

    def next_id(self) -> str:
        self._count += 1
        return f"act-{self._count}"

    def create(self, path: str, text: str = "") -> FileChange:
        return create_file(
            self.interview.pk,
            path=self.full(path),
            text=text,
            client_id=self.next_id(),
        )

    def upload(
        self, path: str, data: bytes, mode: UploadMode = "new", *, client_id: str = ""
    ) -> Uploaded:
        return upload_file(
            self.interview.pk,
            path=self.full(path),
            data=data,
            mode=mode,
            client_id=client_id or self.next_id(),
        )

    def rename(self, path: str, to: str) -> FileChange:
        return rename_file(
            self.interview.pk,
            path=self.full(path),
            to=self.full(to),
            client_id=self.next_id(),
        )

    def delete(self, path: str) -> str:
        """Delete and return the id to undo it with."""
        client_id = self.next_id()
        delete_file(self.interview.pk, path=self.full(path), client_id=client_id)
        return client_id

    def restore(self, deletion: str) -> FileChange:
        return restore_file(
            self.interview.pk, deletion=deletion, client_id=self.next_id()
        )

    def write(self, path: str, text: str) -> None:
        """Type until the file is `text`."""
        document = self.document(path)
        update_document(
            self.interview.pk,
            path=document.path,
            version=document.version,
            updates=[Update("editor", make_update(document.text, text))],
            client_id=self.next_id(),
        )

    def document(self, path: str) -> Document:
        return Document.objects.get(interview=self.interview, path=self.full(path))

    def other(self, path: str) -> WorkspaceFile:
        return WorkspaceFile.objects.get(interview=self.interview, path=self.full(path))

    def paths(self) -> list[str]:
        """Every file there is, without the folder."""
        paths = list_paths(self.interview)
        return sorted(path.removeprefix(f"{self.folder}/") for path in paths)

    def kinds(self) -> list[str]:
        """The kinds of the events, in order."""
        events = Event.objects.filter(interview=self.interview).order_by("seq")
        return list(events.values_list("kind", flat=True))

    def contents(self) -> list[bytes]:
        """What lies in the storage for this interview."""
        root = Path(settings.MEDIA_ROOT) / "workspaces" / self.interview.pk.hex
        return [path.read_bytes() for path in root.glob("*")] if root.exists() else []
