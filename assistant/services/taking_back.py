"""Taking back what the policy applied: the old lines, where the new ones still stand."""

from collections.abc import Collection
from copy import copy
from functools import reduce
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from assistant.enums import HunkAction, HunkState
from assistant.events import EditTakenBack
from assistant.models import EditProposal, ProposalHunk
from assistant.proposals.hunks import count_inserted, move_range, put_in
from assistant.services.applying import Writing, find_document, write_changes
from assistant.services.deciding import (
    Decided,
    choose_hunks,
    decided_frame,
    editor_frames,
    find_proposal,
)
from base.clock import now, to_milliseconds
from base.text import content_hash, utf16_length, utf16_slice
from interviews.enums import Origin
from interviews.errors import InterviewError
from interviews.models import Document
from interviews.selectors.workspace import list_updates_since
from interviews.services.file_restores import bring_back_document
from interviews.services.files import FileChange, remove_rows
from interviews.services.sections import lock_workspace
from interviews.timeline.log import NewEvent, append_events, find_event
from interviews.workspace.batches import Input
from interviews.workspace.changesets import compose_changes


@transaction.atomic
def take_back(
    interview_id: UUID,
    edit_id: UUID,
    *,
    hunks: Collection[int] | None,
    client_id: str,
) -> Decided:
    """Take back parts of an edit that the policy applied, all where `hunks` is None.

    The old lines come back where the new ones still stand as they were put in, with
    the origins they had. A part that was changed since stays, with a reason; one that
    is taken back stays so, and the model is told with the next question. Raises
    UnknownProposalError, FileTooLargeError, WorkspaceFullError, or InterviewError once
    time is up.
    """
    interview = lock_workspace(interview_id)
    proposal = find_proposal(interview, edit_id)
    every = list(proposal.hunks.all())
    chosen = choose_hunks(every, hunks, HunkState.APPLIED)
    if not chosen or find_event(interview, client_id):
        return Decided(decided_frame(proposal, every, {}))
    writing = Writing(interview)
    for hunk in reversed(chosen):
        conflict = _put_back(writing, hunk)
        if conflict:
            writing.conflicts[hunk.number] = conflict
        else:
            hunk.state, hunk.decided_at = HunkState.TAKEN_BACK, now()
            hunk.told_in = None
    told = _describe(proposal, chosen, writing)
    first = NewEvent(Origin.CANDIDATE, told, client_id)
    append_events(interview, [first, *writing.events])
    fields = ["state", "decided_at", "told_in", "path"]
    ProposalHunk.objects.bulk_update(chosen, fields)
    frame = decided_frame(proposal, every, writing.conflicts)
    return Decided(frame, editor_frames(writing))


def _describe(
    proposal: EditProposal, chosen: list[ProposalHunk], writing: Writing
) -> EditTakenBack:
    return EditTakenBack(
        turn=str(proposal.turn_id),
        edit=str(proposal.pk),
        ms=to_milliseconds(now() - proposal.created_at),
        parts=[h.number for h in chosen if h.state == HunkState.TAKEN_BACK],
        conflicts=sorted(writing.conflicts),
    )


def _put_back(writing: Writing, hunk: ProposalHunk) -> str:
    """Undo one part; return why not, in words for people, where it can not be."""
    if hunk.action == HunkAction.DELETE:
        return _bring_back(writing, hunk)
    document = find_document(writing.interview, hunk, is_locked=True)
    if document is None:
        return _("%(path)s is not there any more.") % {"path": hunk.path}
    # It may have another name by now.
    hunk.path = document.path
    if hunk.action == HunkAction.CREATE:
        return _remove(writing, hunk, document)
    return _put_lines_back(writing, hunk, document)


def _bring_back(writing: Writing, hunk: ProposalHunk) -> str:
    if hunk.seq is None:
        return _("There is nothing to bring back.")
    try:
        restored = bring_back_document(writing.interview, hunk.seq)
    except InterviewError as error:
        return str(error.message)
    writing.log(restored, Origin.CANDIDATE)
    writing.changes.append(FileChange("restored", restored.path))
    return ""


def _remove(writing: Writing, hunk: ProposalHunk, document: Document) -> str:
    if document.hash != content_hash(hunk.new):
        return _(
            "%(path)s has changed since, so it was not deleted. Delete it in the file "
            "tree if you want to."
        ) % {"path": document.path}
    path = document.path
    for payload in remove_rows(writing.interview, [document]):
        writing.log(payload, Origin.CANDIDATE)
    writing.changes.append(FileChange("deleted", path, removed=[path]))
    return ""


def _put_lines_back(writing: Writing, hunk: ProposalHunk, document: Document) -> str:
    place = _find_written(writing, hunk, document)
    if place is None:
        return _(
            "The lines around line %(line)d of %(path)s have changed since, so the old "
            "ones were not put back. Nothing was written over."
        ) % {"line": hunk.line, "path": document.path}
    changes = put_in(document.text, *place, hunk.old)
    # As Undo does: what was deleted gets back the origins it had.
    undo = Input("undo", count_inserted(changes), "inside")
    write_changes(writing, document, changes, Origin.CANDIDATE, undo)
    return ""


def _find_written(
    writing: Writing, hunk: ProposalHunk, document: Document
) -> tuple[int, int] | None:
    """Return where the lines that were put in stand now; None where they changed."""
    place = hunk.put_start, hunk.put_start + utf16_length(hunk.new)
    unlogged = writing.unlogged.get(document.pk, [])
    logged = copy(document)
    logged.version -= len(unlogged)
    updates = list_updates_since(logged, hunk.put_version)
    changes: list[Any] = [*(update["changes"] for update in updates), *unlogged]
    if changes:
        moved = move_range(reduce(compose_changes, changes), *place)
        if moved is None:
            return None
        place = moved
    return place if utf16_slice(document.text, *place) == hunk.new else None
