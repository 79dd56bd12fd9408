"""Who wrote what: runs of a file at a moment, shares of an interview.

Computed from the timeline on each call; nothing is stored beside it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from base.text import utf16_length
from interviews.enums import Origin, TextOrigin
from interviews.models import Event, Interview
from interviews.timeline.kinds import (
    DocumentApplied,
    DocumentUpdated,
    DocumentUpdatedV2,
    FileCreated,
    FileDeleted,
    FileRenamed,
    FileRestored,
)
from interviews.timeline.registry import parse_payload
from interviews.workspace.batches import SERVER_CLIENT
from interviews.workspace.errors import MissingError
from interviews.workspace.origins import TextOrigins, TextRun, origin_of_input

_KINDS = [
    payload.kind
    for payload in (
        DocumentApplied,
        DocumentUpdated,
        FileCreated,
        FileDeleted,
        FileRenamed,
        FileRestored,
    )
]
_WRITERS = {
    Origin.ASSISTANT: TextOrigin.ASSISTANT,
    Origin.INTERVIEWER: TextOrigin.INTERVIEWER,
    Origin.SYSTEM: TextOrigin.COMMAND,
}
_SOURCES = {
    "starter": TextOrigin.STARTER,
    "command": TextOrigin.COMMAND,
    "assistant": TextOrigin.ASSISTANT,
}


@dataclass(frozen=True)
class OriginShare:
    """How much of the text there is came from one origin."""

    origin: TextOrigin
    units: int
    total: int

    @property
    def percent(self) -> float:
        """The share of all text, from 0 to 100."""
        return 100 * self.units / self.total


def read_text_runs(
    interview: Interview, path: str, *, until: int | None = None
) -> tuple[TextRun, ...]:
    """Return the runs of a file as it was after the event `until`, or as it is.

    They cover the text exactly, in UTF-16 code units. Raises MissingError where
    there was no such file at that moment.
    """
    found = read_origins(interview, until=until).get(path)
    if found is None:
        raise MissingError(_("There is no such file (any more)."))
    return found.runs


def read_origin_shares(
    interview: Interview, *, until: int | None = None
) -> list[OriginShare]:
    """Return the shares of all files together, the largest first; none without text.

    What was written and deleted again does not count.
    """
    return count_shares(read_origins(interview, until=until).values())


def count_shares(texts: Iterable[TextOrigins]) -> list[OriginShare]:
    """Return the shares of these texts together, the largest first."""
    units: Counter[TextOrigin] = Counter()
    for origins in texts:
        for run in origins.runs:
            units[run.origin] += run.length
    total = units.total()
    return [OriginShare(origin, count, total) for origin, count in units.most_common()]


def read_origins(
    interview: Interview, *, until: int | None = None
) -> dict[str, TextOrigins]:
    """Return the origins of every file there is, or was after `until`, by path."""
    events = interview.events.filter(kind__in=_KINDS).order_by("seq")
    if until is not None:
        events = events.filter(seq__lte=until)
    files: dict[str, TextOrigins] = {}
    deleted: dict[int, TextOrigins] = {}
    for event in events.iterator(chunk_size=500):
        _take(files, deleted, event)
    return files


def _take(
    files: dict[str, TextOrigins], deleted: dict[int, TextOrigins], event: Event
) -> None:
    match parse_payload(event):
        case FileCreated(path=path, text=text, source=source):
            # A file that comes with its text was brought along.
            origin = _SOURCES.get(source, TextOrigin.PASTED_OUTSIDE)
            files[path] = TextOrigins(text, origin, event.seq)
        case FileRenamed(path=path, to=to):
            files[to] = files.pop(path)
        case FileDeleted(path=path):
            deleted[event.seq] = files.pop(path)
        case FileRestored(path=path, deletion=deletion):
            files[path] = deleted.pop(deletion)
        case DocumentApplied(path=path, changes=changes):
            files[path].change(changes, origin=TextOrigin.ASSISTANT, event=event.seq)
        case DocumentUpdated() as payload:
            for update in payload.updates:
                if not _is_mend(update):
                    origin = _origin_of(event, payload, update)
                    files[payload.path].change(
                        update["changes"],
                        origin=origin,
                        event=event.seq,
                        is_undo=_is_undo(update),
                    )


def _origin_of(
    event: Event, payload: DocumentUpdated, update: Mapping[str, Any]
) -> TextOrigin:
    writer = _WRITERS.get(Origin(event.origin))
    if writer is not None:
        return writer
    # Before version 2 a page did not say what was pasted.
    if not isinstance(payload, DocumentUpdatedV2):
        return TextOrigin.UNKNOWN
    return origin_of_input(update.get("input"))


def _is_undo(update: Mapping[str, Any]) -> bool:
    told = update.get("input")
    return told is not None and told["kind"] == "undo"


def _is_mend(update: Mapping[str, Any]) -> bool:
    """Say whether the server wrote characters over, one by one; origins stay then."""
    return update["client"] == SERVER_CLIENT and all(
        isinstance(part, int) or part[0] == utf16_length("\n".join(part[1:]))
        for part in update["changes"]
    )
