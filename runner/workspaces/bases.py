"""Where the workspaces of a runner lie, such that the accounts they belong to get there."""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PREFIX = "interviewlm-workspaces-"
_LOCK = "lock"


class Base:
    """A directory of workspaces, held by one runner at a time.

    Below the state directory, or, where a private directory is on the way there, in the
    temporary one: a sandbox is built with the rights of the account it gets.
    """

    def __init__(self, state_dir: Path, *, is_root: bool) -> None:
        state_dir = state_dir.resolve()
        self._is_elsewhere = is_root and not all(
            map(_is_open, [state_dir, *state_dir.parents])
        )
        self.path = state_dir / "workspaces"
        if self._is_elsewhere:
            digest = hashlib.sha256(os.fsencode(state_dir)).hexdigest()[:32]
            self.path = Path(tempfile.gettempdir()) / f"{_PREFIX}{digest}"
        self._lock = -1

    def hold(self) -> None:
        """Make it; OSError where somebody else has it, or made it."""
        with suppress(FileExistsError):
            self.path.mkdir(mode=0o711)
        if not _is_ours(self.path):
            raise PermissionError(f"{self.path} belongs to someone else")
        self.path.chmod(0o711)
        if self._lock < 0:
            self._lock = _lock(self.path)

    def release(self) -> None:
        """Leave no empty directory; workspaces that are left stay."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
            with suppress(OSError):
                if not list_workspaces(self.path):
                    (self.path / _LOCK).unlink()
                    self.path.rmdir()

    def find_abandoned(self) -> Iterator[Path]:
        """Directories of other runners that have died and may never start again, since
        their state directory is gone. Only our own account can have made them."""
        if not self._is_elsewhere:
            return
        for path in self.path.parent.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if path != self.path and _is_ours(path):
                    lock = _lock(path)
                    try:
                        yield path
                        (path / _LOCK).unlink()
                        path.rmdir()
                    finally:
                        os.close(lock)


def list_workspaces(base: Path) -> list[Path]:
    """The directories of single workspaces."""
    return [path for path in base.iterdir() if path.name != _LOCK]


def _lock(base: Path) -> int:
    """A descriptor that holds the lock; OSError when another one does."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    lock = os.open(base / _LOCK, flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def _is_open(directory: Path) -> bool:
    return bool(directory.stat().st_mode & stat.S_IXOTH)


def _is_ours(base: Path) -> bool:
    found = base.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
