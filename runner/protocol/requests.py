"""Frames a client sends to the runner."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from runner.protocol.fields import (
    Fields,
    ProtocolError,
    check_relative_path,
    is_encodable,
    read_path,
)
from runner.protocol.terminal_requests import (
    TerminalRequest,
    parse_terminal_request,
)
from runner.protocol.workspace_requests import (
    WorkspaceKey,
    WorkspaceRequest,
    parse_workspace_request,
    read_workspace_key,
)

MAX_FILES = 2_000
MAX_INPUT_BYTES = 24 * 1024 * 1024
MAX_STDIN_BYTES = 1024 * 1024
MAX_ARGUMENTS = 256
MAX_ARGUMENT_CHARS = 64 * 1024
MAX_ENV_CHARS = 16 * 1024
MAX_COLLECTED = 16

_ENV_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_RESERVED_ENV = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "ENV", "BASH_ENV", "TMPDIR", "SHELLOPTS"}
)


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file put into the fresh workspace before the program starts."""

    path: str
    data: bytes

    def to_json(self) -> dict[str, object]:
        return {"path": self.path, "data_b64": base64.b64encode(self.data).decode()}


@dataclass(frozen=True, slots=True)
class LimitRequest:
    """Limits a client asks for; None means the default, the hard caps always hold."""

    wall_seconds: float | None = None
    memory_bytes: int | None = None
    processes: int | None = None
    workspace_bytes: int | None = None
    output_bytes_kept: int | None = None
    output_bytes_kill: int | None = None

    def to_json(self) -> dict[str, object]:
        values: dict[str, object] = {
            "wall_seconds": self.wall_seconds,
            "memory_bytes": self.memory_bytes,
            "processes": self.processes,
            "workspace_bytes": self.workspace_bytes,
            "output_bytes_kept": self.output_bytes_kept,
            "output_bytes_kill": self.output_bytes_kill,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RunStart:
    """One command; paths are relative to the workspace root.

    It runs in a fresh workspace with `files`, or in the open one that `workspace` names;
    then there are no `files`.
    """

    run: str
    argv: tuple[str, ...]
    files: tuple[InputFile, ...] = ()
    cwd: str = ""
    env: dict[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    limits: LimitRequest = field(default_factory=LimitRequest)
    collect: tuple[str, ...] = ()
    workspace: WorkspaceKey | None = None

    def to_json(self) -> dict[str, object]:
        workspace = self.workspace and self.workspace.to_json()
        return {
            "type": "run.start",
            "workspace": workspace,
            "run": self.run,
            "argv": list(self.argv),
            "files": [item.to_json() for item in self.files],
            "cwd": self.cwd,
            "env": self.env,
            "stdin_b64": base64.b64encode(self.stdin).decode(),
            "limits": self.limits.to_json(),
            "collect": list(self.collect),
        }


@dataclass(frozen=True, slots=True)
class RunCancel:
    """Stop a queued or running run, whichever connection started it."""

    run: str

    def to_json(self) -> dict[str, object]:
        return {"type": "run.cancel", "run": self.run}


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Ask what the runner can do; `full` repeats the whole doctor first."""

    full: bool = False

    def to_json(self) -> dict[str, object]:
        return {"type": "status", "full": self.full}


Request = RunStart | RunCancel | StatusRequest | WorkspaceRequest | TerminalRequest


def parse_request(data: object) -> Request:
    """The typed request, or ProtocolError naming the run or the request where known."""
    fields = Fields(data, where="request")
    kind = fields.text("type", limit=32)
    if kind == "status":
        return StatusRequest(full=fields.boolean("full", default=False))
    if kind.startswith("workspace."):
        return parse_workspace_request(kind, fields)
    if kind.startswith("terminal."):
        return parse_terminal_request(kind, fields)
    if kind not in {"run.start", "run.cancel"}:
        raise ProtocolError("The request has an unknown type.")
    run = fields.run()
    if kind == "run.cancel":
        return RunCancel(run=run)
    try:
        return _parse_start(run, fields)
    except ProtocolError as error:
        raise ProtocolError(error.message, run=run) from None


def _parse_start(run: str, fields: Fields) -> RunStart:
    workspace = None
    if fields.has("workspace"):
        workspace = read_workspace_key(fields.child("workspace"))
        if fields.has("files") and _parse_files(fields):
            raise ProtocolError("A run in an open workspace brings no files.")
    return RunStart(
        run=run,
        argv=_parse_argv(fields),
        files=_parse_files(fields),
        cwd=_parse_cwd(fields),
        env=_parse_env(fields),
        stdin=fields.data("stdin_b64", limit=MAX_STDIN_BYTES),
        limits=_parse_limits(fields.child("limits")),
        collect=fields.items("collect", read_path, limit=MAX_COLLECTED),
        workspace=workspace,
    )


def _parse_argv(fields: Fields) -> tuple[str, ...]:
    argv = fields.items("argv", _read_argument, limit=MAX_ARGUMENTS)
    if not argv or not argv[0]:
        raise ProtocolError("There is no command to run.")
    if sum(map(len, argv)) > MAX_ARGUMENT_CHARS:
        raise ProtocolError("The command is too long.")
    return argv


def _read_argument(item: object) -> str:
    if not isinstance(item, str) or "\0" in item or not is_encodable(item):
        raise ProtocolError("An argument must be text.")
    return item


def _parse_files(fields: Fields) -> tuple[InputFile, ...]:
    files = fields.items("files", _read_file, limit=MAX_FILES)
    if sum(len(item.data) for item in files) > MAX_INPUT_BYTES:
        raise ProtocolError("The files are too large together.")
    _check_tree(item.path for item in files)
    return files


def _check_tree(paths: Iterable[str]) -> None:
    """Refuse a path given twice and a file that is also another file's folder."""
    known: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        if path in known:
            raise ProtocolError("A file is given twice.")
        known.add(path)
        parts = path.split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    if known & folders:
        raise ProtocolError("A file has the name of a folder.")


def _read_file(item: object) -> InputFile:
    fields = Fields(item, where="file")
    path = check_relative_path(fields.text("path", limit=512))
    if fields.has("text"):
        return InputFile(path, fields.text("text", limit=MAX_INPUT_BYTES).encode())
    return InputFile(path, fields.data("data_b64", limit=MAX_INPUT_BYTES))


def _parse_cwd(fields: Fields) -> str:
    cwd = fields.text("cwd", limit=512, default="")
    return "" if cwd in {"", "."} else check_relative_path(cwd)


def _parse_env(fields: Fields) -> dict[str, str]:
    env = fields.strings("env")
    if sum(len(name) + len(value) for name, value in env.items()) > MAX_ENV_CHARS:
        raise ProtocolError("The environment is too large.")
    for name in env:
        reserved = name in _RESERVED_ENV or name.startswith("LD_")
        if reserved or not _ENV_NAME.fullmatch(name):
            raise ProtocolError("A variable of the environment may not be set.")
    return env


def _parse_limits(fields: Fields) -> LimitRequest:
    huge = 2**53
    return LimitRequest(
        wall_seconds=fields.optional_number("wall_seconds"),
        memory_bytes=fields.optional_integer("memory_bytes", low=1, high=huge),
        processes=fields.optional_integer("processes", low=1, high=huge),
        workspace_bytes=fields.optional_integer("workspace_bytes", low=1, high=huge),
        output_bytes_kept=fields.optional_integer(
            "output_bytes_kept", low=0, high=huge
        ),
        output_bytes_kill=fields.optional_integer(
            "output_bytes_kill", low=1, high=huge
        ),
    )
