"""Reading files of a workspace from outside, and naming their content."""

import hashlib
import os
from collections.abc import Sequence

from runner.openat2 import open_beneath
from runner.protocol import FileContent
from runner.workspaces.bounds import FILE_BYTES, READ_BYTES

_CHUNK_BYTES = 1024 * 1024


def hash_bytes(data: bytes | None) -> str:
    """SHA-256 in hexadecimal, as the protocol names contents; "" for nothing."""
    return "" if data is None else hashlib.sha256(data).hexdigest()


def read_bounded(fd: int, limit: int) -> bytes | None:
    """Everything, or None when there is more than `limit` bytes.

    The size a file says it has is believed in nothing: it may be sparse, and grow.
    """
    pieces: list[bytes] = []
    size = 0
    while data := os.read(fd, min(_CHUNK_BYTES, limit + 1 - size)):
        pieces.append(data)
        size += len(data)
        if size > limit:
            return None
    return b"".join(pieces)


def read_file(home_fd: int, path: str, limit: int = FILE_BYTES) -> bytes | None:
    """The bytes of a regular file, or None when it is larger than `limit`; OSError for
    whatever else is there."""
    fd = open_beneath(home_fd, path)
    try:
        return read_bounded(fd, limit)
    finally:
        os.close(fd)


def read_files(
    home_fd: int, paths: Sequence[str]
) -> tuple[tuple[FileContent, ...], tuple[str, ...]]:
    """What fits into one reply, and the paths of what does not or is no file."""
    found: list[FileContent] = []
    skipped: list[str] = []
    room = READ_BYTES
    for path in paths:
        try:
            data = read_file(home_fd, path, min(FILE_BYTES, room))
        except OSError:
            data = None
        if data is None:
            skipped.append(path)
            continue
        room -= len(data)
        found.append(FileContent(path, hash_bytes(data), data))
    return tuple(found), tuple(skipped)
