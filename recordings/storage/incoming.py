"""A body on its way to its place: written and hashed once, on the store's own disk."""

import asyncio
import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

from base.ids import new_token

TEMPORARY = ".part-"
# So much is handed to a thread at once; as much again may come while it writes.
BATCH = 1024 * 1024
_WRITERS = 4
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
# So many blocks fit into one call on any system.
_BLOCKS = 1024


class PartFile:
    """A file that is gone once it is closed, unless it was moved into a place.

    `write` is for an event loop: it collects, and threads write and hash. Where the
    disk is slower than the network it would wait for them: who can be woken awaits
    `make_room` before. Whether all of it could be written, `settle` says, which
    whoever wants to keep the file calls first.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None
        self._path: Path | None = None
        self._digest = hashlib.sha256()
        self._blocks: list[bytes] = []
        self._collected = 0
        self._writing: Future[None] | None = None
        self._fault: OSError | None = None
        self._read_to = 0
        self.closed = False
        self.size = 0

    def write(self, data: bytes, /) -> int:
        """Take a block; what fails is told by `settle`."""
        self._blocks.append(data)
        self._collected += len(data)
        self.size += len(data)
        if self._collected >= BATCH:
            self._await_writer()
            self._writing = _writers().submit(self._put, self._take_blocks())
        return len(data)

    async def make_room(self) -> None:
        """Let others have their turn until a batch may be handed over."""
        if self._writing is not None and self._collected >= BATCH // 2:
            await asyncio.wait([asyncio.wrap_future(self._writing)])

    def settle(self) -> None:
        """Have all of it written. Raises the OSError that stopped the writing."""
        self._await_writer()
        self._put(self._take_blocks())
        if self._fault is not None:
            raise self._fault

    def hexdigest(self) -> str:
        """Return the SHA-256 of what is settled."""
        return self._digest.hexdigest()

    def tell(self) -> int:
        """Return how much came."""
        return self.size

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Read from here."""
        self._read_to = offset if whence == os.SEEK_SET else self.size + offset
        return self._read_to

    def read(self, size: int = -1, /) -> bytes:
        """Settle, and read what there is."""
        self.settle()
        most = self.size if size < 0 else size
        if self._descriptor is None:
            return b""
        data = os.pread(self._descriptor, most, self._read_to)
        self._read_to += len(data)
        return data

    def move(self, target: Path) -> None:
        """Give the file its place: it stays, and a power cut does not take it.

        The folder must be synced by the caller. Raises OSError.
        """
        if self._path is None or self._descriptor is None:
            raise ValueError("nothing to move")
        os.fsync(self._descriptor)
        self._path.replace(target)
        self._path = None

    def close(self) -> None:
        """Close, and remove what nobody kept."""
        # A number that is closed may be another file's at once.
        self._await_writer()
        self._take_blocks()
        self.closed = True
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
        path, self._path = self._path, None
        if path is not None:
            path.unlink(missing_ok=True)

    def __del__(self) -> None:
        if not self.closed:
            self.close()

    def _take_blocks(self) -> list[bytes]:
        blocks, self._blocks, self._collected = self._blocks, [], 0
        return blocks

    def _await_writer(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _put(self, blocks: list[bytes]) -> None:
        """Write and hash; after a fault nothing more."""
        if self._fault is not None or not blocks:
            return
        try:
            _write_all(self._open(), blocks)
        except OSError as error:
            self._fault = error
            return
        for block in blocks:
            self._digest.update(block)

    def _open(self) -> int:
        """Return the file's descriptor, made when there is something to write.

        Not sooner: a folder waits for what others sync, and the loop would with it.
        """
        if self._descriptor is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{TEMPORARY}{new_token()}"
            self._descriptor = os.open(path, _NEW, 0o600)
            self._path = path
        return self._descriptor


@cache
def _writers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_WRITERS, thread_name_prefix="bodies")


def _write_all(descriptor: int, blocks: list[bytes]) -> None:
    views = [memoryview(block) for block in blocks if block]
    while views:
        count = os.writev(descriptor, views[:_BLOCKS])
        while views and count >= views[0].nbytes:
            count -= views.pop(0).nbytes
        if count:
            views[0] = views[0][count:]
