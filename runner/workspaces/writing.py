"""Changing files of a workspace from outside, while programs may change them too."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import PurePosixPath

from runner.openat2 import exchange, move_new, open_beneath, resolve_beneath
from runner.protocol import FileChange
from runner.workspaces.bounds import FILE_BYTES
from runner.workspaces.files import hash_bytes, read_bounded, read_file
from runner.workspaces.replaced import Replaced, new_name, put_beside

_FOLDER = os.O_PATH | os.O_DIRECTORY
_PLAIN, _PROGRAM = 0o644, 0o755


class DiskFullError(Exception):
    """The disk holds no more bytes or files."""


class Writer:
    """Compare and swap on the bytes of a file.

    What holds: a path is replaced in one step, so no program sees half a file. When the
    content is not the expected one, the path is reported and the file stays. No bytes a
    program wrote vanish: should it write between our look and our step, the file that
    came out is looked at again and swapped back, or, if yet another write came
    meanwhile, put beside under the name `….kept-N`, which the next scan shows. A program
    that still has the old file open and writes there later gets that file put beside
    when it has ended.

    What cannot hold: look and step are two calls, so for some microseconds a program may
    find our content where its own is about to be again. And of very many replacements
    during one run only the last 200, or 8 MiB, are watched until its end.
    """

    def __init__(
        self, home_fd: int, staging_fd: int, *, owner: int | None, replaced: Replaced
    ) -> None:
        """`owner` is the account new files are given to; None leaves them ours."""
        self._home_fd = home_fd
        self._staging_fd = staging_fd
        self._owner = owner
        self._replaced = replaced

    def apply(self, change: FileChange) -> bool:
        """False for a conflict: something else is there, or in the way.

        Bytes that are there already count as written. DiskFullError when there is no
        room; then nothing has changed.
        """
        self._replaced.note(change.expected)
        try:
            return self._delete(change) if change.data is None else self._put(change)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFullError from error
            if change.data is None and error.errno == errno.ENOTDIR:
                return True
            if error.errno in _IN_THE_WAY:
                return False
            raise

    def make_root(self, name: str) -> None:
        """A folder at the top, unless something else has its name."""
        with suppress(OSError):
            os.close(self.make_folder(name))

    def make_folder(self, path: str) -> int:
        """A descriptor of the folder, made with those above it where they are missing;
        OSError when something else is in the way."""
        parent = os.dup(self._home_fd)
        for part in PurePosixPath(path).parts:
            try:
                child = self._enter(parent, part)
            finally:
                os.close(parent)
            parent = child
        return parent

    def _enter(self, parent: int, name: str) -> int:
        with suppress(FileNotFoundError):
            return resolve_beneath(parent, name, _FOLDER)
        # Made in staging and moved, so that nobody ever meets it while it is ours.
        staged = new_name()
        os.mkdir(staged, 0o700, dir_fd=self._staging_fd)
        try:
            fd = resolve_beneath(self._staging_fd, staged, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._hand_over(fd, _PROGRAM)
            finally:
                os.close(fd)
            move_new(self._staging_fd, staged, parent, name)
        except OSError as error:
            os.rmdir(staged, dir_fd=self._staging_fd)
            if error.errno != errno.EEXIST:
                raise
        return resolve_beneath(parent, name, _FOLDER)

    def _put(self, change: FileChange) -> bool:
        data = change.data or b""
        folder, name = _split(change.path)
        found, mode = self._look(change.path)
        if found == data:
            return True
        is_too_large = found is None and mode
        if is_too_large or hash_bytes(found) != change.expected:
            return False
        parent = self.make_folder(folder)
        try:
            staged = self._stage(data, mode or _mode_of(data))
            if found is None:
                return self._place(staged, parent, name)
            return self._swap(staged, parent, name, change)
        finally:
            os.close(parent)

    def _look(self, path: str) -> tuple[bytes | None, int]:
        """Content and mode of the regular file at `path`; (None, 0) when there is
        nothing, (None, mode) when it is too large. OSError for what is no file."""
        try:
            fd = open_beneath(self._home_fd, path)
        except FileNotFoundError:
            return None, 0
        try:
            mode = os.fstat(fd).st_mode
            data = read_bounded(fd, FILE_BYTES)
        finally:
            os.close(fd)
        return data, _PROGRAM if mode & 0o111 else _PLAIN

    def _stage(self, data: bytes, mode: int) -> str:
        """A new file of the owner's in staging."""
        staged = new_name()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        fd = os.open(staged, flags, 0o600, dir_fd=self._staging_fd)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            self._hand_over(fd, mode)
        except OSError:
            os.unlink(staged, dir_fd=self._staging_fd)
            raise
        finally:
            os.close(fd)
        return staged

    def _hand_over(self, fd: int, mode: int) -> None:
        if self._owner is not None:
            os.fchown(fd, self._owner, self._owner)
        os.fchmod(fd, mode)

    def _place(self, staged: str, parent: int, name: str) -> bool:
        """Where nothing is yet."""
        try:
            move_new(self._staging_fd, staged, parent, name)
        except OSError as error:
            os.unlink(staged, dir_fd=self._staging_fd)
            if error.errno != errno.EEXIST:
                raise
            return False
        return True

    def _swap(self, staged: str, parent: int, name: str, change: FileChange) -> bool:
        """Where the expected content was a moment ago."""
        ours = hash_bytes(change.data)
        path, expected = change.path, change.expected
        if not self._exchange(staged, parent, name):
            os.unlink(staged, dir_fd=self._staging_fd)
            return False
        if self._is_known(staged, expected, path):
            return True
        # A program was faster: its file goes back to where it was.
        self._replaced.doubt(self._staging_fd, staged, path)
        if not self._exchange(staged, parent, name):
            # It has deleted ours meanwhile.
            self._put_back(staged, parent, name, path)
        elif not self._is_known(staged, ours, path):
            # And faster again: the last one stays in place, the one before beside it.
            self._replaced.doubt(self._staging_fd, staged, path)
            self._exchange(staged, parent, name)
            put_beside(self._home_fd, self._staging_fd, staged, path)
        return False

    def _exchange(self, staged: str, parent: int, name: str) -> bool:
        try:
            exchange(self._staging_fd, staged, parent, name)
        except OSError:
            return False
        return True

    def _is_known(self, staged: str, content: str, path: str) -> bool:
        """Whether the staged file holds `content`; if so it is kept under watch."""
        try:
            data = read_file(self._staging_fd, staged)
        except OSError:
            return False
        if data is None or hash_bytes(data) != content:
            return False
        self._replaced.keep(staged, path, content, len(data))
        return True

    def _delete(self, change: FileChange) -> bool:
        if not change.expected:
            return self._delete_unread(change.path)
        folder, name = _split(change.path)
        found, mode = self._look(change.path)
        if found is None and not mode:
            return True
        if found is None or hash_bytes(found) != change.expected:
            return False
        parent = resolve_beneath(self._home_fd, folder, _FOLDER)
        try:
            staged = new_name()
            try:
                move_new(parent, name, self._staging_fd, staged)
            except FileNotFoundError:
                return True
            if not self._is_known(staged, change.expected, change.path):
                self._put_back(staged, parent, name, change.path)
                return False
        finally:
            os.close(parent)
        self._prune(folder)
        return True

    def _delete_unread(self, path: str) -> bool:
        """Delete what has no hash; looked at again where no program can exchange it."""
        folder, name = _split(path)
        try:
            parent = resolve_beneath(self._home_fd, folder, _FOLDER)
        except FileNotFoundError:
            return True
        try:
            staged = new_name()
            try:
                if _has_hash(parent, name):
                    return False
                move_new(parent, name, self._staging_fd, staged)
            except FileNotFoundError:
                return True
            if _has_hash(self._staging_fd, staged):
                self._put_back(staged, parent, name, path)
                return False
            os.unlink(staged, dir_fd=self._staging_fd)
        finally:
            os.close(parent)
        self._prune(folder)
        return True

    def _put_back(self, staged: str, parent: int, name: str, path: str) -> None:
        try:
            move_new(self._staging_fd, staged, parent, name)
        except OSError:
            put_beside(self._home_fd, self._staging_fd, staged, path)

    def _prune(self, folder: str) -> None:
        """A folder without files is nothing the editor knows: as version control does,
        remove it, but for those at the top."""
        while "/" in folder:
            folder, name = _split(folder)
            try:
                parent = resolve_beneath(self._home_fd, folder, _FOLDER)
            except OSError:
                return
            try:
                os.rmdir(name, dir_fd=parent)
            except OSError:
                return
            finally:
                os.close(parent)


_IN_THE_WAY = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.ELOOP,
    errno.EXDEV,
    errno.EINVAL,
    errno.ENXIO,
    errno.EACCES,
    errno.EPERM,
    errno.EAGAIN,
    errno.ETXTBSY,
    errno.ENAMETOOLONG,
}


def _has_hash(parent: int, name: str) -> bool:
    """Whether this is content that a scan reads, or a folder that may hold some."""
    facts = os.lstat(name, dir_fd=parent)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > FILE_BYTES:
        return stat.S_ISDIR(facts.st_mode)
    try:
        os.close(open_beneath(parent, name))
    except PermissionError:
        return False
    return True


def _split(path: str) -> tuple[str, str]:
    """Folder and name; "." is the folder at the top."""
    parent, _slash, name = path.rpartition("/")
    return parent or ".", name


def _mode_of(data: bytes) -> int:
    return _PROGRAM if data.startswith(b"#!") else _PLAIN
