"""What was sent to models, forgotten once the days it is kept are over."""

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from assistant.models import (
    ContextBlock,
    ContextEpoch,
    ContextItem,
    ContextRequest,
    ModelCall,
    ToolCall,
)
from base.clock import now
from interviews.enums import ENDED_STATES, InterviewState
from interviews.models import Interview
from interviews.services.lifecycle import lock_interview

logger = logging.getLogger(__name__)

# Interviews a run, each in a transaction of its own: nobody waits long for the tables.
AT_ONCE = 50
_OVER = (*ENDED_STATES, InterviewState.EXPIRED, InterviewState.CANCELLED)


def forget_old_requests() -> int:
    """Forget requests and audit rows of old interviews; return of how many.

    Old is what ended more days ago than its assessment keeps, which is what the
    candidate agreed to. An interview that goes on loses nothing; the ledger stays, and
    so does what people and the assistant said.
    """
    count = sum(_forget(interview) for interview in _find_old())
    if count:
        logger.info("Requests of %s interviews were forgotten", count)
    return count


def _find_old() -> Iterator[Interview]:
    """Yield some that have something to forget, oldest first."""
    kept = {"interview": OuterRef("pk")}
    over = Interview.objects.filter(state__in=_OVER).filter(
        Exists(ModelCall.objects.filter(**kept))
        | Exists(ContextBlock.objects.filter(**kept))
    )
    days_kept = "assessment_version__retention_days"
    is_old = Q(pk__in=[])
    for days in over.order_by().values_list(days_kept, flat=True).distinct():
        until = now() - timedelta(days=days)
        is_old |= Q(ended_at__lt=until, **{days_kept: days})
    yield from over.filter(is_old).order_by("ended_at")[:AT_ONCE]


@transaction.atomic
def _forget(interview: Interview) -> bool:
    """Delete what was sent for an interview; False where it was opened again."""
    locked = lock_interview(interview.pk)
    if locked.state not in _OVER or locked.ended_at != interview.ended_at:
        return False
    # They are never changed, and deleted nowhere but here.
    QuerySet.delete(ModelCall.objects.filter(interview=locked))
    own = {"epoch__conversation__interview": locked}
    ContextRequest.objects.filter(**own).delete()
    ContextItem.objects.filter(**own).delete()
    ContextEpoch.objects.filter(conversation__interview=locked).delete()
    # That a tool was called stays on record; what it gave does not.
    calls = ToolCall.objects.filter(turn__conversation__interview=locked)
    calls.exclude(result=None).update(result=None)
    ContextBlock.objects.filter(interview=locked).delete()
    return True
