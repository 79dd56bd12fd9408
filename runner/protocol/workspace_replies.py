"""Frames about the files of a workspace, from the runner to a client."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from runner.protocol.fields import Fields, ProtocolError, check_relative_path, read_path
from runner.protocol.workspace_requests import (
    MAX_CHANGES,
    MAX_ID_CHARS,
    MAX_PATHS,
    check_hash,
    read_hash,
)

EntryKind = Literal["text", "binary", "large", "link", "special", "gone"]

_KINDS: dict[str, EntryKind] = {kind: kind for kind in get_args(EntryKind)}
# What is found and what was agreed about what is gone.
_MAX_ENTRIES = 2 * MAX_PATHS
_BIG = 2**62


@dataclass(frozen=True, slots=True)
class WorkspaceOpened:
    """The workspace is there; `is_new` when it was made now, and so is empty."""

    id: str
    workspace: str
    generation: str
    is_new: bool

    def to_json(self) -> dict[str, object]:
        return {
            "type": "workspace.opened",
            "id": self.id,
            "workspace": self.workspace,
            "generation": self.generation,
            "is_new": self.is_new,
        }


@dataclass(frozen=True, slots=True)
class WorkspaceEntry:
    """A path on the disk.

    `hash` is of the bytes for `text` and `binary`, else ""; `size` is in bytes. `base`
    is the hash last agreed on, "" for never. `gone`: agreed on once and not on the disk
    any more; a path that is not listed at all is unknown, never gone.
    """

    path: str
    kind: EntryKind
    size: int
    hash: str
    base: str

    def to_json(self) -> dict[str, object]:
        return {
            "path": self.path,
            "kind": self.kind,
            "size": self.size,
            "hash": self.hash,
            "base": self.base,
        }


@dataclass(frozen=True, slots=True)
class WorkspaceEntries:
    """What a scan found. `is_truncated` when there is more than is listed; `skipped`
    counts the names that no text can hold."""

    id: str
    workspace: str
    entries: tuple[WorkspaceEntry, ...]
    is_truncated: bool
    skipped: int = 0

    def to_json(self) -> dict[str, object]:
        return {
            "type": "workspace.entries",
            "id": self.id,
            "workspace": self.workspace,
            "entries": [entry.to_json() for entry in self.entries],
            "is_truncated": self.is_truncated,
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class FileContent:
    """The bytes of one file and their hash."""

    path: str
    hash: str
    data: bytes

    def to_json(self) -> dict[str, object]:
        return {
            "path": self.path,
            "hash": self.hash,
            "data_b64": base64.b64encode(self.data).decode(),
        }


@dataclass(frozen=True, slots=True)
class WorkspaceContents:
    """What could be read; `skipped` is too large, no file any more, or did not fit."""

    id: str
    workspace: str
    files: tuple[FileContent, ...]
    skipped: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        return {
            "type": "workspace.contents",
            "id": self.id,
            "workspace": self.workspace,
            "files": [item.to_json() for item in self.files],
            "skipped": list(self.skipped),
        }


@dataclass(frozen=True, slots=True)
class WorkspaceWritten:
    """Every change happened except those of `conflicts`, where the disk had others."""

    id: str
    workspace: str
    conflicts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        return {
            "type": "workspace.written",
            "id": self.id,
            "workspace": self.workspace,
            "conflicts": list(self.conflicts),
        }


@dataclass(frozen=True, slots=True)
class WorkspaceAgreed:
    """The bases are noted."""

    id: str
    workspace: str

    def to_json(self) -> dict[str, object]:
        return {
            "type": "workspace.agreed",
            "id": self.id,
            "workspace": self.workspace,
        }


@dataclass(frozen=True, slots=True)
class WorkspaceClosed:
    """Nothing of the workspace is left."""

    id: str
    workspace: str

    def to_json(self) -> dict[str, object]:
        return {
            "type": "workspace.closed",
            "id": self.id,
            "workspace": self.workspace,
        }


@dataclass(frozen=True, slots=True)
class WorkspaceChanged:
    """A hint while a run goes on: something on the disk differs from what was agreed."""

    workspace: str

    def to_json(self) -> dict[str, object]:
        return {"type": "workspace.changed", "workspace": self.workspace}


WorkspaceReply = (
    WorkspaceOpened
    | WorkspaceEntries
    | WorkspaceContents
    | WorkspaceWritten
    | WorkspaceAgreed
    | WorkspaceClosed
)


def _parse_opened(fields: Fields) -> WorkspaceOpened:
    return WorkspaceOpened(
        *_head(fields),
        generation=fields.text("generation", limit=64),
        is_new=fields.boolean("is_new", default=False),
    )


def _parse_entries(fields: Fields) -> WorkspaceEntries:
    return WorkspaceEntries(
        *_head(fields),
        entries=fields.items("entries", _read_entry, limit=_MAX_ENTRIES),
        is_truncated=fields.boolean("is_truncated", default=False),
        skipped=fields.integer("skipped", low=0, high=_BIG, default=0),
    )


def _read_entry(item: object) -> WorkspaceEntry:
    fields = Fields(item, where="entry")
    kind = _KINDS.get(fields.text("kind", limit=16))
    if kind is None:
        raise ProtocolError("An entry has an unknown kind.")
    return WorkspaceEntry(
        path=check_relative_path(fields.text("path", limit=512)),
        kind=kind,
        size=fields.integer("size", low=0, high=_BIG),
        hash=read_hash(fields, "hash"),
        base=read_hash(fields, "base"),
    )


def _parse_contents(fields: Fields) -> WorkspaceContents:
    return WorkspaceContents(
        *_head(fields),
        files=fields.items("files", _read_content, limit=MAX_PATHS),
        skipped=fields.items("skipped", read_path, limit=MAX_PATHS),
    )


def _read_content(item: object) -> FileContent:
    fields = Fields(item, where="file")
    return FileContent(
        path=check_relative_path(fields.text("path", limit=512)),
        hash=check_hash(fields.text("hash", limit=64)),
        data=fields.data("data_b64", limit=_BIG),
    )


def _parse_written(fields: Fields) -> WorkspaceWritten:
    return WorkspaceWritten(
        *_head(fields),
        conflicts=fields.items("conflicts", read_path, limit=MAX_CHANGES),
    )


def _parse_agreed(fields: Fields) -> WorkspaceAgreed:
    return WorkspaceAgreed(*_head(fields))


def _parse_closed(fields: Fields) -> WorkspaceClosed:
    return WorkspaceClosed(*_head(fields))


def _parse_changed(fields: Fields) -> WorkspaceChanged:
    return WorkspaceChanged(fields.uuid("workspace"))


def _head(fields: Fields) -> tuple[str, str]:
    return fields.text("id", limit=MAX_ID_CHARS), fields.uuid("workspace")


WORKSPACE_PARSERS: dict[str, Callable[[Fields], WorkspaceReply | WorkspaceChanged]] = {
    "workspace.opened": _parse_opened,
    "workspace.entries": _parse_entries,
    "workspace.contents": _parse_contents,
    "workspace.written": _parse_written,
    "workspace.agreed": _parse_agreed,
    "workspace.closed": _parse_closed,
    "workspace.changed": _parse_changed,
}
