"""Opening a file below a directory without following any link out of it."""

import ctypes
import errno
import os
import stat

_SYS_OPENAT2 = 437  # the same number on every architecture
_RESOLVE = 0x08 | 0x04 | 0x02 | 0x01  # BENEATH, NO_SYMLINKS, NO_MAGICLINKS, NO_XDEV


class _OpenHow(ctypes.Structure):
    _fields_ = [
        ("flags", ctypes.c_uint64),
        ("mode", ctypes.c_uint64),
        ("resolve", ctypes.c_uint64),
    ]


_libc = ctypes.CDLL(None, use_errno=True)


def open_beneath(directory_fd: int, path: str) -> int:
    """A read-only descriptor of a regular file; OSError for links and anything else.

    The check and the opening are one kernel call, so renaming meanwhile wins nothing.
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    how = _OpenHow(flags=flags, mode=0, resolve=_RESOLVE)
    fd = _libc.syscall(
        _SYS_OPENAT2,
        directory_fd,
        os.fsencode(path),
        ctypes.byref(how),
        ctypes.sizeof(how),
    )
    if fd < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    return int(fd)
