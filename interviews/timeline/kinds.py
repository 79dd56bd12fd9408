"""The kinds of events this app writes; upper apps register their own `events.py`."""

from typing import Any, ClassVar

from pydantic import JsonValue

from interviews.timeline.registry import Payload, register_kind


@register_kind
class StateChanged(Payload):
    """The interview went from one state to another."""

    kind: ClassVar[str] = "interview.state_changed"
    before: str
    after: str
    reason: str = ""
    actor: int | None = None


@register_kind
class ClockChanged(Payload):
    """The ledger of time got a line."""

    kind: ClassVar[str] = "clock.changed"
    entry: str
    seconds: int
    ends_at: str
    reason: str = ""
    actor: int | None = None


@register_kind
class ConsentGiven(Payload):
    """The candidate agreed to a version of the consent text."""

    kind: ClassVar[str] = "consent.given"
    consent_version: str
    language: str


@register_kind
class DeviceChecked(Payload):
    """The device check ended; each part is ok or a stable code of what failed."""

    kind: ClassVar[str] = "device.checked"
    camera: str
    microphone: str
    socket: str
    upload: str


@register_kind
class ProblemReported(Payload):
    """The candidate said that something is wrong."""

    kind: ClassVar[str] = "problem.reported"
    report: int
    page: str


@register_kind
class SectionOpened(Payload):
    """The candidate turned to a section."""

    kind: ClassVar[str] = "section.opened"
    section: int


@register_kind
class DocumentUpdated(Payload):
    """Updates of one document, as CodeMirror ChangeSets in JSON."""

    kind: ClassVar[str] = "document.updated"
    path: str
    version: int
    updates: list[dict[str, Any]]
    hash: str


@register_kind
class DocumentUpdatedV2(DocumentUpdated):
    """The same, where an update that was not typed says so under `input`."""

    payload_version: ClassVar[int] = 2


@register_kind
class DocumentApplied(Payload):
    """An answer's code block was put into a document by the candidate."""

    kind: ClassVar[str] = "document.applied"
    path: str
    version: int
    mode: str
    turn: str
    block: int
    changes: JsonValue
    hash: str


@register_kind
class FileCreated(Payload):
    """A file came to be; `source` says from what (starter, candidate)."""

    kind: ClassVar[str] = "file.created"
    path: str
    text: str
    hash: str
    source: str = "candidate"


@register_kind
class FileRenamed(Payload):
    """A file got another path."""

    kind: ClassVar[str] = "file.renamed"
    path: str
    to: str


@register_kind
class FileDeleted(Payload):
    """A file went; its last content is kept under `hash`."""

    kind: ClassVar[str] = "file.deleted"
    path: str
    hash: str


@register_kind
class RunStarted(Payload):
    """Something was run on exactly these contents."""

    kind: ClassVar[str] = "run.started"
    run: str
    run_kind: str
    section: int
    argv: list[str]
    files: dict[str, str]


@register_kind
class RunOutput(Payload):
    """Up to a second of output; `marks` are [milliseconds into the block, offset]."""

    kind: ClassVar[str] = "run.output"
    run: str
    offset: int
    stream: str
    text: str
    marks: list[list[int]] = []


@register_kind
class RunFinished(Payload):
    """A run ended."""

    kind: ClassVar[str] = "run.finished"
    run: str
    exit_code: int | None
    reason: str
    duration_ms: int | None
    passed: int | None = None
    failed: int | None = None


@register_kind
class ScorecardCreated(Payload):
    """A scorecard was written."""

    kind: ClassVar[str] = "scorecard.created"
    scorecard: int
    number: int


@register_kind
class ReviewRecorded(Payload):
    """A person decided."""

    kind: ClassVar[str] = "review.recorded"
    review: int
    decision: str
