"""The directories of workspaces: made with a quota, found again, removed for certain."""

import errno
import logging
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from runner.errors import SandboxFailedError, SandboxUnavailableError
from runner.openat2 import exchange, resolve_beneath
from runner.workspaces.bases import Base, list_workspaces
from runner.workspaces.bounds import DISK_BYTES, DISK_INODES
from runner.workspaces.mounts import mount_disk, mount_view, unmount

logger = logging.getLogger(__name__)

Level = Literal["hard", "soft"]

_REMOVE_SECONDS = 60
# The two folders below are inodes too.
_OWN_INODES = 3
# How many times the quota is counted, to see whether a tree that is too large shrinks.
_COUNTED = 4
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Disk:
    """One workspace on the disk, in a directory with an opaque name.

    `disk/home` belongs to `uid` and is what the sandbox gets. `disk/staging` is ours,
    on the same disk, so that files go in and come out by renaming. `view` shows both
    once more, without links, where `disk` is a mount of its own.
    """

    path: Path
    uid: int
    level: Level

    @property
    def home(self) -> Path:
        return self.path / "disk" / "home"

    @contextmanager
    def open(self) -> Iterator[tuple[int, int]]:
        """Descriptors of home and staging."""
        root = self.path / ("view" if self.level == "hard" else "disk")
        self._keep_reachable()
        home = os.open(root / "home", _DIRECTORY)
        try:
            staging = os.open(root / "staging", _DIRECTORY)
            try:
                yield home, staging
            finally:
                os.close(staging)
        finally:
            os.close(home)

    def _keep_reachable(self) -> None:
        """A program may have closed its home even to its own account, which is ours
        where the runner is not root."""
        if self.home.stat().st_mode & 0o700 != 0o700:
            self.home.chmod(0o700)


class Disks:
    """All workspaces of one state directory.

    Level "hard": each is a tmpfs of its own, which cannot hold more than it may. Level
    "soft", where mounting is not allowed: plain directories, which somebody has to
    watch with `measure_usage`.
    """

    def __init__(self, state_dir: Path, *, is_root: bool) -> None:
        self._is_root = is_root
        self._base = Base(state_dir, is_root=is_root)
        self.level: Level = "soft"

    def prepare(self) -> int:
        """Remove what an earlier runner left, and find out which level holds here.

        Returns how many workspaces were left. SandboxUnavailableError when no workspace
        could be made at all.
        """
        try:
            self._base.hold()
            count = self._sweep(self._base.path)
            count += sum(map(self._sweep, self._base.find_abandoned()))
            self.level = "hard" if self._is_root and self._can_mount() else "soft"
            self._check_exchange()
        except OSError as error:
            logger.exception("no workspace can be made in %s", self._base.path)
            message = "Files cannot be kept on the disk of this runner."
            raise SandboxUnavailableError(message) from error
        if count:
            logger.warning("removed %d workspaces of an earlier runner", count)
        return count

    def create(self, uid: int) -> Disk:
        """A new, empty one. SandboxFailedError when the machine does not let us."""
        path = self._base.path / uuid4().hex
        try:
            self._build(path, uid)
        except OSError as error:
            with suppress(OSError):
                self._remove(path)
            raise SandboxFailedError("A workspace could not be made.") from error
        return Disk(path, uid, self.level)

    def close(self) -> None:
        """After the last one is removed."""
        self._base.release()

    def remove(self, disk: Disk) -> None:
        """Nothing may run in it any more. What cannot be removed now is removed when
        the runner starts again."""
        try:
            self._remove(disk.path)
        except OSError as error:
            logger.exception("a workspace could not be removed")
            raise SandboxFailedError("A workspace could not be removed.") from error

    def _build(self, path: Path, uid: int) -> None:
        disk = path / "disk"
        for folder in (path, disk):
            _make_folder(folder, 0o711)
        if self.level == "hard":
            inodes = DISK_INODES + _OWN_INODES
            mount_disk(disk, size=DISK_BYTES, inodes=inodes)
        _make_folder(disk / "staging", 0o700)
        _make_folder(disk / "home", 0o700)
        if self._is_root:
            os.chown(disk / "home", uid, uid, follow_symlinks=False)
        if self.level == "hard":
            _make_folder(path / "view", 0o700)
            mount_view(disk, path / "view")

    def _sweep(self, base: Path) -> int:
        """How many were removed; one that resists does not keep others from starting."""
        count = 0
        for path in list_workspaces(base):
            try:
                self._remove(path)
                count += 1
            except OSError:
                logger.exception("a workspace of an earlier runner cannot be removed")
        return count

    def _remove(self, path: Path) -> None:
        disk = path / "disk"
        for mounted in (path / "view", disk):
            unmount(mounted)
        for folder in (disk / "home", disk / "staging"):
            with suppress(FileNotFoundError):
                self._empty(folder)
                folder.rmdir()
        shutil.rmtree(path)

    def _empty(self, folder: Path) -> None:
        """As the account it belongs to: no rights are lent to whatever is in there. The
        programs follow trees that are deeper than Python can."""
        found = folder.lstat()
        uid = found.st_uid if self._is_root and found.st_uid else None
        folder.chmod(0o700)
        for command in (_UNLOCK, _DELETE):
            subprocess.run(  # noqa: S603 - fixed arguments
                command,
                cwd=folder,
                env={},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_REMOVE_SECONDS,
                check=False,
                user=uid,
                group=uid,
                extra_groups=None if uid is None else [],
            )

    def _can_mount(self) -> bool:
        trial = self._base.path / uuid4().hex
        _make_folder(trial, 0o700)
        try:
            mount_disk(trial, size=DISK_BYTES, inodes=DISK_INODES)
        except OSError:
            return False
        else:
            return True
        finally:
            unmount(trial)
            trial.rmdir()

    def _check_exchange(self) -> None:
        """OSError where files cannot be swapped, without which nothing is safe."""
        with tempfile.TemporaryDirectory(dir=self._base.path) as name:
            one, other = Path(name, "one"), Path(name, "other")
            for each in (one, other):
                each.touch()
            folder = os.open(name, _DIRECTORY)
            try:
                exchange(folder, one.name, folder, other.name)
            finally:
                os.close(folder)


_UNLOCK = ["/usr/bin/chmod", "-R", "u+rwX", "."]
_DELETE = ["/usr/bin/find", ".", "-xdev", "-mindepth", "1", "-delete"]


def measure_usage(home_fd: int) -> tuple[int, int]:
    """Bytes and entries below; counting ends far above the quota. A tree too deep to
    be counted is above it."""
    size = entries = 0
    folders = ["."]
    while folders and size < _COUNTED * DISK_BYTES:
        folder = folders.pop()
        try:
            for name, status in list_folder(home_fd, folder):
                entries += 1
                size += status.st_blocks * 512
                if stat.S_ISDIR(status.st_mode):
                    folders.append(f"{folder}/{name}")
                if entries > _COUNTED * DISK_INODES:
                    return size, entries
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return size, _COUNTED * DISK_INODES
    return size, entries


def list_folder(home_fd: int, folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Names and what they are, no links followed; names may hold surrogates. OSError
    for what is no folder (any more)."""
    fd = resolve_beneath(home_fd, folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.scandir(fd) as found:
            for entry in found:
                with suppress(FileNotFoundError):
                    yield entry.name, entry.stat(follow_symlinks=False)
    finally:
        os.close(fd)


def _make_folder(path: Path, mode: int) -> None:
    path.mkdir(mode=0o700)
    path.chmod(mode)
