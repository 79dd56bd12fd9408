"""Edits the assistant proposes: checked, kept, shown; applied where the policy says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from assistant.enums import HunkAction, HunkState
from assistant.events import EditProposed
from assistant.models import EditProposal, ProposalHunk, Turn
from assistant.policies.rules import rules_of
from assistant.proposals.edits import EditError, FileEdit, read_edits
from assistant.proposals.hunks import (
    clean,
    count_lines,
    place_edits,
    replace_all,
    split_change,
    split_hunks,
)
from assistant.services.deciding import apply_by_policy
from assistant.services.proposal_frames import conflict_fields, proposal_frame
from assistant.tools.base import ToolContext, ToolOutcome
from base.text import shorten
from interviews.enums import Origin, Policy
from interviews.errors import InterviewError
from interviews.models import Document, Interview
from interviews.selectors.sections import list_folders
from interviews.services.documents import keep_contents
from interviews.services.files import list_paths
from interviews.services.sections import lock_workspace
from interviews.timeline.log import append_event
from interviews.workspace.errors import BadPathError, PathTakenError
from interviews.workspace.paths import check_free, check_path

SUMMARY_CHARS = 300
MOST_UNDECIDED = 100
_POLICIES = (Policy.PAIR, Policy.AGENT)
_BY_POLICY = (HunkState.APPLIED, HunkState.TAKEN_BACK)


@dataclass(frozen=True)
class _Room:
    """The workspace an edit is checked against, read once."""

    documents: Mapping[str, Document]
    folders: Sequence[str]
    paths: Sequence[str]


@dataclass(frozen=True)
class _Kept:
    """A proposal that is stored; why parts the policy applies were not, by number."""

    proposal: EditProposal
    conflicts: Mapping[int, str] = field(default_factory=dict)


def propose_edit(
    context: ToolContext, edits: Sequence[Any], summary: str
) -> ToolOutcome:
    """Keep an edit for the candidate to decide; the model is told "undecided".

    Where the policy applies edits, it is written at once, and the model is told so;
    what could not be written is left to the candidate.

    `edits` are objects of `path` and one of `hunks` (each `old_text`, `new_text`,
    perhaps `line`), `text` or `delete`. They are checked against the documents as they
    are stored now. The same call again gives the same outcome.
    """
    known = _find_known(context)
    if known is not None:
        return _tell(_Kept(known), context)
    if context.policy not in _POLICIES:
        return _refuse("Edits can not be proposed in this interview.")
    try:
        return _tell(_store(context, read_edits(edits), summary), context)
    except (EditError, InterviewError) as error:
        return _refuse(str(error))


def _find_known(context: ToolContext) -> EditProposal | None:
    return EditProposal.objects.filter(
        turn=context.turn_id, call_id=context.call_key
    ).first()


def _refuse(reason: str) -> ToolOutcome:
    return ToolOutcome(f"Nothing was proposed. {reason}", is_error=True)


@transaction.atomic
def _store(context: ToolContext, files: Sequence[FileEdit], summary: str) -> _Kept:
    interview = lock_workspace(context.interview_id)
    undecided = ProposalHunk.objects.filter(
        proposal__turn__conversation=context.conversation_id,
        state=HunkState.UNDECIDED,
    )
    if undecided.count() >= MOST_UNDECIDED:
        raise EditError("The candidate has too much to decide already. Wait.")
    room = _read_room(interview)
    hunks = [hunk for file in files for hunk in _plan_file(room, file)]
    proposal = EditProposal.objects.create(
        turn=Turn.objects.get(pk=context.turn_id),
        call_id=context.call_key,
        summary=shorten(clean(summary).strip(), SUMMARY_CHARS),
        is_parking=context.policy == Policy.AGENT,
    )
    for number, hunk in enumerate(hunks):
        hunk.proposal, hunk.number = proposal, number
    ProposalHunk.objects.bulk_create(hunks)
    keep_contents(interview, [h.path for h in hunks if h.document is not None])
    append_event(
        interview,
        EditProposed(
            turn=str(proposal.turn_id),
            edit=str(proposal.pk),
            summary=proposal.summary,
            parts=[_event_part(hunk) for hunk in hunks],
        ),
        origin=Origin.ASSISTANT,
    )
    if context.policy == Policy.AGENT and rules_of(interview).applies_edits:
        return _Kept(proposal, apply_by_policy(interview, proposal, hunks))
    return _Kept(proposal)


def _read_room(interview: Interview) -> _Room:
    return _Room(
        documents={document.path: document for document in interview.documents.all()},
        folders=list_folders(interview),
        paths=list_paths(interview),
    )


def _plan_file(room: _Room, file: FileEdit) -> list[ProposalHunk]:
    """Return the parts of one file's edit. Raises EditError with words for the model."""
    document = room.documents.get(file.path)
    if document is None:
        return [_plan_new(room, file)]
    if file.delete:
        return [_hunk(document, HunkAction.DELETE, old=document.text)]
    if file.text is not None:
        text = clean(file.text)
        parts = split_change(document.text, text)
    else:
        hunks = place_edits(file.path, document.text, file.hunks or ())
        text = replace_all(document.text, hunks)
        parts = split_hunks(document.text, hunks)
    _check_size(file.path, text)
    if not parts:
        raise EditError(f"{file.path} reads like that already.")
    return [_hunk(document, HunkAction.CHANGE, **vars(part)) for part in parts]


def _plan_new(room: _Room, file: FileEdit) -> ProposalHunk:
    if file.text is None:
        names = ", ".join(sorted(room.documents)[:20])
        raise EditError(f"There is no file {file.path} to edit. There are: {names}.")
    text = clean(file.text)
    _check_size(file.path, text)
    try:
        path = check_path(file.path, folders=room.folders)
        check_free(path, taken=room.paths)
    except (BadPathError, PathTakenError) as error:
        raise EditError(f"{file.path}: {error}") from None
    return ProposalHunk(path=path, action=HunkAction.CREATE, new=text)


def _check_size(path: str, text: str) -> None:
    most = settings.LIMITS["file_bytes"]
    if len(text.encode()) > most:
        raise EditError(f"{path} would be too large: at most {most} bytes.")


def _hunk(document: Document, action: HunkAction, **fields: Any) -> ProposalHunk:
    return ProposalHunk(
        path=document.path,
        action=action,
        document=document.pk,
        base_version=document.version,
        base_hash=document.hash,
        **fields,
    )


def _event_part(hunk: ProposalHunk) -> dict[str, Any]:
    return {
        "number": hunk.number,
        "path": hunk.path,
        "action": hunk.action,
        "document": hunk.document,
        "version": hunk.base_version,
        "hash": hunk.base_hash,
        "start": hunk.start,
        "end": hunk.end,
        "line": hunk.line,
        "old": "" if hunk.action == HunkAction.DELETE else hunk.old,
        "new": hunk.new,
    }


def _tell(kept: _Kept, context: ToolContext) -> ToolOutcome:
    """Say what was proposed, what of it is written, and what is only a proposal."""
    hunks = list(kept.proposal.hunks.all())
    written = [hunk for hunk in hunks if hunk.state in _BY_POLICY]
    waiting = [hunk for hunk in hunks if hunk.state not in _BY_POLICY]
    told = []
    if written:
        told.append(
            f"Applied, as the policy says: {_lines(written)}. The files read like that "
            "now. The candidate sees it and may take it back; you are told if so."
        )
    if waiting:
        told += [
            f"Proposed, undecided: {_lines(waiting)}.",
            *(kept.conflicts[number] for number in sorted(kept.conflicts)),
            f"{'This is not' if written else 'Nothing has been'} written. The candidate "
            "decides on each part; you are told with a later message. Do not take it "
            "as accepted.",
        ]
    frame = proposal_frame("edit.proposed", kept.proposal, hunks)
    return ToolOutcome(
        " ".join(told),
        frames=[frame | conflict_fields(kept.conflicts)],
        parks=bool(waiting) and context.policy == Policy.AGENT,
        detail=_("applied") if written and not waiting else "",
    )


def _lines(hunks: Sequence[ProposalHunk]) -> str:
    return "; ".join(map(_line, hunks))


def _line(hunk: ProposalHunk) -> str:
    if hunk.action == HunkAction.DELETE:
        return f"{hunk.path} (delete)"
    added, removed = count_lines(hunk.old, hunk.new)
    place = "new file" if hunk.action == HunkAction.CREATE else f"line {hunk.line}"
    return f"{hunk.path} ({place}, +{added} -{removed})"
