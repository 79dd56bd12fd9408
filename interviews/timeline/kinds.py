"""The kinds of events this app writes; upper apps register their own `events.py`."""

from typing import Any, ClassVar, Literal

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
class ClockChangedV2(ClockChanged):
    """The same; `cause` says for which fault of ours time was given back."""

    payload_version: ClassVar[int] = 2
    cause: str = ""


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
class DocumentUpdatedV3(DocumentUpdatedV2):
    """The same by an interviewer: `actor` is the member who typed."""

    payload_version: ClassVar[int] = 3
    actor: int


@register_kind
class DocumentLate(Payload):
    """Work that arrived so many seconds after the end.

    Applied, its updates are the event before. Otherwise they are here, made for
    `version` of the document, and `hash` is the text they would have made, if any.
    """

    kind: ClassVar[str] = "document.late"
    path: str
    version: int
    seconds: int
    is_applied: bool = False
    updates: list[dict[str, Any]] = []
    hash: str = ""


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
    """A file came to be; `source` says from what.

    It is starter, candidate, upload, command, or assistant for an accepted proposal.
    """

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
class FileDeletedV2(FileDeleted):
    """The same, with what it takes to bring the document back with its history."""

    payload_version: ClassVar[int] = 2
    document: int
    version: int
    interviewer: list[list[int]] = []


@register_kind
class FileRestored(Payload):
    """A deleted file came back as it was; `deletion` is the number of that event."""

    kind: ClassVar[str] = "file.restored"
    path: str
    hash: str
    deletion: int


@register_kind
class OtherFileKept(Payload):
    """A file that is no document came or got other content, kept as `content`."""

    kind: ClassVar[str] = "other_file.kept"
    path: str
    file_kind: str
    size: int
    hash: str
    content: str
    source: str


@register_kind
class OtherFileRenamed(Payload):
    """A file that is no document got another path."""

    kind: ClassVar[str] = "other_file.renamed"
    path: str
    to: str


@register_kind
class OtherFileDropped(Payload):
    """A file that is no document went; `content` is kept while it can be undone."""

    kind: ClassVar[str] = "other_file.dropped"
    path: str
    file_kind: str
    size: int
    hash: str
    content: str
    made_by: str


@register_kind
class OtherFileRestored(Payload):
    """A deleted file that is no document came back."""

    kind: ClassVar[str] = "other_file.restored"
    path: str
    deletion: int


@register_kind
class FolderRenamed(Payload):
    """A folder got another path; the next `count` events are its files'."""

    kind: ClassVar[str] = "folder.renamed"
    path: str
    to: str
    count: int


@register_kind
class FolderDeleted(Payload):
    """A folder went; the next `count` events are its files'."""

    kind: ClassVar[str] = "folder.deleted"
    path: str
    count: int


@register_kind
class FolderRestored(Payload):
    """A deleted folder came back; the next `count` events are its files'."""

    kind: ClassVar[str] = "folder.restored"
    path: str
    count: int
    deletion: int


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
class RunStartedV2(RunStarted):
    """The same; `env` are the variables the candidate set for it."""

    payload_version: ClassVar[int] = 2
    env: dict[str, str] = {}


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
class InterviewerJoined(Payload):
    """A member began to watch; written once for each of them."""

    kind: ClassVar[str] = "interviewer.joined"
    actor: int
    name: str


@register_kind
class RunInBrowser(Payload):
    """A candidate's own browser says it ran the tests: a claim, never evidence."""

    kind: ClassVar[str] = "run.in_browser"
    section: int
    passed: int
    failed: int
    is_verified: Literal[False] = False


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
