"""Streams a file whose head is patched last into an S3 multipart upload.

A muxer seeks only at its end and only into the first kilobytes. So the first part
is kept back and uploaded last: no disk, two buffers, parts of equal size.
"""

import io
from collections.abc import Callable, Sequence
from typing import BinaryIO, Protocol

from recordings.media.errors import MediaError, OutputTooLargeError

PART_SIZE = 5 * 1024 * 1024
MOST_PARTS = 10_000


class MultipartUpload(Protocol):
    """One object of a store that takes parts in any order."""

    def create(self) -> str: ...

    def upload_part(self, upload: str, number: int, body: bytearray) -> str:
        """Store a part and return its tag; `body` is reused after the return."""
        ...

    def complete(self, upload: str, tags: Sequence[tuple[int, str]]) -> None: ...

    def abort(self, upload: str) -> None: ...


class HeadPatchingWriter:
    """Sequential writes, and seeks back into the first part or the current one."""

    def __init__(self, emit: Callable[[int, bytearray], None], part_size: int) -> None:
        self._emit = emit
        self._part_size = part_size
        self._head = bytearray()
        self._tail = bytearray()
        self._tail_start = part_size
        self._position = 0
        self._size = 0

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            taken = self._write_some(view)
            view = view[taken:]
        return len(data)

    def _write_some(self, view: memoryview) -> int:
        buffer, start = self._buffer()
        offset = self._position - start
        if not 0 <= offset <= len(buffer):
            raise io.UnsupportedOperation("write outside the buffered parts")
        taken = min(len(view), self._part_size - offset)
        buffer[offset : offset + taken] = view[:taken]
        self._position += taken
        self._size = max(self._size, self._position)
        if buffer is self._tail and len(buffer) == self._part_size:
            self._flush_tail()
        return taken

    def _buffer(self) -> tuple[bytearray, int]:
        if self._position < self._part_size:
            return self._head, 0
        return self._tail, self._tail_start

    def _flush_tail(self) -> None:
        number = self._tail_start // self._part_size + 1
        if number > MOST_PARTS:
            raise OutputTooLargeError
        self._emit(number, self._tail)
        self._tail_start += self._part_size
        self._tail.clear()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def finish(self) -> None:
        """Hand over what is left: the last part, then the first."""
        if self._tail:
            self._flush_tail()
        if not self._head:
            raise ValueError("nothing was written")
        self._emit(1, self._head)


class MultipartSink:
    """A sink over a multipart upload; `read_back` opens the finished object."""

    def __init__(
        self,
        upload: MultipartUpload,
        read_back: Callable[[], BinaryIO],
        *,
        part_size: int = PART_SIZE,
    ) -> None:
        self._upload = upload
        self._read_back = read_back
        self._part_size = part_size
        self._id: str | None = None
        self._tags: dict[int, str] = {}
        self._writer: HeadPatchingWriter | None = None

    def begin(self) -> HeadPatchingWriter:
        self.abort()
        self._writer = HeadPatchingWriter(self._emit, self._part_size)
        return self._writer

    def _emit(self, number: int, body: bytearray) -> None:
        if self._id is None:
            self._id = self._upload.create()
        self._tags[number] = self._upload.upload_part(self._id, number, body)

    def commit(self) -> None:
        if self._writer is None:
            raise ValueError("commit before begin")
        self._writer.finish()
        if self._id is None:
            raise MediaError
        self._upload.complete(self._id, sorted(self._tags.items()))
        self._id, self._writer = None, None

    def abort(self) -> None:
        upload, self._id = self._id, None
        self._tags.clear()
        self._writer = None
        if upload is not None:
            self._upload.abort(upload)

    def open(self) -> BinaryIO:
        return self._read_back()
