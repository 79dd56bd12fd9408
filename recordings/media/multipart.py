"""Streams a file whose head is patched last into an S3 multipart upload.

A muxer seeks only at its end and only into the first kilobytes. So the first part is
kept back, on disk, and uploaded last. Two parts of equal size are in memory: one is
being sent by a thread while the other fills.
"""

import io
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO, Protocol, cast

from recordings.media.errors import MediaError, OutputTooLargeError
from recordings.media.sinks import ByteReader

PART_SIZE = 5 * 1024 * 1024
MOST_PARTS = 10_000


class MultipartUpload(Protocol):
    """One object of a store that takes parts in any order."""

    def create(self) -> str: ...

    def upload_part(self, upload: str, number: int, body: bytearray) -> str:
        """Store a part and return its tag; called in a thread, one part at a time."""
        ...

    def complete(self, upload: str, tags: Sequence[tuple[int, str]]) -> None: ...

    def abort(self, upload: str) -> None: ...


class HeadPatchingWriter:
    """Sequential writes, and seeks back into the first part or the current one.

    `emit` is given each part as it is full, to keep.
    """

    def __init__(self, emit: Callable[[int, bytearray], None], part_size: int) -> None:
        self._emit = emit
        self._part_size = part_size
        self._head = tempfile.TemporaryFile()  # noqa: SIM115 -- closed by `close`
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
        if self._position < self._part_size:
            taken = min(len(view), self._part_size - self._position)
            self._head.seek(self._position)
            self._head.write(view[:taken])
        else:
            taken = self._write_tail(view)
        self._position += taken
        self._size = max(self._size, self._position)
        if len(self._tail) == self._part_size:
            self._flush_tail()
        return taken

    def _write_tail(self, view: memoryview) -> int:
        offset = self._position - self._tail_start
        if not 0 <= offset <= len(self._tail):
            raise io.UnsupportedOperation("write outside the buffered parts")
        taken = min(len(view), self._part_size - offset)
        self._tail[offset : offset + taken] = view[:taken]
        return taken

    def _flush_tail(self) -> None:
        number = self._tail_start // self._part_size + 1
        if number > MOST_PARTS:
            raise OutputTooLargeError
        full, self._tail = self._tail, bytearray()
        self._tail_start += self._part_size
        self._emit(number, full)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def finish(self) -> None:
        """Hand over what is left: the last part, then the first."""
        if not self._size:
            raise ValueError("nothing was written")
        if self._tail:
            self._flush_tail()
        self._head.seek(0)
        self._emit(1, bytearray(self._head.read()))

    def close(self) -> None:
        """Forget what was kept back."""
        self._head.close()


class MultipartSink:
    """A sink over a multipart upload; `read_back` opens the finished object.

    `stream` reads it once from its start, where there is a cheaper way for that.
    """

    def __init__(
        self,
        upload: MultipartUpload,
        read_back: Callable[[], BinaryIO],
        *,
        stream: Callable[[], ByteReader] | None = None,
        part_size: int = PART_SIZE,
    ) -> None:
        self._upload = upload
        self._read_back = read_back
        self._stream = stream or read_back
        self._part_size = part_size
        self._id: str | None = None
        self._tags: dict[int, str] = {}
        self._writer: HeadPatchingWriter | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._sending: Future[None] | None = None

    def begin(self) -> HeadPatchingWriter:
        self.abort()
        self._writer = HeadPatchingWriter(self._emit, self._part_size)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="multipart")
        return self._writer

    def _emit(self, number: int, body: bytearray) -> None:
        """Send a part once the one before it is there; raises that one's error."""
        if self._id is None:
            self._id = self._upload.create()
        self._wait()
        pool = cast("ThreadPoolExecutor", self._pool)
        self._sending = pool.submit(self._send, self._id, number, body)

    def _send(self, upload: str, number: int, body: bytearray) -> None:
        self._tags[number] = self._upload.upload_part(upload, number, body)

    def _wait(self) -> None:
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.result()

    def commit(self) -> None:
        if self._writer is None:
            raise ValueError("commit before begin")
        self._writer.finish()
        self._wait()
        if self._id is None:
            raise MediaError
        self._upload.complete(self._id, sorted(self._tags.items()))
        self._id = None
        self._close()

    def abort(self) -> None:
        # A part still under way would come after the abort, and stay.
        self._close()
        upload, self._id = self._id, None
        self._tags.clear()
        if upload is not None:
            self._upload.abort(upload)

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        if self._writer is not None:
            self._writer.close()
        self._pool = self._writer = self._sending = None

    def open(self) -> BinaryIO:
        return self._read_back()

    def stream(self) -> ByteReader:
        return self._stream()
