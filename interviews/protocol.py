"""Frames of the workspace socket; described in docs/protocol.md."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
)

from interviews.enums import Origin
from interviews.models import Run
from interviews.selectors.workspace import (
    Clock,
    DocumentEntry,
    FileTree,
    OtherFile,
    mark_origin,
)
from interviews.workspace.batches import Input, Update
from interviews.workspace.changes import clean_text

PROTOCOL = 1
# What one document.updates frame carries at most; more goes into several.
MAX_UPDATES_CHARS = 400_000
MAX_COMMAND_CHARS = 2_000
# A paste is never larger than a file.
MAX_INPUT_UNITS = 1_000_000
# What a browser may say of its own tests; interviews.reports keeps no more either.
MAX_TESTS = 1_000
# Cursors and selections of one writer at once.
MAX_CURSORS = 16

Frame = dict[str, Any]


def workspace_group(interview_id: UUID | str) -> str:
    """Return the layer group of the workspace sockets of one interview."""
    return f"workspace.{interview_id}"


def _clean(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


FrameId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Path = Annotated[str, BeforeValidator(_clean), Field(min_length=1, max_length=1000)]
Text = Annotated[str, BeforeValidator(_clean)]
Version = Annotated[int, Field(ge=0, strict=True)]
Offset = Annotated[int, Field(ge=0, strict=True)]
# What goes on to the other windows must fit every channel layer.
Place = Annotated[int, Field(ge=0, lt=2**31, strict=True)]
# Which file of this name is meant; one may go and another come.
DocumentNumber = Annotated[int | None, Field(ge=0, strict=True)]


class _ClientFrame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class DocumentOpen(_ClientFrame):
    """Give me this document as it is."""

    type: Literal["document.open"]
    id: FrameId
    path: Path


class DocumentCatchUp(_ClientFrame):
    """What was done to this document since this version?"""

    type: Literal["document.catch_up"]
    id: FrameId
    path: Path
    document: DocumentNumber = None
    version: Version


class InputItem(_ClientFrame):
    """How text that was not typed came in; what a page says is a claim."""

    kind: Literal["paste", "drop", "move", "undo"]
    size: Annotated[int, Field(ge=0, le=MAX_INPUT_UNITS, strict=True)]
    source: Literal["inside", "outside"]


class UpdateItem(_ClientFrame):
    """One change set of an editor; `interviews.workspace.changes` checks it."""

    client: Annotated[str, Field(min_length=1, max_length=64)]
    changes: list[Any]
    input: InputItem | None = None

    def as_update(self) -> Update:
        """Return what the services take."""
        told = self.input
        return Update(
            self.client,
            self.changes,
            None if told is None else Input(told.kind, told.size, told.source),
        )


class DocumentUpdate(_ClientFrame):
    """Store these updates, made for this version."""

    type: Literal["document.update"]
    id: FrameId
    path: Path
    document: DocumentNumber = None
    version: Version
    updates: Annotated[list[UpdateItem], Field(min_length=1, max_length=2000)]


class DocumentApply(_ClientFrame):
    """Put a code block of an answer into this document."""

    type: Literal["document.apply"]
    id: FrameId
    path: Path
    version: Version
    mode: Literal["replace", "append", "insert"]
    line: Annotated[int, Field(ge=1, strict=True)] | None = None
    text: Text
    turn: Annotated[str, Field(min_length=1, max_length=64)]
    block: Annotated[int, Field(ge=0, strict=True)]


class FileCreate(_ClientFrame):
    """Create a file."""

    type: Literal["file.create"]
    id: FrameId
    path: Path
    text: Text = ""


class FileRename(_ClientFrame):
    """Give a file, or a folder, another path."""

    type: Literal["file.rename"]
    id: FrameId
    path: Path
    to: Path


class FileDelete(_ClientFrame):
    """Delete a file, or a folder with all in it."""

    type: Literal["file.delete"]
    id: FrameId
    path: Path


class FileRestore(_ClientFrame):
    """Bring back what a file.delete with this id took."""

    type: Literal["file.restore"]
    id: FrameId
    deletion: FrameId


class RunStart(_ClientFrame):
    """Run the visible tests of a section, one of its files, or a line of shell."""

    type: Literal["run.start"]
    id: FrameId
    section: Annotated[str, BeforeValidator(_clean), Field(max_length=60)]
    kind: Literal["tests", "file", "command"]
    path: Path | None = None
    command: Annotated[Text, Field(max_length=MAX_COMMAND_CHARS)] = ""
    env: Annotated[dict[str, Text], Field(max_length=50)] = {}


class RunStop(_ClientFrame):
    """Stop a run."""

    type: Literal["run.stop"]
    id: FrameId | None = None
    run: UUID


class RunResume(_ClientFrame):
    """Send me this run from an offset on."""

    type: Literal["run.resume"]
    id: FrameId | None = None
    run: UUID
    offset: Offset


class RunInBrowser(_ClientFrame):
    """The candidate's browser ran the tests by itself; what it found is a claim."""

    type: Literal["run.in_browser"]
    id: FrameId
    section: Annotated[str, BeforeValidator(_clean), Field(max_length=60)]
    passed: Annotated[int, Field(ge=0, le=MAX_TESTS, strict=True)]
    failed: Annotated[int, Field(ge=0, le=MAX_TESTS, strict=True)]


class SectionOpen(_ClientFrame):
    """The candidate turned to another problem."""

    type: Literal["section.open"]
    id: FrameId
    section: Annotated[str, BeforeValidator(_clean), Field(max_length=60)]


class LintAsk(_ClientFrame):
    """Look this file over for mistakes; `version` is the one the page shows."""

    type: Literal["lint.ask"]
    id: FrameId
    path: Path
    version: Version


class PresenceTake(_ClientFrame):
    """Let this window write."""

    type: Literal["presence.take"]
    id: FrameId | None = None


class PresenceCursor(_ClientFrame):
    """Where the writer of this window is: [anchor, head] pairs in this version."""

    type: Literal["presence.cursor"]
    path: Path | None = None
    version: Place = 0
    ranges: Annotated[list[tuple[Place, Place]], Field(max_length=MAX_CURSORS)] = []


class PresenceFact(_ClientFrame):
    """Something the page saw of itself, at this moment of the interview's clock.

    `interviews.services.facts` checks the details.
    """

    type: Literal["presence.fact"]
    id: FrameId
    t_ms: Place
    fact: Annotated[str, Field(max_length=40)]
    details: dict[str, Any] = {}


class Ping(_ClientFrame):
    """Is the server there?"""

    type: Literal["ping"]
    t: int | float | None = None


class Pong(_ClientFrame):
    """The page is there; `t` is the one of our ping."""

    type: Literal["pong"]
    t: int | float | None = None


ClientFrame = (
    DocumentOpen
    | DocumentCatchUp
    | DocumentUpdate
    | DocumentApply
    | FileCreate
    | FileRename
    | FileDelete
    | FileRestore
    | RunStart
    | RunStop
    | RunResume
    | RunInBrowser
    | SectionOpen
    | LintAsk
    | PresenceTake
    | PresenceCursor
    | PresenceFact
    | Ping
    | Pong
)
client_frames: TypeAdapter[Any] = TypeAdapter(
    Annotated[ClientFrame, Field(discriminator="type")]
)


def iso(at: datetime | None) -> str | None:
    """Return a time as the frames carry it."""
    return None if at is None else at.isoformat()


def clock_fields(clock: Clock) -> Frame:
    """Return what `hello` and `clock` say about the time."""
    return {"remaining_ms": clock.remaining_ms, "ends_at": iso(clock.ends_at)}


def tree_fields(tree: FileTree) -> Frame:
    """Return the file tree, as `hello` and `file.changed` carry it."""
    return {
        "documents": document_fields(tree.documents),
        "files": [other_file_fields(entry) for entry in tree.others],
        "unlisted": tree.unlisted,
    }


def other_file_fields(entry: OtherFile) -> Frame:
    """Return a line of the tree for a file that is no document."""
    return {
        "path": entry.path,
        "kind": entry.kind,
        "size": entry.size,
        "hash": entry.hash if entry.is_kept else "",
    }


def document_fields(documents: Iterable[DocumentEntry]) -> list[Frame]:
    """Return the documents of the file tree."""
    return [
        {
            "document": entry.document,
            "path": entry.path,
            "version": entry.version,
            "hash": entry.hash,
            "size": entry.size,
        }
        for entry in documents
    ]


def updates_frame(
    path: str,
    first: int,
    updates: Iterable[Update],
    *,
    origin: str = Origin.CANDIDATE,
) -> Frame:
    """Return the frame with one writer's updates that begin at version `first`."""
    return {
        "type": "document.updates",
        "path": path,
        "version": first,
        "updates": [mark_origin(update.as_json(), origin) for update in updates],
    }


def split_updates(
    path: str, first: int, updates: Iterable[Mapping[str, object]]
) -> list[Frame]:
    """Return as many document.updates frames as the updates need, in order."""
    frames: list[Frame] = []
    size = MAX_UPDATES_CHARS
    for number, update in enumerate(updates):
        length = len(json.dumps(update))
        if size + length > MAX_UPDATES_CHARS:
            frames.append(updates_frame(path, first + number, []))
            size = 0
        frames[-1]["updates"].append(update)
        size += length
    return frames


def run_finished_frame(run: Run) -> Frame:
    """Return how a run ended; an interrupted one counts as failed."""
    return {
        "type": "run.finished",
        "run": str(run.pk),
        "exit_code": run.exit_code,
        "reason": run.reason,
        "duration_ms": run.duration_ms,
        "peak_memory_bytes": run.peak_memory_bytes,
        "tests": run.tests,
        "truncated": run.is_truncated,
        "message": run.message,
    }
