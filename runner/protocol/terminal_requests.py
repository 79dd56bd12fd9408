"""Frames about a terminal, from a client to the runner.

A connection is attached to one terminal by its first such frame; the others are about
that one.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from runner.protocol.fields import Fields, ProtocolError, check_relative_path
from runner.protocol.workspace_requests import (
    MAX_ID_CHARS,
    WorkspaceKey,
    read_workspace_key,
)

Role = Literal["driver", "viewer", "recorder"]
Signal = Literal["INT", "QUIT", "TSTP"]

# One frame of input; more than is ever taken at once.
MAX_INPUT_BYTES = 128 * 1024
_ROLES: dict[str, Role] = {role: role for role in get_args(Role)}
_SIGNALS: dict[str, Signal] = {name: name for name in get_args(Signal)}
_NAME = re.compile(r"[a-z0-9]{1,16}")
_BIG = 2**62


@dataclass(frozen=True, slots=True)
class TerminalAttach:
    """Follow a terminal of an open workspace from byte `after` on, None for all that is
    kept. A driver starts the shell where there is none, in the folder `cwd`. Rows and
    columns are a driver's wish, and are clamped."""

    workspace: WorkspaceKey
    name: str
    role: Role
    rows: int
    cols: int
    after: int | None = None
    cwd: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "type": "terminal.attach",
            "workspace": self.workspace.to_json(),
            "name": self.name,
            "role": self.role,
            "rows": self.rows,
            "cols": self.cols,
            "after": self.after,
            "cwd": self.cwd,
        }


@dataclass(frozen=True, slots=True)
class TerminalInput:
    """What was typed; answered with how much of it was taken."""

    id: str
    data: bytes

    def to_json(self) -> dict[str, object]:
        return {
            "type": "terminal.input",
            "id": self.id,
            "data_b64": base64.b64encode(self.data).decode(),
        }


@dataclass(frozen=True, slots=True)
class TerminalResize:
    """Another size, clamped to what a terminal may have."""

    rows: int
    cols: int

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.resize", "rows": self.rows, "cols": self.cols}


@dataclass(frozen=True, slots=True)
class TerminalSignal:
    """What the terminal itself would send to the programs in front."""

    signal: Signal

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.signal", "signal": self.signal}


@dataclass(frozen=True, slots=True)
class TerminalAck:
    """A driver has shown all bytes before `upto`; a recorder has stored all blocks up to
    that number."""

    upto: int

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.ack", "upto": self.upto}


@dataclass(frozen=True, slots=True)
class TerminalClose:
    """Kill the shell and everything it has started."""

    def to_json(self) -> dict[str, object]:
        return {"type": "terminal.close"}


TerminalRequest = (
    TerminalAttach
    | TerminalInput
    | TerminalResize
    | TerminalSignal
    | TerminalAck
    | TerminalClose
)


def parse_terminal_request(kind: str, fields: Fields) -> TerminalRequest:
    """The typed request, or ProtocolError."""
    parse = _PARSERS.get(kind)
    if parse is None:
        raise ProtocolError("The request has an unknown type.")
    return parse(fields)


def _parse_attach(fields: Fields) -> TerminalAttach:
    name = fields.text("name", limit=16)
    if not _NAME.fullmatch(name):
        raise ProtocolError("A terminal's name is made of letters and digits.")
    role = _ROLES.get(fields.text("role", limit=16))
    if role is None:
        raise ProtocolError("The role is unknown.")
    cwd = fields.text("cwd", limit=512, default="")
    return TerminalAttach(
        read_workspace_key(fields.child("workspace")),
        name,
        role,
        *_read_size(fields),
        after=fields.optional_integer("after", low=0, high=_BIG),
        cwd=cwd and check_relative_path(cwd),
    )


def _parse_input(fields: Fields) -> TerminalInput:
    data = fields.data("data_b64", limit=MAX_INPUT_BYTES)
    return TerminalInput(fields.text("id", limit=MAX_ID_CHARS), data)


def _parse_resize(fields: Fields) -> TerminalResize:
    return TerminalResize(*_read_size(fields))


def _parse_signal(fields: Fields) -> TerminalSignal:
    signal = _SIGNALS.get(fields.text("signal", limit=16))
    if signal is None:
        raise ProtocolError("A terminal does not send this signal.")
    return TerminalSignal(signal)


def _parse_ack(fields: Fields) -> TerminalAck:
    return TerminalAck(fields.integer("upto", low=0, high=_BIG))


def _parse_close(_fields: Fields) -> TerminalClose:
    return TerminalClose()


def _read_size(fields: Fields) -> tuple[int, int]:
    """Rows and columns as they were wished for."""
    rows, cols = (
        fields.integer(name, low=-_BIG, high=_BIG) for name in ("rows", "cols")
    )
    return rows, cols


_PARSERS: dict[str, Callable[[Fields], TerminalRequest]] = {
    "terminal.attach": _parse_attach,
    "terminal.input": _parse_input,
    "terminal.resize": _parse_resize,
    "terminal.signal": _parse_signal,
    "terminal.ack": _parse_ack,
    "terminal.close": _parse_close,
}
