"""Facts of presence that a candidate's page tells: noted as they are, within bounds."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _
from pydantic import ValidationError

from base.clock import now
from interviews.enums import Origin
from interviews.models import Interview
from interviews.services.candidates import is_presence_noted
from interviews.services.sections import lock_workspace
from interviews.timeline.log import append_event, find_event
from interviews.timeline.presence_kinds import (
    FACT_KINDS,
    DisplaysTold,
    Fact,
    FactsCut,
    FocusLost,
    FocusRegained,
    ViewportNarrowed,
)
from interviews.workspace.errors import BadFrameError, MissingError, RateLimitedError

FACTS_PER_MINUTE = 30
MOST_FACTS = 500
_TYPES: Mapping[str, type[Fact]] = {
    payload.kind: payload
    for payload in (FocusLost, FocusRegained, ViewportNarrowed, DisplaysTold)
}


def read_fact(kind: str, details: Mapping[str, Any]) -> Fact:
    """Return what a page tells as a payload. Raises BadFrameError for anything else."""
    try:
        return _TYPES[kind].model_validate(details)
    except (KeyError, ValidationError):
        raise BadFrameError from None


@transaction.atomic
def note_fact(interview_id: UUID, *, client_id: str, t_ms: int, fact: Fact) -> None:
    """Append a fact at its moment on the interview's clock, once per id.

    Raises MissingError where the assessment has nothing noted, RateLimitedError, and
    what `lock_workspace` raises. Beyond the most facts only that is noted, once.
    """
    interview = lock_workspace(interview_id)
    if not is_presence_noted(interview):
        raise MissingError(_("Nothing of this kind is noted in this interview."))
    if find_event(interview, client_id) is not None:
        return
    kept = interview.events.filter(kind__in=FACT_KINDS).count()
    if kept >= MOST_FACTS:
        _note_cut(interview, kept)
        return
    _check_rate(interview_id)
    append_event(
        interview,
        fact,
        origin=Origin.CANDIDATE,
        client_id=client_id,
        at=_moment(interview, t_ms),
    )


def _moment(interview: Interview, t_ms: int) -> Any:
    """A page may tell late, where it was cut off; never of what is to come."""
    if interview.started_at is None:
        return None
    return min(now(), interview.started_at + timedelta(milliseconds=t_ms))


def _note_cut(interview: Interview, kept: int) -> None:
    if not interview.events.filter(kind=FactsCut.kind).exists():
        append_event(interview, FactsCut(kept=kept), origin=Origin.SYSTEM)


def _check_rate(interview_id: UUID) -> None:
    key = f"facts-told:{interview_id}"
    if cache.add(key, 1, 60):
        return
    try:
        told = cache.incr(key)
    except ValueError:
        # The minute ended just now.
        return
    if told > FACTS_PER_MINUTE:
        raise RateLimitedError(_("That is too much at once."), retry_after=60)
