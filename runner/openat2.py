"""Opening and moving files below a directory without following any link out of it."""

import ctypes
import errno
import os
import stat

_SYS_OPENAT2 = 437  # the same number on every architecture
_RESOLVE = 0x08 | 0x04 | 0x02 | 0x01  # BENEATH, NO_SYMLINKS, NO_MAGICLINKS, NO_XDEV
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2


class _OpenHow(ctypes.Structure):
    _fields_ = [
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    ]


_libc = ctypes.CDLL(None, use_errno=True)


def resolve_beneath(directory_fd: int, path: str, flags: int) -> int:
    """A descriptor of what is at `path`, whatever it is; OSError for links on the way.

    The check and the opening are one kernel call, so renaming meanwhile wins nothing.
    With O_PATH the last part may be a link, which is then opened itself.
    """
    how = _OpenHow(flags=flags | os.O_CLOEXEC | os.O_NOFOLLOW, mode=0, resolve=_RESOLVE)
    fd = _libc.syscall(
        _SYS_OPENAT2,
        directory_fd,
        os.fsencode(path),
        ctypes.byref(how),
        ctypes.sizeof(how),
    )
    if fd < 0:
        raise _last_error(path)
    return int(fd)


def open_beneath(directory_fd: int, path: str) -> int:
    """A read-only descriptor of a regular file; OSError for links and anything else.

    Never waits: for the other end of a pipe, or for somebody's lease on the file.
    """
    fd = resolve_beneath(directory_fd, path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return fd


def move_new(from_fd: int, name: str, to_fd: int, new_name: str) -> None:
    """Rename where nothing is yet; FileExistsError where something is."""
    _rename(from_fd, name, to_fd, new_name, _RENAME_NOREPLACE)


def exchange(one_fd: int, one: str, other_fd: int, other: str) -> None:
    """Swap two names in one step; FileNotFoundError when either is missing."""
    _rename(one_fd, one, other_fd, other, _RENAME_EXCHANGE)


def _rename(from_fd: int, name: str, to_fd: int, new_name: str, flags: int) -> None:
    source, target = os.fsencode(name), os.fsencode(new_name)
    if _libc.renameat2(from_fd, source, to_fd, target, flags) != 0:
        raise _last_error(new_name)


def _last_error(name: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), name)
