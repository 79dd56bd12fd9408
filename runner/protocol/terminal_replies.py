"""Frames about a terminal, from the runner to a client."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from runner.protocol.fields import Fields, ProtocolError
from runner.protocol.workspace_requests import MAX_ID_CHARS

TerminalEnd = Literal["exit", "killed", "idle", "memory", "workspace_closed", "restart"]

_ENDS: dict[str, TerminalEnd] = {end: end for end in get_args(TerminalEnd)}
_MAX_CHUNKS = 4_000
_BIG = 2**62


@dataclass(frozen=True, slots=True)
class TerminalAttached:
    """The connection follows the terminal, output from byte `offset` on.

    `is_new`: this attachment started the shell. `started_ms` counts since 1970. What is
    before byte `head` was printed before this attachment.
    """

    is_new: bool
    generation: str
    started_ms: int
    offset: int
    rows: int
    cols: int
    head: int = 0

    def to_json(self) -> dict[str, object]:
        return {
            "type": "terminal.attached",
            "is_new": self.is_new,
            "generation": self.generation,
            "started_ms": self.started_ms,
            "offset": self.offset,
            "rows": self.rows,
            "cols": self.cols,
            "head": self.head,
        }


@dataclass(frozen=True, slots=True)
class TerminalOutput:
    """Bytes of the terminal, the first of which has the number `offset`."""

    offset: int
    data: bytes

    def to_json(self) -> dict[str, object]:
        return {
            "type": "terminal.output",
            "offset": self.offset,
            "data_b64": base64.b64encode(self.data).decode(),
        }


@dataclass(frozen=True, slots=True)
class TerminalTaken:
    """How many bytes of an input were taken; the rest is refused."""

    id: str
    count: int

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.taken", "id": self.id, "count": self.count}


@dataclass(frozen=True, slots=True)
class TerminalResized:
    """The terminal has this size from now on."""

    rows: int
    cols: int

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.resized", "rows": self.rows, "cols": self.cols}


@dataclass(frozen=True, slots=True)
class TerminalDriving:
    """Somebody else drives now: what this connection types is not taken any more."""

    is_driver: bool

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.driving", "is_driver": self.is_driver}


@dataclass(frozen=True, slots=True)
class TerminalEnded:
    """The last frame: nothing of the terminal is alive. `code` is the shell's, where it
    ended by itself."""

    code: int | None
    reason: TerminalEnd

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.ended", "code": self.code, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class TerminalBlock:
    """What a recorder stores: at most a second of output.

    `chunks` are (milliseconds since the block began, bytes), the first of which has the
    number `offset`. `cut` bytes before it are in no block.
    """

    number: int
    at_ms: int
    offset: int
    chunks: tuple[tuple[int, bytes], ...]
    cut: int
    rows: int
    cols: int

    def to_json(self) -> dict[str, object]:
        return {
            "type": "terminal.block",
            "number": self.number,
            "at_ms": self.at_ms,
            "offset": self.offset,
            "chunks": [
                [ms, base64.b64encode(data).decode()] for ms, data in self.chunks
            ],
            "cut": self.cut,
            "rows": self.rows,
            "cols": self.cols,
        }


TerminalReply = (
    TerminalAttached
    | TerminalOutput
    | TerminalTaken
    | TerminalResized
    | TerminalDriving
    | TerminalEnded
    | TerminalBlock
)


def _parse_attached(fields: Fields) -> TerminalAttached:
    return TerminalAttached(
        is_new=fields.boolean("is_new", default=False),
        generation=fields.text("generation", limit=64),
        started_ms=_read_count(fields, "started_ms"),
        offset=_read_count(fields, "offset"),
        rows=_read_count(fields, "rows"),
        cols=_read_count(fields, "cols"),
        head=_read_count(fields, "head"),
    )


def _parse_output(fields: Fields) -> TerminalOutput:
    data = fields.data("data_b64", limit=_BIG)
    return TerminalOutput(_read_count(fields, "offset"), data)


def _parse_taken(fields: Fields) -> TerminalTaken:
    id_ = fields.text("id", limit=MAX_ID_CHARS)
    return TerminalTaken(id_, _read_count(fields, "count"))


def _parse_resized(fields: Fields) -> TerminalResized:
    return TerminalResized(_read_count(fields, "rows"), _read_count(fields, "cols"))


def _parse_driving(fields: Fields) -> TerminalDriving:
    return TerminalDriving(fields.boolean("is_driver", default=False))


def _parse_ended(fields: Fields) -> TerminalEnded:
    reason = _ENDS.get(fields.text("reason", limit=32))
    if reason is None:
        raise ProtocolError("The terminal ended for an unknown reason.")
    code = fields.optional_integer("code", low=-255, high=65535)
    return TerminalEnded(code, reason)


def _parse_block(fields: Fields) -> TerminalBlock:
    return TerminalBlock(
        number=_read_count(fields, "number"),
        at_ms=_read_count(fields, "at_ms"),
        offset=_read_count(fields, "offset"),
        chunks=fields.items("chunks", _read_chunk, limit=_MAX_CHUNKS),
        cut=_read_count(fields, "cut"),
        rows=_read_count(fields, "rows"),
        cols=_read_count(fields, "cols"),
    )


def _read_chunk(item: object) -> tuple[int, bytes]:
    match item:
        case [int() as ms, str() as text]:
            try:
                return ms, base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise ProtocolError("A chunk is not base64.") from None
    raise ProtocolError("A chunk must be a time and bytes.")


def _read_count(fields: Fields, name: str) -> int:
    return fields.integer(name, low=0, high=_BIG)


TERMINAL_PARSERS: dict[str, Callable[[Fields], TerminalReply]] = {
    "terminal.attached": _parse_attached,
    "terminal.output": _parse_output,
    "terminal.taken": _parse_taken,
    "terminal.resized": _parse_resized,
    "terminal.driving": _parse_driving,
    "terminal.ended": _parse_ended,
    "terminal.block": _parse_block,
}
