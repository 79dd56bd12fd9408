"""Where a finished file goes: one protocol, and the sink for a local disk."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol


class Writer(Protocol):
    """What a muxer needs; seeks go back only into the first part of the file."""

    def write(self, data: bytes, /) -> int: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def tell(self) -> int: ...


class ByteReader(Protocol):
    """Bytes read once, in their order."""

    def read(self, size: int = -1, /) -> bytes: ...

    def close(self) -> None: ...


class Sink(Protocol):
    """A place for one file. Nothing is visible there before `commit`."""

    def begin(self) -> Writer:
        """Start (again) from nothing, dropping what was written before."""
        ...

    def commit(self) -> None: ...

    def abort(self) -> None:
        """Drop what was written; harmless when nothing was, or after commit."""
        ...

    def open(self) -> BinaryIO:
        """Read the committed file, seekable."""
        ...

    def stream(self) -> ByteReader:
        """Read the committed file once from its start."""
        ...


# Called with the number of the file (0, 1, …) and its extension, "webm" or "mp4".
SinkFactory = Callable[[int, str], Sink]


class FileSink:
    """Writes beside the target and moves the file into place when it is complete."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._temporary: Path | None = None

    def begin(self) -> Writer:
        self.abort()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".part-", dir=self.path.parent)
        self._temporary = Path(name)
        self._file = os.fdopen(handle, "w+b")
        return self._file

    def commit(self) -> None:
        if self._file is None or self._temporary is None:
            raise ValueError("commit before begin")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._temporary.replace(self.path)
        self._file = self._temporary = None
        sync_directory(self.path.parent)

    def abort(self) -> None:
        if self._file is not None:
            self._file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
        self._file = self._temporary = None

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    def stream(self) -> ByteReader:
        return self.open()


def sync_directory(path: Path) -> None:
    """Have the names in a folder outlast a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
