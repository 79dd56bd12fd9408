"""File descriptors between the runner and a sandbox: memory files in, pipes out."""

import asyncio
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

# Passed descriptors are numbered from here, clear of the standard streams.
LOWEST_PASSED_FD = 20
CHUNK_BYTES = 32 * 1024
_SEALS = (
    fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
)


class PassedFds:
    """Descriptors handed to a child; closed here once it has been started."""

    def __init__(self) -> None:
        self._open: list[int] = []

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(self._open)

    def data(self, content: bytes) -> int:
        """A sealed file in memory with `content`, read from its start."""
        fd = os.memfd_create("sandbox", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(fd, view) :]
            os.lseek(fd, 0, os.SEEK_SET)
            fcntl.fcntl(fd, fcntl.F_ADD_SEALS, _SEALS)
            return self._keep_high(fd)
        finally:
            os.close(fd)

    def pipe(self) -> tuple[int, int]:
        """(the end we read, the end the child writes)."""
        read_end, write_end = os.pipe2(os.O_CLOEXEC)
        try:
            return read_end, self._keep_high(write_end)
        finally:
            os.close(write_end)

    def socket(self) -> tuple[socket.socket, int]:
        """(our end, which never blocks, the child's)."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        ours.setblocking(False)  # noqa: FBT003 - the library's own
        with theirs:
            return ours, self._keep_high(theirs.fileno())

    def close(self) -> None:
        while self._open:
            os.close(self._open.pop())

    def _keep_high(self, fd: int) -> int:
        kept = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, LOWEST_PASSED_FD)
        self._open.append(kept)
        return kept


@contextmanager
def passed_fds() -> Iterator[PassedFds]:
    fds = PassedFds()
    try:
        yield fds
    finally:
        fds.close()


class PipeReader:
    """The read end of a pipe in the event loop, with back-pressure."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._reader = asyncio.StreamReader(limit=CHUNK_BYTES)
        self._transport: asyncio.ReadTransport | None = None

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        file = os.fdopen(self._fd, "rb", 0)
        self._fd = -1
        self._transport, _protocol = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), file
        )

    async def read(self, size: int = CHUNK_BYTES) -> bytes:
        """Up to `size` bytes; empty at the end."""
        return await self._reader.read(size)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        elif self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
