"""What pages and terminal sockets say to each other, but for the bytes themselves."""

import struct
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from interviews.errors import InterviewError
from interviews.runner_client import RunnerUnavailable, TerminalSession
from interviews.services.terminals import Shell
from interviews.terminals import ACK_BYTES, WINDOW_BYTES

VERSION = 1
MOST_SIZE = 500
_PASSING = frozenset({"no_terminal", "stale_epoch", "workspace_closed"})
_HEAD = struct.Struct(">Q")


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Resize(_Frame):
    """The page shows so many rows and columns."""

    type: Literal["resize"]
    rows: int = Field(ge=1, le=MOST_SIZE)
    cols: int = Field(ge=1, le=MOST_SIZE)


class Ack(_Frame):
    """The page has shown all bytes before this number."""

    type: Literal["ack"]
    upto: int = Field(ge=0, le=2**53)


class Start(_Frame):
    """Begin a new shell, after the last one has ended."""

    type: Literal["start"]


class Writer(_Frame):
    """The token of this page's workspace socket, which has changed."""

    type: Literal["writer"]
    token: str = Field(max_length=64)


class Close(_Frame):
    """Kill the shell with everything it has started."""

    type: Literal["close"]


class Ping(_Frame):
    """Is anybody there?"""

    type: Literal["ping"]


PageFrame = Resize | Ack | Start | Writer | Close | Ping
page_frames: TypeAdapter[PageFrame] = TypeAdapter(
    Annotated[PageFrame, Field(discriminator="type")]
)

LIMITS = {"ack_bytes": ACK_BYTES, "window_bytes": WINDOW_BYTES}


def hello_frame(
    shell: Shell, session: TerminalSession, *, is_new: bool, is_driver: bool
) -> dict[str, Any]:
    """Return what a page needs to show a shell, output from `offset` on."""
    return {
        "type": "hello",
        "version": VERSION,
        "name": shell.name,
        "shell": shell.id,
        "is_new": is_new,
        "generation": shell.generation,
        "started_at": shell.started_at.isoformat(),
        "offset": session.offset,
        "head": session.head,
        "rows": session.rows,
        "cols": session.cols,
        "is_driver": is_driver,
        "limits": LIMITS,
    }


def output_frame(offset: int, data: bytes) -> bytes:
    """Return the binary frame of output: the number of its first byte, and the bytes."""
    return _HEAD.pack(offset) + data


def exit_frame(code: int | None, reason: str) -> dict[str, Any]:
    """Return the end of a shell, in words."""
    return {
        "type": "exit",
        "code": code,
        "reason": reason,
        "message": _describe_end(code, reason),
    }


def _describe_end(code: int | None, reason: str) -> str:
    if reason == "exit":
        return _("The shell ended with code %(code)s.") % {"code": code or 0}
    words = {
        "killed": _("The shell was ended."),
        "idle": _("The terminal was closed: nobody had used it for 15 minutes."),
        "memory": _("The terminals took more than 512 MB together and were ended."),
        "workspace_closed": _("The terminal is closed, with all that ran in it."),
    }
    return words.get(reason) or _("The shell is gone.")


def lost_frame(error: Exception, *, is_retried: bool) -> dict[str, Any]:
    """Say that a terminal cannot be had, and whether it is tried again by itself."""
    code = str(getattr(error, "code", "failed"))
    return {
        "type": "lost",
        "reason": code,
        "message": _describe_loss(error, code),
        "is_retried": is_retried,
    }


def _describe_loss(error: Exception, code: str) -> str:
    words = {
        "no_terminal": _("The candidate has not opened this terminal."),
        "workspace_closed": _("The terminal is being opened again."),
        "stale_epoch": _("The terminal is being opened again."),
        "runner_lost": _(
            "The connection to the terminal was lost. It is looked for again;"
            " your files are safe."
        ),
    }
    return words.get(code) or str(getattr(error, "message", error))


def restarted_frame() -> dict[str, Any]:
    """Say what a restart of the runner took."""
    return {
        "type": "lost",
        "reason": "restart",
        "message": _(
            "The machine that runs your code was restarted. What ran in this terminal"
            " is gone; your files are safe. This is a new shell."
        ),
        "is_retried": True,
    }


def failed_frame() -> dict[str, Any]:
    """Say that something of ours failed."""
    return {
        "type": "lost",
        "reason": "failed",
        "message": _("The terminal failed for a reason of ours. It is tried again."),
        "is_retried": True,
    }


def is_passing(error: BaseException) -> bool:
    """Say whether the same may succeed a moment later."""
    if isinstance(error, RunnerUnavailable) and error.code in _PASSING:
        return True
    return not isinstance(error, InterviewError) or error.retryable
