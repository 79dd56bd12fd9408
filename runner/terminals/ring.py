"""The last bytes of a terminal, each with its number."""

from runner.terminals.bounds import LINE_BYTES, RESYNC_BYTES, RING_BYTES


class Ring:
    """Bytes are numbered from 0; those from `start` to before `end` are kept."""

    def __init__(self, size: int = RING_BYTES) -> None:
        self._size = size
        self._bytes = bytearray()
        self.start = 0

    @property
    def end(self) -> int:
        return self.start + len(self._bytes)

    def add(self, data: bytes) -> None:
        self._bytes += data
        surplus = len(self._bytes) - self._size
        if surplus > 0:
            del self._bytes[:surplus]
            self.start += surplus

    def read(self, offset: int, limit: int) -> bytes:
        """Up to `limit` bytes from `offset` on, which is kept or the end."""
        at = offset - self.start
        return bytes(self._bytes[at : at + limit])

    def find_resync(self) -> int:
        """Where to go on after a gap: near the end, after the end of a line."""
        offset = max(self.end - RESYNC_BYTES, self.start)
        at = offset - self.start
        line = self._bytes.find(b"\n", at, at + LINE_BYTES)
        return offset if line < 0 else self.start + line + 1
