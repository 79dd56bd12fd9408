"""Frames about the files of a workspace, from a client to the runner."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from runner.protocol.fields import Fields, ProtocolError, check_relative_path, read_path

MAX_EPOCH = 2**53
MAX_ROOTS = 64
MAX_PATHS = 4_000
MAX_CHANGES = 2_000
MAX_CHANGE_BYTES = 8 * 1024 * 1024
MAX_WRITE_BYTES = 24 * 1024 * 1024
MAX_ID_CHARS = 64

_HASH = re.compile(r"(?:[0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class WorkspaceKey:
    """Which workspace, and how recent the claim to it is: an older one is refused."""

    id: str
    epoch: int

    def to_json(self) -> dict[str, object]:
        return {"id": self.id, "epoch": self.epoch}


@dataclass(frozen=True, slots=True)
class WorkspaceOpen:
    """Make the workspace or join it; only the folders named in `roots` are scanned."""

    id: str
    workspace: str
    epoch: int
    roots: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        return _head("open", self) | {"roots": list(self.roots)}


@dataclass(frozen=True, slots=True)
class WorkspaceScan:
    """List what is on the disk, and what was agreed about it."""

    id: str
    workspace: str
    epoch: int

    def to_json(self) -> dict[str, object]:
        return _head("scan", self)


@dataclass(frozen=True, slots=True)
class WorkspaceRead:
    """The bytes of some files."""

    id: str
    workspace: str
    epoch: int
    paths: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        return _head("read", self) | {"paths": list(self.paths)}


@dataclass(frozen=True, slots=True)
class FileChange:
    """New bytes for a path, or None to delete it, if `expected` is the hash of what is
    there. "" expects nothing there, or, to delete it, nothing that has a hash: a large
    file, a link, a special file."""

    path: str
    data: bytes | None
    expected: str

    def to_json(self) -> dict[str, object]:
        encoded = None if self.data is None else base64.b64encode(self.data).decode()
        return {"path": self.path, "data_b64": encoded, "expected": self.expected}


@dataclass(frozen=True, slots=True)
class WorkspaceWrite:
    """Changes, each of which happens only if the disk is as it expects."""

    id: str
    workspace: str
    epoch: int
    changes: tuple[FileChange, ...]

    def to_json(self) -> dict[str, object]:
        return _head("write", self) | {
            "changes": [change.to_json() for change in self.changes]
        }


@dataclass(frozen=True, slots=True)
class WorkspaceAgree:
    """Note what disk and database agree on, without writing; "" forgets a path."""

    id: str
    workspace: str
    epoch: int
    bases: dict[str, str]

    def to_json(self) -> dict[str, object]:
        return _head("agree", self) | {"bases": self.bases}


@dataclass(frozen=True, slots=True)
class WorkspaceClose:
    """Kill what runs in the workspace and remove it."""

    id: str
    workspace: str
    epoch: int

    def to_json(self) -> dict[str, object]:
        return _head("close", self)


WorkspaceRequest = (
    WorkspaceOpen
    | WorkspaceScan
    | WorkspaceRead
    | WorkspaceWrite
    | WorkspaceAgree
    | WorkspaceClose
)


def _head(verb: str, request: WorkspaceRequest) -> dict[str, object]:
    return {
        "type": f"workspace.{verb}",
        "id": request.id,
        "workspace": request.workspace,
        "epoch": request.epoch,
    }


def parse_workspace_request(kind: str, fields: Fields) -> WorkspaceRequest:
    """The typed request, or ProtocolError naming its id where that is known."""
    parse = _PARSERS.get(kind)
    if parse is None:
        raise ProtocolError("The request has an unknown type.")
    request = fields.text("id", limit=MAX_ID_CHARS)
    try:
        workspace = fields.uuid("workspace")
        epoch = fields.integer("epoch", low=0, high=MAX_EPOCH)
        return parse(request, workspace, epoch, fields)
    except ProtocolError as error:
        raise ProtocolError(error.message, request=request) from None


def read_workspace_key(fields: Fields) -> WorkspaceKey:
    """The workspace a run is to happen in."""
    return WorkspaceKey(
        fields.uuid("id"), fields.integer("epoch", low=0, high=MAX_EPOCH)
    )


def read_hash(fields: Fields, name: str) -> str:
    """SHA-256 in hexadecimal, or "" for nothing."""
    return check_hash(fields.text(name, limit=64, default=""))


def check_hash(value: str) -> str:
    """The hash itself, or ProtocolError."""
    if not _HASH.fullmatch(value):
        raise ProtocolError("A content hash must be SHA-256 in lower case.")
    return value


def _parse_open(
    request: str, workspace: str, epoch: int, fields: Fields
) -> WorkspaceOpen:
    roots = fields.items("roots", read_path, limit=MAX_ROOTS)
    if any("/" in root for root in roots):
        raise ProtocolError("A root must be a folder at the top.")
    return WorkspaceOpen(request, workspace, epoch, roots)


def _parse_scan(
    request: str, workspace: str, epoch: int, _fields: Fields
) -> WorkspaceScan:
    return WorkspaceScan(request, workspace, epoch)


def _parse_read(
    request: str, workspace: str, epoch: int, fields: Fields
) -> WorkspaceRead:
    paths = fields.items("paths", read_path, limit=MAX_PATHS)
    return WorkspaceRead(request, workspace, epoch, paths)


def _parse_write(
    request: str, workspace: str, epoch: int, fields: Fields
) -> WorkspaceWrite:
    changes = fields.items("changes", _read_change, limit=MAX_CHANGES)
    if sum(len(change.data or b"") for change in changes) > MAX_WRITE_BYTES:
        raise ProtocolError("The files are too large together.")
    if len({change.path for change in changes}) < len(changes):
        raise ProtocolError("A file is given twice.")
    return WorkspaceWrite(request, workspace, epoch, changes)


def _read_change(item: object) -> FileChange:
    fields = Fields(item, where="change")
    path = check_relative_path(fields.text("path", limit=512))
    expected = read_hash(fields, "expected")
    if not fields.has("data_b64"):
        return FileChange(path, None, expected)
    return FileChange(path, fields.data("data_b64", limit=MAX_CHANGE_BYTES), expected)


def _parse_agree(
    request: str, workspace: str, epoch: int, fields: Fields
) -> WorkspaceAgree:
    bases = fields.strings("bases")
    if len(bases) > MAX_PATHS:
        raise ProtocolError("There are too many paths.")
    for path, value in bases.items():
        read_path(path)
        check_hash(value)
    return WorkspaceAgree(request, workspace, epoch, bases)


def _parse_close(
    request: str, workspace: str, epoch: int, _fields: Fields
) -> WorkspaceClose:
    return WorkspaceClose(request, workspace, epoch)


_PARSERS: dict[str, Callable[[str, str, int, Fields], WorkspaceRequest]] = {
    "workspace.open": _parse_open,
    "workspace.scan": _parse_scan,
    "workspace.read": _parse_read,
    "workspace.write": _parse_write,
    "workspace.agree": _parse_agree,
    "workspace.close": _parse_close,
}
