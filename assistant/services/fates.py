"""What became of edits that were accepted, on record once the interview is over."""

from collections import defaultdict
from uuid import UUID

from django.db import transaction

from assistant.enums import HunkState
from assistant.events import EditKept
from assistant.models import EditProposal, ProposalHunk
from assistant.proposals.fate import count_kept
from interviews.enums import Origin
from interviews.models import Interview
from interviews.selectors.origins import read_origins
from interviews.services.lifecycle import lock_interview
from interviews.timeline.log import NewEvent, append_events, find_event


@transaction.atomic
def record_fates(interview_id: UUID) -> int:
    """Log how much of each accepted edit is left at the end; return of how many.

    Once for each end: an interview that was opened again gets them anew. Nothing while
    it goes on.
    """
    interview = lock_interview(interview_id)
    if interview.ended_at is None:
        return 0
    end = f"{interview.ended_at.timestamp():.0f}"
    events = [
        NewEvent(Origin.SYSTEM, told, f"kept:{end}:{told.edit}")
        for told in _read_fates(interview)
    ]
    events = [
        each for each in events if not find_event(interview, each.client_id or "")
    ]
    if events:
        append_events(interview, events)
    return len(events)


def _read_fates(interview: Interview) -> list[EditKept]:
    hunks = (
        ProposalHunk.objects.filter(
            proposal__turn__conversation__interview=interview, seq__isnull=False
        )
        .exclude(state=HunkState.TAKEN_BACK)
        .select_related("proposal")
        .order_by("proposal__created_at", "number")
    )
    by_event = {hunk.seq: hunk for hunk in hunks if hunk.seq is not None}
    if not by_event:
        return []
    put_in = {seq: hunk.units for seq, hunk in by_event.items()}
    fates = count_kept(read_origins(interview).values(), put_in)
    parts: dict[EditProposal, dict[str, list[int]]] = defaultdict(dict)
    for seq, hunk in by_event.items():
        fate = fates[seq]
        parts[hunk.proposal][str(hunk.number)] = [fate.units, fate.kept]
    return [
        EditKept(turn=str(proposal.turn_id), edit=str(proposal.pk), parts=found)
        for proposal, found in parts.items()
    ]
