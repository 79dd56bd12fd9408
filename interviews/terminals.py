"""The terminals' names and limits, and how their recorded output is packed."""

import base64
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

NAMES = ("1", "2", "3")

# The page says what it has shown after so many bytes; more than the window is never
# on its way to it.
ACK_BYTES = 128 * 1024
WINDOW_BYTES = 512 * 1024

# What is kept of a second's output: nobody can read more of it.
BLOCK_BYTES = 64 * 1024

Chunk = tuple[int, bytes]
_HEAD = struct.Struct(">II")


def terminal_group(interview_id: UUID | str) -> str:
    """Return the layer group of an interview's terminal sockets."""
    return f"interview.{interview_id}.terminals"


def pack_chunks(chunks: Iterable[Chunk]) -> str:
    """Return [(milliseconds, bytes)] as base64 of zlib.

    Inside, each chunk is its milliseconds and its length, both as four bytes with the
    highest first, and then the bytes.
    """
    raw = b"".join(_HEAD.pack(at, len(data)) + data for at, data in chunks)
    return base64.b64encode(zlib.compress(raw, 6)).decode("ascii")


def unpack_chunks(packed: str) -> list[Chunk]:
    """Return the chunks of a stored block. Raises ValueError for anything else."""
    try:
        raw = zlib.decompress(base64.b64decode(packed, validate=True))
        return list(_read_chunks(raw))
    except (zlib.error, struct.error) as error:
        raise ValueError("This is no block of a terminal.") from error


def _read_chunks(raw: bytes) -> Iterator[Chunk]:
    at = 0
    while at < len(raw):
        milliseconds, length = _HEAD.unpack_from(raw, at)
        at += _HEAD.size
        yield milliseconds, raw[at : at + length]
        at += length


def keep_tail(chunks: Sequence[Chunk], most: int = BLOCK_BYTES) -> list[Chunk]:
    """Return the last `most` bytes of the chunks; what comes last is what stays shown."""
    kept: list[Chunk] = []
    room = most
    for at, data in reversed(chunks):
        if room <= 0:
            break
        kept.append((at, data[-room:]))
        room -= len(kept[-1][1])
    return kept[::-1]
