"""Files that a write has touched while something runs: watched until nothing does."""

import logging
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import uuid4

from runner.limits import MIB
from runner.openat2 import move_new, resolve_beneath
from runner.workspaces.files import hash_bytes, read_file

logger = logging.getLogger(__name__)

_MAX_FILES = 200
_MAX_BYTES = 8 * MIB
_MAX_COPIES = 1_000
# Leaves room for what is added to a name.
_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class _Replaced:
    staged: str
    path: str
    size: int
    content: str


class Replaced:
    """What a write replaced or a deletion took away, kept in staging for a while.

    A program that had such a file open can still write into it. And a program's own
    file, that we had moved for a moment and put back, may be overwritten by a program
    that meanwhile saw ours. Once nothing runs, or when they become too many, contents
    that the client knows or that are in place are dropped, and the others are put
    beside where they were.
    """

    def __init__(self) -> None:
        self._files: deque[_Replaced] = deque()
        self._known: set[str] = set()
        self._bytes = 0

    def keep(self, staged: str, path: str, content: str, size: int) -> None:
        """Watch the file `staged`, which was at `path` with a content of this hash."""
        self._files.append(_Replaced(staged, path, size, content))
        self._bytes += size

    def doubt(self, staging_fd: int, staged: str, path: str) -> None:
        """Watch a program's file that is about to be put back at `path`."""
        link = new_name()
        with suppress(OSError):
            os.link(
                staged,
                link,
                src_dir_fd=staging_fd,
                dst_dir_fd=staging_fd,
                follow_symlinks=False,
            )
            self.keep(link, path, "", 0)

    def note(self, content: str) -> None:
        """The client knows a content of this hash."""
        if self._files:
            self._known.add(content)

    def review(self, home_fd: int, staging_fd: int, *, is_quiet: bool) -> None:
        """Look after what is kept; `is_quiet` when no program can have a file open."""
        while self._files and (is_quiet or self._is_full):
            item = self._files.popleft()
            self._bytes -= item.size
            known = self._known | {item.content}
            _settle(home_fd, staging_fd, item, known - {""})
        if not self._files:
            self._known.clear()

    @property
    def _is_full(self) -> bool:
        return len(self._files) > _MAX_FILES or self._bytes > _MAX_BYTES


def _settle(home_fd: int, staging_fd: int, item: _Replaced, known: set[str]) -> None:
    content = _hash_file(staging_fd, item.staged)
    if content and (content in known or content == _hash_file(home_fd, item.path)):
        os.unlink(item.staged, dir_fd=staging_fd)
    else:
        put_beside(home_fd, staging_fd, item.staged, item.path)


def _hash_file(folder_fd: int, path: str) -> str:
    """Of a file that can be read and is not too large; else ""."""
    try:
        return hash_bytes(read_file(folder_fd, path))
    except OSError:
        return ""


def put_beside(home_fd: int, staging_fd: int, staged: str, path: str) -> None:
    """Give a staged file a new name next to `path`, so that the next scan shows it; in
    a folder further up when its own is gone."""
    name = os.fsdecode(os.fsencode(PurePosixPath(path).name)[:_NAME_BYTES])
    if not name.isprintable():
        name = "file"
    for folder in PurePosixPath(path).parents:
        try:
            parent = resolve_beneath(home_fd, str(folder), os.O_PATH | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            for number in range(1, _MAX_COPIES):
                with suppress(FileExistsError):
                    move_new(staging_fd, staged, parent, f"{name}.kept-{number}")
                    return
        except OSError:
            continue
        finally:
            os.close(parent)
    logger.error("a replaced file could not be put back: %s stays in staging", staged)


def new_name() -> str:
    """A name in staging that nothing has."""
    return uuid4().hex
