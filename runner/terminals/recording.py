"""What of a terminal's output is stored: blocks of at most a second."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from runner.protocol import TerminalBlock
from runner.terminals.bounds import (
    BLOCK_SECONDS,
    CHUNK_MS,
    HEAD_BYTES,
    TAIL_BYTES,
    UNSTORED_BYTES,
)
from runner.terminals.ring import Ring

_MAX_DROPPED = 256


@dataclass(frozen=True, slots=True)
class _Mark:
    """A block's number, and the number of the first byte after it."""

    number: int
    end: int


class _Open:
    """The block that is being filled, and what of its second does not fit."""

    def __init__(self, at_ms: int, offset: int) -> None:
        self.at_ms = at_ms
        self.offset = offset
        self.kept = 0
        self.skipped = 0
        self._chunks: list[tuple[int, bytearray]] = []

    @property
    def chunks(self) -> tuple[tuple[int, bytes], ...]:
        return tuple((ms, bytes(data)) for ms, data in self._chunks)

    def add(self, at_ms: int, data: bytes) -> None:
        piece = data[: HEAD_BYTES - self.kept]
        self.kept += len(piece)
        self.skipped += len(data) - len(piece)
        ms = at_ms - self.at_ms
        if piece and self._chunks and ms - self._chunks[-1][0] < CHUNK_MS:
            self._chunks[-1][1].extend(piece)
        elif piece:
            self._chunks.append((ms, bytearray(piece)))


class Recording:
    """Keeps blocks until they are acknowledged, of more than 1 MiB the newest.

    Of a second with more than 256 KiB the beginning and the end are kept. `wake` is
    called when there is a new block.
    """

    def __init__(
        self,
        ring: Ring,
        size: tuple[int, int],
        clock: Callable[[], int],
        wake: Callable[[], None],
    ) -> None:
        self._ring = ring
        self._size = size
        self._clock = clock
        self._wake = wake
        self._open: _Open | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._blocks: deque[TerminalBlock] = deque()
        self._bytes = 0
        self._next = 0
        self._acknowledged = _Mark(-1, 0)
        # Of dropped blocks that somebody may have and still acknowledge.
        self._dropped: deque[_Mark] = deque(maxlen=_MAX_DROPPED)

    @property
    def held_bytes(self) -> int:
        """What is kept at the moment."""
        return self._bytes + (0 if self._open is None else self._open.kept)

    @property
    def has_blocks(self) -> bool:
        """Somebody has still to store something."""
        return bool(self._blocks) or self._open is not None

    def add(self, data: bytes) -> None:
        """Output that is in the ring already."""
        now = self._clock()
        if self._open is None:
            self._open = _Open(now, self._ring.end - len(data))
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(BLOCK_SECONDS, self.close)
        self._open.add(now, data)

    def resize(self, size: tuple[int, int]) -> None:
        """What follows is of this size."""
        self.close()
        self._size = size

    def close(self) -> None:
        """End the block that is being filled, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
        full, self._open = self._open, None
        if full is None:
            return
        self._keep(full.at_ms, full.offset, full.chunks)
        if full.skipped:
            tail = min(full.skipped, TAIL_BYTES)
            offset = self._ring.end - tail
            data = self._ring.read(offset, tail)
            self._keep(self._clock(), offset, ((0, data),))
        self._wake()

    def acknowledge(self, number: int) -> None:
        """All blocks up to this one are stored."""
        while self._blocks and self._blocks[0].number <= number:
            self._note(self._pop())
        while self._dropped and self._dropped[0].number <= number:
            self._note(self._dropped.popleft())

    def follow(self) -> Iterator[TerminalBlock | None]:
        """What is not acknowledged, then what is added; None where nothing waits.

        Each block says how much before it was `cut`, beginning where the last
        acknowledged one ended.
        """
        last = self._acknowledged
        while True:
            block = next(
                (each for each in self._blocks if each.number > last.number), None
            )
            if block is None:
                yield None
                continue
            cut = block.offset - last.end
            last = _Mark(block.number, _end_of(block))
            yield replace(block, cut=cut)

    def _keep(
        self, at_ms: int, offset: int, chunks: tuple[tuple[int, bytes], ...]
    ) -> None:
        block = TerminalBlock(self._next, at_ms, offset, chunks, 0, *self._size)
        self._next += 1
        self._blocks.append(block)
        self._bytes += _size_of(block)
        while self._bytes > UNSTORED_BYTES and len(self._blocks) > 1:
            self._dropped.append(self._pop())

    def _pop(self) -> _Mark:
        block = self._blocks.popleft()
        self._bytes -= _size_of(block)
        return _Mark(block.number, _end_of(block))

    def _note(self, mark: _Mark) -> None:
        if mark.number > self._acknowledged.number:
            self._acknowledged = mark


def _size_of(block: TerminalBlock) -> int:
    return sum(len(data) for _ms, data in block.chunks)


def _end_of(block: TerminalBlock) -> int:
    return block.offset + _size_of(block)
