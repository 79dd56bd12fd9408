"""The files of workspaces in memory, as the runner keeps them on its disk."""

import hashlib
from dataclasses import dataclass, field

from runner.errors import (
    RunnerError,
    StaleEpochError,
    WorkspaceClosedError,
    WorkspaceFullError,
)
from runner.protocol import (
    EntryKind,
    FileChange,
    FileContent,
    WorkspaceAgree,
    WorkspaceAgreed,
    WorkspaceClose,
    WorkspaceClosed,
    WorkspaceContents,
    WorkspaceEntries,
    WorkspaceEntry,
    WorkspaceKey,
    WorkspaceOpen,
    WorkspaceOpened,
    WorkspaceRead,
    WorkspaceReply,
    WorkspaceRequest,
    WorkspaceScan,
    WorkspaceWrite,
    WorkspaceWritten,
)

_TEXT_BYTES = 1_000_000
_BINARY_BYTES = 8 * 1024 * 1024
_REPLY_BYTES = 16 * 1024 * 1024


def hash_of(data: bytes | None) -> str:
    """The hash the protocol uses; "" for nothing."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


@dataclass
class FakeWorkspace:
    """One workspace. A test changes `files` as a command would, and puts what is no
    regular file into `odd` (path to kind and size)."""

    epoch: int
    roots: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    bases: dict[str, str] = field(default_factory=dict)
    odd: dict[str, tuple[EntryKind, int]] = field(default_factory=dict)
    is_truncated: bool = False

    def list_entries(self) -> tuple[WorkspaceEntry, ...]:
        paths = {path for path in (*self.files, *self.odd) if self._is_scanned(path)}
        return tuple(self._entry(path) for path in sorted(paths | {*self.bases}))

    def _is_scanned(self, path: str) -> bool:
        return path.partition("/")[0] in self.roots

    def _entry(self, path: str) -> WorkspaceEntry:
        base = self.bases.get(path, "")
        if path in self.odd:
            kind, size = self.odd[path]
            return WorkspaceEntry(path, kind, size, "", base)
        data = self.files.get(path)
        if data is None:
            return WorkspaceEntry(path, "gone", 0, "", base)
        kind = _kind_of(data)
        hashed = "" if kind == "large" else hash_of(data)
        return WorkspaceEntry(path, kind, len(data), hashed, base)

    def change(self, change: FileChange) -> bool:
        """Compare and swap; False for a conflict."""
        path, before = change.path, self.files.get(change.path)
        is_done = before == change.data and path not in self.odd
        if change.data is None and not change.expected and path in self.odd:
            del self.odd[path]
        elif not is_done:
            if path in self.odd or hash_of(before) != change.expected:
                return False
            if change.data is None:
                del self.files[path]
            else:
                self.files[path] = change.data
        self.agree({path: hash_of(change.data)})
        return True

    def agree(self, bases: dict[str, str]) -> None:
        for path, base in bases.items():
            self.bases[path] = base
            if not base:
                del self.bases[path]


@dataclass
class FakeWorkspaces:
    """What a runner holds; `generation` changes with its process.

    While it `is_full`, nothing can be written.
    """

    generation: str = "fake"
    is_full: bool = False
    open: dict[str, FakeWorkspace] = field(default_factory=dict)
    requests: list[WorkspaceRequest] = field(default_factory=list)
    _epochs: dict[str, int] = field(default_factory=dict)

    def restart(self, generation: str) -> None:
        """Forget everything, as a runner does that was killed."""
        self.generation = generation
        self.open.clear()
        self._epochs.clear()

    def find(self, key: WorkspaceKey) -> FakeWorkspace:
        """The open workspace of a run."""
        self._fence(key.id, key.epoch)
        if key.id not in self.open:
            raise WorkspaceClosedError("The workspace is not open.")
        return self.open[key.id]

    def answer(self, request: WorkspaceRequest) -> WorkspaceReply:
        """The reply; RunnerError where the runner refuses."""
        self.requests.append(request)
        self._fence(request.workspace, request.epoch)
        match request:
            case WorkspaceOpen(id=name, workspace=key):
                return WorkspaceOpened(name, key, self.generation, self._open(request))
            case WorkspaceClose(id=name, workspace=key):
                self.open.pop(key, None)
                return WorkspaceClosed(name, key)
        workspace = self.find(WorkspaceKey(request.workspace, request.epoch))
        if self.is_full and isinstance(request, WorkspaceWrite):
            raise WorkspaceFullError("A change did not fit.")
        return _answer(workspace, request)

    def _open(self, request: WorkspaceOpen) -> bool:
        is_new = request.workspace not in self.open
        workspace = self.open.setdefault(
            request.workspace, FakeWorkspace(request.epoch)
        )
        workspace.epoch, workspace.roots = request.epoch, request.roots
        return is_new

    def _fence(self, workspace: str, epoch: int) -> None:
        if epoch < self._epochs.get(workspace, 0):
            raise StaleEpochError("Another process has taken this workspace over.")
        self._epochs[workspace] = epoch


def _answer(workspace: FakeWorkspace, request: WorkspaceRequest) -> WorkspaceReply:
    name, key = request.id, request.workspace
    match request:
        case WorkspaceScan():
            entries = workspace.list_entries()
            return WorkspaceEntries(name, key, entries, workspace.is_truncated)
        case WorkspaceRead(paths=paths):
            return WorkspaceContents(name, key, *_read(workspace, paths))
        case WorkspaceWrite(changes=changes):
            conflicts = [each.path for each in changes if not workspace.change(each)]
            return WorkspaceWritten(name, key, tuple(conflicts))
        case WorkspaceAgree(bases=bases):
            workspace.agree(bases)
            return WorkspaceAgreed(name, key)
    raise RunnerError("The runner does not do this.")


def _read(
    workspace: FakeWorkspace, paths: tuple[str, ...]
) -> tuple[tuple[FileContent, ...], tuple[str, ...]]:
    found: list[FileContent] = []
    skipped: list[str] = []
    room = _REPLY_BYTES
    for path in paths:
        data = workspace.files.get(path)
        if (
            data is None
            or len(data) > min(_BINARY_BYTES, room)
            or path in workspace.odd
        ):
            skipped.append(path)
            continue
        room -= len(data)
        found.append(FileContent(path, hash_of(data), data))
    return tuple(found), tuple(skipped)


def _kind_of(data: bytes) -> EntryKind:
    if len(data) > _BINARY_BYTES:
        return "large"
    if len(data) > _TEXT_BYTES or b"\0" in data:
        return "binary"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "binary"
    return "text"
