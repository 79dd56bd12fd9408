"""What is told of a turn that not everything went well for: who answers, lost time."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from assistant.events import TurnFallback
from interviews.enums import FaultCause, Origin
from interviews.models import Interview
from interviews.services.faults import report_fault
from interviews.timeline.log import append_event


@transaction.atomic
def tell_fallback(
    turn_id: UUID, *, chosen: str, model: str, provider: str, code: str
) -> None:
    """Write to the timeline that another model answers than the one chosen."""
    append_event(
        Interview.objects.get(conversations__turns=turn_id),
        TurnFallback(
            turn=str(turn_id), chosen=chosen, model=model, provider=provider, code=code
        ),
        origin=Origin.SYSTEM,
    )


def tell_lost_time(
    turn_id: UUID, *, began_at: datetime, ended_at: datetime, detail: str
) -> None:
    """Have the time of tries that failed given back, though an answer came in the end.

    Once for each turn. What little is not worth a credit is on record all the same.
    """
    interview_id = Interview.objects.values_list("pk", flat=True).get(
        conversations__turns=turn_id
    )
    report_fault(
        interview_id,
        cause=FaultCause.MODEL,
        key=f"turn:{turn_id}:tries",
        began_at=began_at,
        ended_at=ended_at,
        detail=detail,
    )
