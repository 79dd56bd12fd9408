"""Looks at a tree that a hostile program may change meanwhile: bounded, no link followed."""

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from runner.openat2 import open_beneath, resolve_beneath
from runner.protocol import EntryKind, ProtocolError, WorkspaceEntry
from runner.protocol.fields import read_path
from runner.workspaces.bounds import (
    FILE_BYTES,
    HASH_BYTES,
    MAX_ENTRIES,
    MAX_PATH_CHARS,
    PASSED_OVER,
    TEXT_BYTES,
)
from runner.workspaces.disks import list_folder
from runner.workspaces.files import hash_bytes, read_bounded

# Two writes within one tick of the clock leave the same times; what was written just now
# is hashed again.
_SETTLES_AFTER_NS = 100_000_000

_Key = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found, ordered by path; see `WorkspaceEntries` for the meanings."""

    entries: tuple[WorkspaceEntry, ...]
    is_truncated: bool
    skipped: int

    @property
    def fingerprint(self) -> frozenset[tuple[str, str, int, str]]:
        """What is on the disk, whatever was agreed about it."""
        return frozenset((e.path, e.kind, e.size, e.hash) for e in self.entries)

    @property
    def has_differences(self) -> bool:
        """Something is not as agreed; files without a hash never are."""
        return any(entry.hash != entry.base or not entry.hash for entry in self.entries)


@dataclass(slots=True)
class _Known:
    kind: EntryKind
    hash: str
    is_settled: bool


@dataclass(slots=True)
class _Walk:
    """What one look at the folders found."""

    files: dict[str, os.stat_result] = field(default_factory=dict)
    seen: int = 0
    chars: int = 0
    skipped: int = 0
    is_truncated: bool = False


class Scanner:
    """Scans one workspace again and again; an unchanged file costs only a stat.

    A file is known by device, inode, size and both times. That is not enough for a file
    that a running program has mapped into its memory, since writing there moves no
    time. So hashes taken while something ran are taken once more when nothing runs:
    `quiet` returns None while something runs, else a number that changes when
    something has run since.
    """

    def __init__(self, quiet: Callable[[], int | None]) -> None:
        self._quiet = quiet
        self._known: dict[_Key, _Known] = {}

    def scan(
        self, home_fd: int, roots: Iterable[str], bases: Mapping[str, str]
    ) -> Scan:
        """List the roots, and every path of `bases` wherever it is."""
        walk = _Walk()
        for root in sorted(set(roots)):
            _walk(home_fd, root, walk)
        gone = _find_bases(home_fd, bases, walk)
        pass_ = _Pass(self._known, self._quiet, home_fd, bases)
        # What was agreed on comes first and the small before the large, so that huge
        # files cannot keep documents from being looked at.
        for path in sorted(
            walk.files, key=lambda each: (each not in bases, walk.files[each].st_size)
        ):
            pass_.look(path, walk.files[path])
        entries = pass_.entries + [
            WorkspaceEntry(path, "gone", 0, "", bases[path]) for path in gone
        ]
        self._known = pass_.used
        return Scan(
            tuple(sorted(entries, key=lambda entry: entry.path)),
            walk.is_truncated or pass_.is_truncated,
            walk.skipped,
        )


class _Pass:
    """Names the kind and the hash of each file, within what one scan may hash."""

    def __init__(
        self,
        known: dict[_Key, _Known],
        quiet: Callable[[], int | None],
        home_fd: int,
        bases: Mapping[str, str],
    ) -> None:
        self._known = known
        self._quiet = quiet
        self._home_fd = home_fd
        self._bases = bases
        self._room = HASH_BYTES
        self.used: dict[_Key, _Known] = {}
        self.entries: list[WorkspaceEntry] = []
        self.is_truncated = False

    def look(self, path: str, status: os.stat_result) -> None:
        """Add an entry, or leave the file for the next scan."""
        odd = _odd_kind(status)
        if odd is not None:
            self._add(path, odd, status.st_size, "")
            return
        known = self._recall(status)
        if known is not None:
            self._add(path, known.kind, status.st_size, known.hash)
        elif status.st_size > self._room:
            self.is_truncated = True
        else:
            self._examine(path)

    def _recall(self, status: os.stat_result) -> _Known | None:
        known = self._known.get(_key(status))
        if known is None or not (known.is_settled or self._quiet() is None):
            return None
        self.used[_key(status)] = known
        return known

    def _examine(self, path: str) -> None:
        before, now = self._quiet(), time.time_ns()
        try:
            status, data = self._read(path)
        except PermissionError:
            self._add(path, "special", 0, "")
            return
        except OSError:
            # Gone or exchanged since the folder was listed, or somebody's lease is on
            # it: nothing is known about it until the next scan.
            return
        if data is None:
            self._add(path, "large", status.st_size, "")
            return
        self._room -= len(data)
        is_settled = before is not None and self._quiet() == before
        known = _Known(_kind_of(data), hash_bytes(data), is_settled)
        if len(data) == status.st_size and status.st_ctime_ns < now - _SETTLES_AFTER_NS:
            self.used[_key(status)] = known
        self._add(path, known.kind, len(data), known.hash)

    def _read(self, path: str) -> tuple[os.stat_result, bytes | None]:
        fd = open_beneath(self._home_fd, path)
        try:
            return os.fstat(fd), read_bounded(fd, FILE_BYTES)
        finally:
            os.close(fd)

    def _add(self, path: str, kind: EntryKind, size: int, found: str) -> None:
        base = self._bases.get(path, "")
        self.entries.append(WorkspaceEntry(path, kind, size, found, base))


def _walk(home_fd: int, root: str, walk: _Walk) -> None:
    """Add the files below `root`, as far as the bounds reach."""
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            for name, status in list_folder(home_fd, folder):
                walk.seen += 1
                if walk.seen > MAX_ENTRIES or walk.chars > MAX_PATH_CHARS:
                    walk.is_truncated = True
                    return
                path = f"{folder}/{name}"
                if not _is_showable(path):
                    walk.skipped += 1
                elif not stat.S_ISDIR(status.st_mode):
                    walk.files[path] = status
                    walk.chars += len(path)
                elif name not in PASSED_OVER:
                    folders.append(path)
        except OSError as error:
            walk.is_truncated |= not _leads_nowhere(error)


def _find_bases(home_fd: int, bases: Mapping[str, str], walk: _Walk) -> list[str]:
    """Add agreed files that the walk did not come by; return those that are gone."""
    gone: list[str] = []
    for path in bases:
        if path in walk.files:
            continue
        try:
            status = _stat_beneath(home_fd, path)
        except OSError as error:
            if _leads_nowhere(error):
                gone.append(path)
            else:
                walk.is_truncated = True
            continue
        if stat.S_ISDIR(status.st_mode):
            gone.append(path)
        else:
            walk.files[path] = status
    return gone


def _stat_beneath(home_fd: int, path: str) -> os.stat_result:
    fd = resolve_beneath(home_fd, path, os.O_PATH)
    try:
        return os.fstat(fd)
    finally:
        os.close(fd)


def _leads_nowhere(error: OSError) -> bool:
    """Nothing is there, or a link or a file where a folder would have to be."""
    return error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV}


def _is_showable(path: str) -> bool:
    try:
        read_path(path)
    except ProtocolError:
        return False
    return True


def _odd_kind(status: os.stat_result) -> EntryKind | None:
    """The kind of what has no hash; None for a file to look into."""
    if stat.S_ISLNK(status.st_mode):
        return "link"
    if not stat.S_ISREG(status.st_mode):
        return "special"
    return "large" if status.st_size > FILE_BYTES else None


def _kind_of(data: bytes) -> EntryKind:
    if len(data) > TEXT_BYTES or b"\0" in data:
        return "binary"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "binary"
    return "text"


def _key(status: os.stat_result) -> _Key:
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )
