"""The candidate's decisions on proposed edits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from assistant.enums import HunkState
from assistant.errors import UnknownProposalError
from assistant.events import EditDecidedV2
from assistant.models import EditProposal, ProposalHunk
from assistant.proposals.hunks import clean
from assistant.services.applying import Writing, write_part
from assistant.services.proposal_frames import conflict_fields, proposal_frame
from base.clock import now, to_milliseconds
from base.commits import after_commit
from interviews.enums import Origin
from interviews.file_news import change_frame, tell_windows
from interviews.models import Interview
from interviews.protocol import Frame, split_updates
from interviews.services.sections import lock_workspace
from interviews.timeline.log import NewEvent, append_events, find_event
from interviews.workspace.errors import BadFrameError

Decision = Literal["accept", "refuse"]
_FIELDS = (
    *("state", "decided_at", "text", "units", "seq", "path"),
    *("document", "put_start", "put_version", "told_in"),
)


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
    proposal = find_proposal(interview, edit_id)
    every = list(proposal.hunks.all())
    chosen = choose_hunks(every, hunks, HunkState.UNDECIDED)
    if text is not None and len(every if hunks is None else {*hunks}) != 1:
        raise BadFrameError
    if not chosen or find_event(interview, client_id):
        return Decided(decided_frame(proposal, every, {}))
    writing = Writing(interview)
    for hunk in chosen:
        _decide(writing, hunk, decision, text)
    told = _describe(
        proposal, chosen, writing, by="candidate", decision=decision, version=version
    )
    keep_writing(writing, chosen, NewEvent(Origin.CANDIDATE, told, client_id))
    frame = decided_frame(proposal, every, writing.conflicts)
    return Decided(frame, editor_frames(writing))


def apply_by_policy(
    interview: Interview, proposal: EditProposal, hunks: Sequence[ProposalHunk]
) -> dict[int, str]:
    """Apply a new proposal at once; return why parts were not, by their numbers.

    Those are left to the candidate. The windows are told after the commit. The caller
    holds the workspace's lock. Raises FileTooLargeError or WorkspaceFullError, and then
    everything has to be rolled back.
    """
    writing = Writing(interview)
    for hunk in hunks:
        if write_part(writing, hunk, hunk.new):
            hunk.state, hunk.decided_at = HunkState.APPLIED, now()
            # The call's result says so; only where that is lost, it is told again.
            hunk.told_in_id = proposal.turn_id
    told = _describe(proposal, hunks, writing, by="policy")
    keep_writing(writing, hunks, NewEvent(Origin.ASSISTANT, told))
    proposal.is_parking = bool(writing.conflicts)
    proposal.save(update_fields=["is_parking"])
    frames = editor_frames(writing)
    after_commit(tell_windows, interview.pk, frames)
    return writing.conflicts


def find_proposal(interview: Interview, edit_id: UUID) -> EditProposal:
    """Return a proposal of this interview. Raises UnknownProposalError."""
    proposal = EditProposal.objects.filter(
        pk=edit_id, turn__conversation__interview=interview
    ).first()
    if proposal is None:
        raise UnknownProposalError
    return proposal


def choose_hunks(
    every: Sequence[ProposalHunk], numbers: Collection[int] | None, state: HunkState
) -> list[ProposalHunk]:
    """Return the parts that are meant and in this state. Raises UnknownProposalError."""
    wanted = {hunk.number for hunk in every} if numbers is None else {*numbers}
    if not wanted <= {hunk.number for hunk in every}:
        raise UnknownProposalError
    return [hunk for hunk in every if hunk.number in wanted and hunk.state == state]


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


def keep_writing(
    writing: Writing, hunks: Sequence[ProposalHunk], told: NewEvent
) -> None:
    """Log the decision and what it wrote; each part keeps the event that has its text."""
    logged = append_events(writing.interview, [told, *writing.events])
    for hunk in hunks:
        if hunk.number in writing.placed:
            hunk.seq = logged[1 + writing.placed[hunk.number]].seq
    ProposalHunk.objects.bulk_update(hunks, _FIELDS)


def _describe(
    proposal: EditProposal,
    chosen: Sequence[ProposalHunk],
    writing: Writing,
    *,
    by: Literal["candidate", "policy"],
    decision: Decision = "accept",
    version: int | None = None,
) -> EditDecidedV2:
    def numbers(*states: HunkState) -> list[int]:
        return [hunk.number for hunk in chosen if hunk.state in states]

    return EditDecidedV2(
        by=by,
        turn=str(proposal.turn_id),
        edit=str(proposal.pk),
        decision=decision,
        ms=to_milliseconds(now() - proposal.created_at),
        version=version,
        accepted=numbers(HunkState.ACCEPTED, HunkState.APPLIED),
        edited=numbers(HunkState.EDITED),
        refused=numbers(HunkState.REFUSED),
        conflicts=sorted(writing.conflicts),
        texts={str(h.number): h.text for h in chosen if h.text is not None},
    )


def decided_frame(
    proposal: EditProposal,
    hunks: Sequence[ProposalHunk],
    conflicts: Mapping[int, str],
) -> dict[str, Any]:
    """Return a proposal as it stands after a decision; `hunks` are all of it."""
    frame = proposal_frame("edit.decided", proposal, hunks)
    return frame | conflict_fields(conflicts)


def editor_frames(writing: Writing) -> list[Frame]:
    """Return what the windows of the workspace have to see, in order."""
    interview_id = writing.interview.pk
    frames = [change_frame(interview_id, change) for change in writing.changes]
    for stored in writing.stored:
        updates = [update.as_json() for update in stored.updates]
        frames += split_updates(stored.path, stored.first, updates)
    return frames
