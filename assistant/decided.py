"""What the candidate decided, for whoever reads the interview later."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from assistant.enums import HunkState
from assistant.models import CandidateQuestion, EditProposal, ProposalHunk
from assistant.proposals.fate import Fate, add_up, count_kept
from assistant.proposals.hunks import count_lines
from interviews.models import Interview
from interviews.workspace.origins import TextOrigins


@dataclass(frozen=True)
class DecidedHunk:
    """A part with its counts of lines, and the seconds it took to decide, if it was."""

    hunk: ProposalHunk
    added: int
    removed: int
    seconds: float | None


@dataclass(frozen=True)
class DecidedEdit:
    """A proposed edit with its parts."""

    proposal: EditProposal
    hunks: list[DecidedHunk]


@dataclass(frozen=True)
class DecidedQuestion:
    """A question with the words that were chosen, and the seconds that took."""

    question: CandidateQuestion
    chosen: list[str]
    seconds: float | None


Item = DecidedEdit | DecidedQuestion


def read_decisions(interview: Interview) -> dict[UUID, list[Item]]:
    """Return what each turn left to the candidate, in order, decided or not."""
    found: dict[UUID, list[Item]] = defaultdict(list)
    proposals = EditProposal.objects.filter(turn__conversation__interview=interview)
    for proposal in proposals.prefetch_related("hunks"):
        hunks = [_describe(proposal, hunk) for hunk in proposal.hunks.all()]
        found[proposal.turn_id].append(DecidedEdit(proposal, hunks))
    questions = CandidateQuestion.objects.filter(
        turn__conversation__interview=interview
    )
    for question in questions:
        chosen = [question.options[number] for number in question.answer or ()]
        at = question.answered_at
        seconds = None if at is None else (at - question.created_at).total_seconds()
        found[question.turn_id].append(DecidedQuestion(question, chosen, seconds))
    return dict(found)


def _describe(proposal: EditProposal, hunk: ProposalHunk) -> DecidedHunk:
    added, removed = count_lines(hunk.old, hunk.new)
    at = hunk.decided_at
    seconds = None if at is None else (at - proposal.created_at).total_seconds()
    return DecidedHunk(hunk, added, removed, seconds)


@dataclass(frozen=True)
class Acceptance:
    """How many parts were accepted (some of them changed first), refused or neither.

    `applied` are those the policy applied, `taken_back` of them by the candidate.
    `fate` is what became of the text that was accepted, or applied and not taken back.
    """

    accepted: int
    edited: int
    refused: int
    undecided: int
    applied: int
    taken_back: int
    fate: Fate


def read_acceptance(
    interview: Interview, texts: Iterable[TextOrigins]
) -> Acceptance | None:
    """Return what became of all proposed edits; None where there was none.

    `texts` are the files as they are, with their origins.
    """
    hunks = list(
        ProposalHunk.objects.filter(proposal__turn__conversation__interview=interview)
    )
    if not hunks:
        return None
    put_in = {
        hunk.seq: hunk.units
        for hunk in hunks
        if hunk.seq is not None and hunk.state != HunkState.TAKEN_BACK
    }
    states = [hunk.state for hunk in hunks]
    return Acceptance(
        accepted=states.count(HunkState.ACCEPTED) + states.count(HunkState.EDITED),
        edited=states.count(HunkState.EDITED),
        refused=states.count(HunkState.REFUSED),
        undecided=states.count(HunkState.UNDECIDED),
        applied=states.count(HunkState.APPLIED) + states.count(HunkState.TAKEN_BACK),
        taken_back=states.count(HunkState.TAKEN_BACK),
        fate=add_up(count_kept(texts, put_in).values()),
    )
