"""The candidate's decisions on proposed edits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from assistant.enums import HunkState
from assistant.errors import UnknownProposalError
from assistant.events import EditDecided
from assistant.models import EditProposal, ProposalHunk
from assistant.proposals.hunks import clean
from assistant.services.applying import Writing, write_part
from assistant.services.proposals import proposal_frame
from base.clock import now, to_milliseconds
from interviews.enums import Origin
from interviews.file_news import change_frame
from interviews.protocol import Frame, split_updates
from interviews.services.sections import lock_workspace
from interviews.timeline.log import NewEvent, append_events, find_event
from interviews.workspace.errors import BadFrameError

Decision = Literal["accept", "refuse"]
_WRITTEN = (HunkState.ACCEPTED, HunkState.EDITED)


@dataclass(frozen=True)
class Decided:
    """The frame for every page of the conversation, and those for the editors."""

    frame: dict[str, Any]
    workspace: Sequence[Frame] = ()


@transaction.atomic
def decide_edit(
    interview_id: UUID,
    edit_id: UUID,
    *,
    decision: Decision,
    hunks: Collection[int] | None,
    client_id: str,
    text: str | None = None,
    version: int | None = None,
) -> Decided:
    """Accept or refuse parts of a proposed edit, all of them where `hunks` is None.

    `text` is what the candidate made of the one part first; `version` the one of the
    document their page shows, kept for the record. A part is put where its lines are
    now; one whose lines have changed stays undecided, with a reason. What is decided
    stays so: repeating it, from whichever window, changes nothing. Raises
    UnknownProposalError, BadFrameError, FileTooLargeError, WorkspaceFullError, or
    InterviewError once time is up.
    """
    interview = lock_workspace(interview_id)
    proposal = EditProposal.objects.filter(
        pk=edit_id, turn__conversation__interview=interview
    ).first()
    if proposal is None:
        raise UnknownProposalError
    every = list(proposal.hunks.all())
    chosen = _choose(every, hunks, text)
    if not chosen or find_event(interview, client_id):
        return Decided(_frame(proposal, every, {}))
    writing = Writing(interview)
    for hunk in chosen:
        _decide(writing, hunk, decision, text)
    told = _describe(proposal, chosen, writing, decision, version)
    _store(writing, chosen, NewEvent(Origin.CANDIDATE, told, client_id))
    frame = _frame(proposal, every, writing.conflicts)
    return Decided(frame, _editor_frames(interview_id, writing))


def _choose(
    every: Sequence[ProposalHunk], numbers: Collection[int] | None, text: str | None
) -> list[ProposalHunk]:
    """Return the parts that are meant and not decided yet."""
    wanted = {hunk.number for hunk in every} if numbers is None else {*numbers}
    if not wanted <= {hunk.number for hunk in every}:
        raise UnknownProposalError
    if text is not None and len(wanted) != 1:
        raise BadFrameError
    return [
        hunk
        for hunk in every
        if hunk.number in wanted and hunk.state == HunkState.UNDECIDED
    ]


def _decide(
    writing: Writing, hunk: ProposalHunk, decision: Decision, text: str | None
) -> None:
    if decision == "refuse":
        hunk.state = HunkState.REFUSED
    else:
        final = hunk.new if text is None else clean(text)
        if not write_part(writing, hunk, final):
            return
        is_edited = final != hunk.new
        hunk.state = HunkState.EDITED if is_edited else HunkState.ACCEPTED
        hunk.text = final if is_edited else None
    hunk.decided_at = now()


def _store(writing: Writing, hunks: Sequence[ProposalHunk], told: NewEvent) -> None:
    """Log the decision and what it wrote; each part keeps the event that has its text."""
    logged = append_events(writing.interview, [told, *writing.events])
    for hunk in hunks:
        if hunk.number in writing.placed:
            hunk.seq = logged[1 + writing.placed[hunk.number]].seq
    fields = ["state", "decided_at", "text", "units", "seq", "path"]
    ProposalHunk.objects.bulk_update(hunks, fields)


def _describe(
    proposal: EditProposal,
    chosen: Sequence[ProposalHunk],
    writing: Writing,
    decision: Decision,
    version: int | None,
) -> EditDecided:
    def numbers(state: HunkState) -> list[int]:
        return [hunk.number for hunk in chosen if hunk.state == state]

    return EditDecided(
        turn=str(proposal.turn_id),
        edit=str(proposal.pk),
        decision=decision,
        ms=to_milliseconds(now() - proposal.created_at),
        version=version,
        accepted=numbers(HunkState.ACCEPTED),
        edited=numbers(HunkState.EDITED),
        refused=numbers(HunkState.REFUSED),
        conflicts=sorted(writing.conflicts),
        texts={str(h.number): h.text for h in chosen if h.text is not None},
    )


def _frame(
    proposal: EditProposal, hunks: Sequence[ProposalHunk], conflicts: dict[int, str]
) -> dict[str, Any]:
    return {
        **proposal_frame("edit.decided", proposal, hunks),
        "conflicts": [
            {"hunk": number, "message": message}
            for number, message in sorted(conflicts.items())
        ],
    }


def _editor_frames(interview_id: UUID, writing: Writing) -> list[Frame]:
    """Return what the windows of the workspace have to see, in order."""
    frames = [change_frame(interview_id, change) for change in writing.changes]
    for stored in writing.stored:
        updates = [update.as_json() for update in stored.updates]
        frames += split_updates(stored.path, stored.first, updates)
    return frames
