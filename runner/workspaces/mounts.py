"""Mounting the disk of a workspace: a sized tmpfs, and a second view of it for us."""

import ctypes
import errno
import os
from pathlib import Path

_NOSUID, _NODEV, _NOEXEC = 0x02, 0x04, 0x08
_REMOUNT, _NOSYMFOLLOW, _BIND = 0x20, 0x100, 0x1000
_DETACH, _NOFOLLOW = 0x02, 0x08

_libc = ctypes.CDLL(None, use_errno=True)


def mount_disk(target: Path, *, size: int, inodes: int) -> None:
    """A tmpfs that holds `size` bytes and `inodes` files; OSError where not allowed."""
    options = f"size={size},nr_inodes={inodes},mode=0711"
    _mount("workspace", target, "tmpfs", _NOSUID | _NODEV, options)


def mount_view(source: Path, target: Path) -> None:
    """The same files once more, where no link is followed and nothing is executed.

    The runner works in the view. Links stay usable in `source`, which the sandbox has.
    """
    _mount(str(source), target, "", _BIND, "")
    flags = _REMOUNT | _BIND | _NOSUID | _NODEV | _NOEXEC
    try:
        _mount("", target, "", flags | _NOSYMFOLLOW, "")
    except OSError as error:
        # Kernels before 5.10: opening refuses links in any case.
        if error.errno != errno.EINVAL:
            raise
        _mount("", target, "", flags, "")


def unmount(target: Path) -> None:
    """Unmount all that is mounted at `target`, in use or not; OSError when it stays."""
    while _libc.umount2(os.fsencode(target), _DETACH | _NOFOLLOW) == 0:
        pass
    number = ctypes.get_errno()
    # EINVAL says that nothing is mounted there, EPERM that we can have mounted nothing.
    if number not in {errno.EINVAL, errno.ENOENT, errno.EPERM}:
        raise OSError(number, os.strerror(number), str(target))


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    result = _libc.mount(
        source.encode(),
        os.fsencode(target),
        kind.encode(),
        ctypes.c_ulong(flags),
        options.encode(),
    )
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))
