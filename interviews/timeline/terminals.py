"""The kinds of events that keep a terminal: its shells, what they showed, their sizes."""

from typing import ClassVar

from interviews.timeline.registry import Payload, register_kind


@register_kind
class TerminalStarted(Payload):
    """A shell began in a terminal; `generation` is the runner's process."""

    kind: ClassVar[str] = "terminal.started"
    name: str
    rows: int
    cols: int
    generation: str


@register_kind
class TerminalOutput(Payload):
    """Up to a second of what a shell showed.

    `offset` counts the shell's bytes before `data`, which are `size` bytes in chunks
    (interviews.terminals), with milliseconds from `started_ms` on; `started_ms` counts
    from the shell's start. `cut` bytes before `offset` are not kept.
    """

    kind: ClassVar[str] = "terminal.output"
    name: str
    offset: int
    started_ms: int
    data: str
    size: int
    cut: int = 0


@register_kind
class TerminalResized(Payload):
    """The window of a terminal got another size."""

    kind: ClassVar[str] = "terminal.resized"
    name: str
    rows: int
    cols: int


@register_kind
class TerminalEnded(Payload):
    """A shell ended.

    `reason` is exit, killed, idle, memory, workspace_closed, or restart where the
    runner's process went and took it along.
    """

    kind: ClassVar[str] = "terminal.ended"
    name: str
    code: int | None
    reason: str


@register_kind
class TerminalRecordingFull(Payload):
    """From here on, output of terminals is not kept: the interview's limit is reached."""

    kind: ClassVar[str] = "terminal.recording_full"
    kept_bytes: int
