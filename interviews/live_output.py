"""The output of one run as it grows: decoded, coalesced, numbered, bounded."""

import asyncio
import codecs
from collections.abc import Callable
from time import monotonic

from base.text import utf16_length
from interviews.services.runs import Piece, cut_piece
from interviews.workspace.changes import clean_text

COALESCE_SECONDS = 0.05
BLOCK_MS = 1000
# A decoder holds back at most three bytes of an unfinished character.
_STREAMS = ("stdout", "stderr")


class LiveOutput:
    """Takes bytes, gives numbered pieces of text.

    What arrives within 50 ms is one piece per stream; the first one goes at once.
    `on_change` is called whenever there is a new piece.
    """

    def __init__(self, *, limit: int, on_change: Callable[[], None]) -> None:
        self.pieces: list[Piece] = []
        self.length = 0
        self.is_truncated = False
        self._limit = limit
        self._kept = 0
        self._on_change = on_change
        self._began = monotonic()
        self._committed_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._buffers: dict[str, list[str]] = {}
        make = codecs.getincrementaldecoder("utf-8")
        self._decoders = {stream: make(errors="replace") for stream in _STREAMS}

    @property
    def text(self) -> str:
        """Everything kept, both streams as they came."""
        return "".join(piece.text for piece in self.pieces)

    def add(self, stream: str, data: bytes) -> None:
        """Take output; past the limit it is dropped and marked so."""
        room = self._limit - self._kept
        if len(data) > room:
            self.is_truncated = True
            data = data[:room]
        self._kept += len(data)
        self._buffer(stream, self._decoders[stream].decode(data))
        wait = self._committed_at + COALESCE_SECONDS - monotonic()
        if wait <= 0:
            self.commit()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self.commit)

    def _buffer(self, stream: str, text: str) -> None:
        if text:
            self._buffers.setdefault(stream, []).append(clean_text(text))

    def commit(self) -> None:
        """Make pieces of what is buffered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._buffers:
            return
        self._committed_at = monotonic()
        at_ms = int((self._committed_at - self._began) * 1000)
        for stream, parts in self._buffers.items():
            text = "".join(parts)
            piece = Piece(self.length, stream, text, [[at_ms, self.length]])
            self.pieces.append(piece)
            self.length += utf16_length(text)
        self._buffers.clear()
        self._on_change()

    def end(self) -> None:
        """Commit what is left, unfinished characters included."""
        for stream, decoder in self._decoders.items():
            self._buffer(stream, decoder.decode(b"", final=True))
        self.commit()

    def since(self, offset: int) -> list[Piece]:
        """Return what follows an offset."""
        first = len(self.pieces)
        while first and self.pieces[first - 1].offset >= offset:
            first -= 1
        pieces = self.pieces[max(first - 1, 0) :]
        return [cut for piece in pieces if (cut := cut_piece(piece, offset))]


def join_pieces(pieces: list[Piece]) -> list[Piece]:
    """Return neighbouring pieces of one stream as blocks of at most a second.

    The marks become [milliseconds into the block, offset].
    """
    blocks: list[Piece] = []
    for piece in pieces:
        last = blocks[-1] if blocks else None
        if last is not None and _belongs(piece, last):
            blocks[-1] = Piece(
                last.offset,
                last.stream,
                last.text + piece.text,
                last.marks + piece.marks,
            )
        else:
            blocks.append(piece)
    return [_relative(block) for block in blocks]


def _belongs(piece: Piece, block: Piece) -> bool:
    return (
        piece.stream == block.stream
        and piece.marks[0][0] - block.marks[0][0] < BLOCK_MS
    )


def _relative(block: Piece) -> Piece:
    began = block.marks[0][0] if block.marks else 0
    marks = [[at - began, offset] for at, offset in block.marks]
    return Piece(block.offset, block.stream, block.text, marks)
