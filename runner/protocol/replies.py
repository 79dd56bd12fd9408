"""Frames the runner sends to a client."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from runner.protocol.fields import Fields, ProtocolError, read_path
from runner.protocol.terminal_replies import TERMINAL_PARSERS, TerminalReply
from runner.protocol.workspace_replies import (
    WORKSPACE_PARSERS,
    WorkspaceChanged,
    WorkspaceReply,
)
from runner.protocol.workspace_requests import MAX_ID_CHARS

Stream = Literal["stdout", "stderr"]
Reason = Literal["exited", "timeout", "cancelled", "memory", "output", "failed"]

REASONS: tuple[Reason, ...] = (
    "exited",
    "timeout",
    "cancelled",
    "memory",
    "output",
    "failed",
)
_BIG = 2**62


@dataclass(frozen=True, slots=True)
class Package:
    """Something installed for candidates, so that they can be told."""

    name: str
    version: str
    language: str

    def to_json(self) -> dict[str, object]:
        return {"name": self.name, "version": self.version, "language": self.language}


@dataclass(frozen=True, slots=True)
class LanguageStatus:
    """A language the product knows; `version` is empty where the machine lacks it.

    `needs` says what a machine must have for it, `linter` which program finds what the
    editor marks, empty where there is none.
    """

    name: str
    label: str
    version: str
    needs: str
    linter: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "label": self.label,
            "version": self.version,
            "needs": self.needs,
            "linter": self.linter,
        }


@dataclass(frozen=True, slots=True)
class Status:
    """What the runner can do now; `reason` is a sentence when it can do nothing."""

    available: bool
    reason: str
    levels: dict[str, str]
    packages: tuple[Package, ...]
    generation: str
    running: int = 0
    waiting: int = 0
    languages: tuple[LanguageStatus, ...] = ()

    def to_json(self) -> dict[str, object]:
        return {
            "type": "status",
            "available": self.available,
            "reason": self.reason,
            "levels": self.levels,
            "packages": [item.to_json() for item in self.packages],
            "generation": self.generation,
            "running": self.running,
            "waiting": self.waiting,
            "languages": [item.to_json() for item in self.languages],
        }


@dataclass(frozen=True, slots=True)
class RunQueued:
    """The run waits; position 1 is next. Sent again as the queue moves."""

    run: str
    position: int

    def to_json(self) -> dict[str, object]:
        return {"type": "run.queued", "run": self.run, "position": self.position}


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The files are in place and the program starts."""

    run: str

    def to_json(self) -> dict[str, object]:
        return {"type": "run.started", "run": self.run}


@dataclass(frozen=True, slots=True)
class RunOutput:
    """A piece of what the program printed, as raw bytes."""

    run: str
    stream: Stream
    data: bytes

    def to_json(self) -> dict[str, object]:
        return {
            "type": "run.output",
            "run": self.run,
            "stream": self.stream,
            "data_b64": base64.b64encode(self.data).decode(),
        }


@dataclass(frozen=True, slots=True)
class CollectedFile:
    """A file the program left; `truncated` when it was larger than what is kept."""

    path: str
    data: bytes
    truncated: bool = False

    def to_json(self) -> dict[str, object]:
        return {
            "path": self.path,
            "data_b64": base64.b64encode(self.data).decode(),
            "truncated": self.truncated,
        }


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The one last frame of a run; `exit_code` only when the program ended itself.

    `limits` are those it was held to, after what was asked for met the hard caps.
    """

    run: str
    reason: Reason
    exit_code: int | None
    message: str
    duration_ms: int
    peak_memory_bytes: int
    truncated: bool
    files: tuple[CollectedFile, ...] = ()
    limits: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return {
            "type": "run.finished",
            "run": self.run,
            "reason": self.reason,
            "exit_code": self.exit_code,
            "message": self.message,
            "duration_ms": self.duration_ms,
            "peak_memory_bytes": self.peak_memory_bytes,
            "truncated": self.truncated,
            "files": [item.to_json() for item in self.files],
            "limits": self.limits,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that was refused; the last frame about its run, if it names one.

    `id` is that of a request about a workspace, else empty.
    """

    code: str
    message: str
    retryable: bool = False
    run: str = ""
    id: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "type": "error",
            "run": self.run,
            "id": self.id,
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
        }


RunReply = RunQueued | RunStarted | RunOutput | RunFinished | Failure
Reply = Status | RunReply | WorkspaceReply | WorkspaceChanged | TerminalReply


def parse_reply(data: object) -> Reply:
    """The typed reply, or ProtocolError for anything the runner does not send."""
    fields = Fields(data, where="reply")
    parse = _PARSERS.get(fields.text("type", limit=32))
    if parse is None:
        raise ProtocolError("The reply has an unknown type.")
    return parse(fields)


def _parse_status(fields: Fields) -> Status:
    return Status(
        available=fields.boolean("available", default=False),
        reason=fields.text("reason", limit=4000, default=""),
        levels=fields.strings("levels"),
        packages=fields.items("packages", read_package, limit=2000),
        generation=fields.text("generation", limit=64),
        running=fields.integer("running", low=0, high=_BIG, default=0),
        waiting=fields.integer("waiting", low=0, high=_BIG, default=0),
        languages=fields.items("languages", _read_language, limit=100),
    )


def read_package(item: object) -> Package:
    """One package out of a JSON list, checked."""
    fields = Fields(item, where="package")
    return Package(
        name=fields.text("name", limit=200),
        version=fields.text("version", limit=100),
        language=fields.text("language", limit=40),
    )


def _read_language(item: object) -> LanguageStatus:
    fields = Fields(item, where="language")
    return LanguageStatus(
        name=fields.text("name", limit=40),
        label=fields.text("label", limit=100),
        version=fields.text("version", limit=200, default=""),
        needs=fields.text("needs", limit=400, default=""),
        linter=fields.text("linter", limit=200, default=""),
    )


def _parse_queued(fields: Fields) -> RunQueued:
    position = fields.integer("position", low=0, high=_BIG)
    return RunQueued(run=fields.run(), position=position)


def _parse_started(fields: Fields) -> RunStarted:
    return RunStarted(run=fields.run())


def _parse_output(fields: Fields) -> RunOutput:
    stream = fields.text("stream", limit=8)
    if stream not in {"stdout", "stderr"}:
        raise ProtocolError("The output belongs to an unknown stream.")
    return RunOutput(
        run=fields.run(),
        stream="stdout" if stream == "stdout" else "stderr",
        data=fields.data("data_b64", limit=_BIG),
    )


def _parse_finished(fields: Fields) -> RunFinished:
    reason = fields.text("reason", limit=16)
    if reason not in REASONS:
        raise ProtocolError("The run ended for an unknown reason.")
    return RunFinished(
        run=fields.run(),
        reason=reason,
        exit_code=fields.optional_integer("exit_code", low=-255, high=65535),
        message=fields.text("message", limit=4000, default=""),
        duration_ms=fields.integer("duration_ms", low=0, high=_BIG),
        peak_memory_bytes=fields.integer("peak_memory_bytes", low=0, high=_BIG),
        truncated=fields.boolean("truncated", default=False),
        files=fields.items("files", _read_collected, limit=2000),
        limits=fields.numbers("limits"),
    )


def _read_collected(item: object) -> CollectedFile:
    fields = Fields(item, where="file")
    return CollectedFile(
        path=read_path(fields.text("path", limit=512)),
        data=fields.data("data_b64", limit=_BIG),
        truncated=fields.boolean("truncated", default=False),
    )


def _parse_failure(fields: Fields) -> Failure:
    return Failure(
        code=fields.text("code", limit=64),
        message=fields.text("message", limit=4000),
        retryable=fields.boolean("retryable", default=False),
        run=fields.text("run", limit=36, default=""),
        id=fields.text("id", limit=MAX_ID_CHARS, default=""),
    )


_PARSERS: dict[str, Callable[[Fields], Reply]] = {
    "status": _parse_status,
    "run.queued": _parse_queued,
    "run.started": _parse_started,
    "run.output": _parse_output,
    "run.finished": _parse_finished,
    "error": _parse_failure,
    **WORKSPACE_PARSERS,
    **TERMINAL_PARSERS,
}
