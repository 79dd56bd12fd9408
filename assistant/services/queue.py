"""The one question that may wait behind a live answer: its turn comes, or it goes."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from assistant.enums import TurnState
from assistant.models import Conversation, Turn
from assistant.selectors import UNDER_WAY, is_behind_another
from assistant.services.decisions import follow_up, follow_ups
from assistant.services.endings import TurnOutcome, end_turn
from base.clock import now
from interviews.errors import InterviewError
from interviews.models import Interview
from interviews.services.lifecycle import require_active

WITHDRAWN = "withdrawn"


def place_turn(conversation: Conversation) -> TurnState | None:
    """Return the state a new question begins in; None where no place is left.

    The caller holds the interview's lock.
    """
    open_ = conversation.turns.filter(UNDER_WAY | Q(state=TurnState.WAITING))
    states = set(open_.values_list("state", flat=True).order_by())
    if TurnState.WAITING in states:
        return None
    return TurnState.WAITING if states else TurnState.QUEUED


def promote_behind(turn_id: UUID) -> UUID | None:
    """Let the question behind a turn begin; return it, or None where none may.

    Without one, a parked turn goes on if all is decided already.
    """
    begun = _promote(Turn.objects.filter(conversation__turns=turn_id))
    return begun or follow_up(turn_id)


def promote_ready(interview: Interview) -> list[UUID]:
    """Let every question of an interview begin that waits for nothing any more."""
    ready = Turn.objects.filter(
        conversation__interview=interview, state=TurnState.WAITING
    ).exclude(is_behind_another())
    begun = [_promote(Turn.objects.filter(pk=turn.pk)) for turn in ready]
    promoted = [turn_id for turn_id in begun if turn_id is not None]
    return [*promoted, *follow_ups(interview.pk)]


def _promote(turns: QuerySet[Turn]) -> UUID | None:
    """Only one caller gets the turn; the others get None."""
    found = turns.filter(state=TurnState.WAITING).exclude(is_behind_another())
    turn = found.select_related("conversation__interview").first()
    if turn is None:
        return None
    try:
        require_active(turn.conversation.interview)
    except InterviewError:
        withdraw(turn.pk)
        return None
    waiting = Turn.objects.filter(pk=turn.pk, state=TurnState.WAITING)
    try:
        with transaction.atomic():
            is_ours = waiting.update(state=TurnState.QUEUED, heartbeat_at=now())
    except IntegrityError:
        return None
    return turn.pk if is_ours else None


def withdraw(turn_id: UUID) -> bool:
    """Take back a question nobody has begun to answer; False where somebody has.

    It stays on record, without an answer, and the model never sees it.
    """
    unbegun = (TurnState.WAITING, TurnState.QUEUED)
    found = Turn.objects.filter(pk=turn_id, state__in=unbegun)
    if not found.update(state=TurnState.STOPPED):
        return False
    outcome = TurnOutcome(
        state=TurnState.STOPPED, text="", stop_reason=WITHDRAWN, is_unsent=True
    )
    return end_turn(turn_id, outcome) is not None
