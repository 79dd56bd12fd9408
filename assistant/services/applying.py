"""Accepted parts of a proposed edit, put into the workspace.

The assistant's words are its own in the record; what the candidate changed in them
first follows as the candidate's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from assistant.enums import HunkAction
from assistant.models import ProposalHunk
from assistant.proposals.hunks import count_inserted, locate, put_in
from base.text import utf16_length
from interviews.enums import Origin
from interviews.models import Document, Interview
from interviews.selectors.sections import list_folders
from interviews.selectors.workspace import list_updates_since
from interviews.services.documents import Stored, change_document, create_document
from interviews.services.files import FileChange, list_paths, remove_rows
from interviews.services.space import check_entries
from interviews.timeline.kinds import DocumentUpdatedV2, FileCreated
from interviews.timeline.log import NewEvent
from interviews.timeline.registry import Payload
from interviews.workspace.batches import Input, Update
from interviews.workspace.changes import Changes
from interviews.workspace.changesets import compose_changes
from interviews.workspace.errors import BadPathError, PathTakenError
from interviews.workspace.merging import split_changes
from interviews.workspace.paths import check_free, check_path

ASSISTANT_CLIENT = "assistant"
# The editor of what the candidate changed before accepting.
CANDIDATE_CLIENT = "candidate"


@dataclass
class Writing:
    """What accepting came to: rows are changed, the events are still to be logged.

    By part, `placed` says which of `events` put the assistant's text in, `conflicts`
    why it was not. `since` has what was done to a document since the proposal,
    `unlogged` what was done to it here.
    """

    interview: Interview
    stored: list[Stored] = field(default_factory=list)
    changes: list[FileChange] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    placed: dict[int, int] = field(default_factory=dict)
    conflicts: dict[int, str] = field(default_factory=dict)
    since: dict[int, Changes] = field(default_factory=dict)
    unlogged: dict[int, list[Changes]] = field(default_factory=dict)

    def log(self, payload: Payload, origin: Origin) -> None:
        """Add an event, for the caller to append."""
        self.events.append(NewEvent(origin, payload))


def write_part(writing: Writing, hunk: ProposalHunk, text: str) -> bool:
    """Put one part in, as `text` where the candidate changed it; False in a conflict.

    The caller holds the workspace's lock. Raises FileTooLargeError or
    WorkspaceFullError, and then everything has to be rolled back.
    """
    if hunk.action == HunkAction.CREATE:
        conflict = _create(writing, hunk, text)
    else:
        conflict = _change(writing, hunk, text)
    if conflict:
        writing.conflicts[hunk.number] = conflict
    return not conflict


def _create(writing: Writing, hunk: ProposalHunk, text: str) -> str:
    interview = writing.interview
    taken = list_paths(interview)
    try:
        check_path(hunk.path, folders=list_folders(interview))
        check_free(hunk.path, taken=taken)
    except (BadPathError, PathTakenError) as error:
        return str(error.message)
    check_entries([*taken, hunk.path], before=taken)
    document = create_document(interview, path=hunk.path, text=hunk.new)
    hunk.document = document.pk
    writing.placed[hunk.number] = len(writing.events)
    hunk.units = utf16_length(hunk.new)
    writing.log(
        FileCreated(
            path=hunk.path, text=hunk.new, hash=document.hash, source="assistant"
        ),
        Origin.ASSISTANT,
    )
    writing.changes.append(FileChange("created", hunk.path))
    if text != hunk.new:
        length = utf16_length(hunk.new)
        again = put_in(hunk.new, 0, length, text)
        write_changes(writing, document, again, Origin.CANDIDATE)
    return ""


def _change(writing: Writing, hunk: ProposalHunk, text: str) -> str:
    document = find_document(writing.interview, hunk, is_locked=True)
    if document is None:
        return _("%(path)s is not there any more.") % {"path": hunk.path}
    # It may have another name by now.
    hunk.path = document.path
    if hunk.action == HunkAction.DELETE:
        return _delete(writing, hunk, document)
    place = _find_place(writing, hunk, document)
    if place is None:
        return _(
            "The lines around line %(line)d of %(path)s have changed since, so this "
            "part does not fit any more. Nothing was written over."
        ) % {"line": hunk.line, "path": hunk.path}
    changes = put_in(document.text, *place, hunk.new)
    hunk.units = count_inserted(changes)
    writing.placed[hunk.number] = len(writing.events)
    write_changes(writing, document, changes, Origin.ASSISTANT)
    hunk.put_start, hunk.put_version = place[0], document.version
    if text != hunk.new:
        end = place[0] + utf16_length(hunk.new)
        again = put_in(document.text, place[0], end, text)
        write_changes(writing, document, again, Origin.CANDIDATE)
    return ""


def find_document(
    interview: Interview, hunk: ProposalHunk, *, is_locked: bool = False
) -> Document | None:
    """Return the document of a part, whatever its name is now; None once it is gone."""
    if hunk.document is None:
        return None
    rows = interview.documents.filter(pk=hunk.document)
    return (rows.select_for_update() if is_locked else rows).first()


def _delete(writing: Writing, hunk: ProposalHunk, document: Document) -> str:
    if document.hash != hunk.base_hash:
        return _(
            "%(path)s has changed since, so it was not deleted. Delete it in the file "
            "tree if you want to."
        ) % {"path": document.path}
    writing.placed[hunk.number] = len(writing.events)
    for payload in remove_rows(writing.interview, [document]):
        writing.log(payload, Origin.ASSISTANT)
    writing.changes.append(
        FileChange("deleted", document.path, removed=[document.path])
    )
    return ""


def _find_place(
    writing: Writing, hunk: ProposalHunk, document: Document
) -> tuple[int, int] | None:
    kept = writing.interview.document_versions
    base = kept.get(hash=hunk.base_hash).text
    if document.pk not in writing.since:
        since = _changes_since(document, hunk.base_version, base)
        writing.since[document.pk] = since
    return locate(
        hunk.old,
        hunk.start,
        hunk.end,
        base=base,
        changes=writing.since[document.pk],
        text=document.text,
    )


def find_hunks(
    interview: Interview, hunks: Sequence[ProposalHunk]
) -> dict[int, dict[str, int] | None]:
    """Return where undecided parts of documents stand now, in which version, by key.

    None where its lines have changed, or the document is gone. However many parts
    there are, the history of each document is read once.
    """
    found = interview.documents.in_bulk({hunk.document for hunk in hunks} - {None})
    kept = interview.document_versions.filter(
        hash__in={hunk.base_hash for hunk in hunks}
    )
    bases = dict(kept.values_list("hash", "text"))
    of_document: dict[int, list[ProposalHunk]] = {pk: [] for pk in found}
    for hunk in hunks:
        of_document.get(hunk.document or 0, []).append(hunk)
    places: dict[int, dict[str, int] | None] = {hunk.pk: None for hunk in hunks}
    for pk, parts in of_document.items():
        places |= _find_in(found[pk], parts, bases)
    return places


def _find_in(
    document: Document, hunks: Sequence[ProposalHunk], bases: Mapping[str, str]
) -> dict[int, dict[str, int] | None]:
    """Return where parts of one document stand; `bases` are texts by their hashes."""
    updates = list_updates_since(document, min(hunk.base_version for hunk in hunks))
    since: dict[int, Changes] = {}
    places: dict[int, dict[str, int] | None] = {}
    for hunk in hunks:
        base, version = bases[hunk.base_hash], hunk.base_version
        if version not in since:
            first = len(updates) - max(document.version - version, 0)
            since[version] = _compose(base, updates[first:])
        place = locate(
            hunk.old,
            hunk.start,
            hunk.end,
            base=base,
            changes=since[version],
            text=document.text,
        )
        places[hunk.pk] = place and {"version": document.version, "start": place[0]}
    return places


def _changes_since(document: Document, version: int, base: str) -> Changes:
    return _compose(base, list_updates_since(document, version))


def _compose(base: str, updates: Sequence[Mapping[str, Any]]) -> Changes:
    length = utf16_length(base)
    changes: Changes = [length] if length else []
    for update in updates:
        changes = compose_changes(changes, update["changes"])
    return changes


def write_changes(
    writing: Writing,
    document: Document,
    changes: Changes,
    origin: Origin,
    told: Input | None = None,
) -> None:
    """Change a document and say so in the writing; `told` is how the text came in.

    Raises FileTooLargeError or WorkspaceFullError.
    """
    client = ASSISTANT_CLIENT if origin == Origin.ASSISTANT else CANDIDATE_CLIENT
    updates = [Update(client, part, told) for part in split_changes(changes)]
    if not updates:
        return
    stored = change_document(document, updates)
    writing.stored.append(stored)
    unlogged = writing.unlogged.setdefault(document.pk, [])
    unlogged.extend(update.changes for update in stored.updates)
    if document.pk in writing.since:
        # What is not logged yet is not found by the next part.
        since = writing.since[document.pk]
        writing.since[document.pk] = compose_changes(since, changes)
    writing.log(
        DocumentUpdatedV2(
            path=document.path,
            version=document.version,
            updates=[update.as_json() for update in stored.updates],
            hash=document.hash,
        ),
        origin,
    )
