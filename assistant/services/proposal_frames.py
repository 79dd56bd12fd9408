"""Proposed edits as pages get them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from assistant.enums import HunkAction, HunkState
from assistant.models import EditProposal, ProposalHunk
from assistant.proposals.hunks import count_lines
from assistant.services.applying import find_hunks
from interviews.models import Interview


def proposal_frame(
    kind: str, proposal: EditProposal, hunks: Sequence[ProposalHunk]
) -> dict[str, Any]:
    """Return a proposal as pages get it, in the state it is in; `hunks` are all of it."""
    return {
        "type": kind,
        "turn": str(proposal.turn_id),
        "edit": str(proposal.pk),
        "summary": proposal.summary,
        "created_at": proposal.created_at.isoformat(),
        "hunks": [_hunk_fields(hunk) for hunk in hunks],
    }


def _hunk_fields(hunk: ProposalHunk) -> dict[str, Any]:
    added, removed = count_lines(hunk.old, hunk.new)
    return {
        "hunk": hunk.number,
        "path": hunk.path,
        "action": hunk.action,
        "line": hunk.line,
        "at": {"version": hunk.base_version, "start": hunk.start},
        "old": hunk.old,
        "new": hunk.new,
        "text": hunk.text,
        "state": hunk.state,
        "added": added,
        "removed": removed,
    }


def conflict_fields(conflicts: Mapping[int, str]) -> dict[str, Any]:
    """Return why parts were not written, in words for people, by their numbers."""
    told = [{"hunk": at, "message": words} for at, words in sorted(conflicts.items())]
    return {"conflicts": told}


def list_proposed(turn_id: UUID) -> list[dict[str, Any]]:
    """Return what a turn proposed, for a page that follows it through the store."""
    proposals = EditProposal.objects.filter(turn=turn_id).prefetch_related("hunks")
    return [
        proposal_frame("edit.proposed", proposal, list(proposal.hunks.all()))
        for proposal in proposals
    ]


def list_proposals(interview_id: UUID) -> list[dict[str, Any]]:
    """Return every proposal of an interview as a page that comes back gets it.

    `at` of an undecided part says where its lines are now, null where they are gone.
    """
    interview = Interview(pk=interview_id)
    proposals = EditProposal.objects.filter(
        turn__conversation__interview=interview_id
    ).prefetch_related("hunks")
    parts = [hunk for proposal in proposals for hunk in proposal.hunks.all()]
    places = find_hunks(interview, [hunk for hunk in parts if _is_open(hunk)])
    frames = []
    for proposal in proposals:
        hunks = list(proposal.hunks.all())
        frame = proposal_frame("edit.proposed", proposal, hunks)
        for hunk, fields in zip(hunks, frame["hunks"], strict=True):
            if _is_open(hunk):
                fields["at"] = places[hunk.pk]
        frames.append(frame)
    return frames


def _is_open(hunk: ProposalHunk) -> bool:
    """Say whether a part of a document is still to be decided."""
    return hunk.state == HunkState.UNDECIDED and hunk.action == HunkAction.CHANGE
