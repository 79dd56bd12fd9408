"""Who is here: when the candidate was last seen, and which window writes."""

from datetime import timedelta
from uuid import UUID

from django.core.cache import cache
from django.db.models import Q

from base.clock import now
from interviews.models import Interview

SEEN_EVERY = timedelta(seconds=15)
_WRITER_SECONDS = 24 * 3600


def note_seen(interview_id: UUID) -> None:
    """Write down that the candidate is here, at most every fifteen seconds."""
    at = now()
    is_due = Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=at - SEEN_EVERY)
    Interview.objects.filter(is_due, pk=interview_id).update(last_seen_at=at)


def _writer_key(interview_id: UUID) -> str:
    return f"workspace-writer:{interview_id}"


def take_writing(interview_id: UUID, token: str) -> None:
    """Make the window with this token the one that writes."""
    cache.set(_writer_key(interview_id), token, _WRITER_SECONDS)


def has_writing(interview_id: UUID, token: str) -> bool:
    """Say whether no other window has taken the writing.

    A lost entry takes nothing from a window that believes it writes.
    """
    return cache.get(_writer_key(interview_id)) in (None, token)


def drop_writing(interview_id: UUID, token: str) -> None:
    """Forget a window that is gone."""
    if cache.get(_writer_key(interview_id)) == token:
        cache.delete(_writer_key(interview_id))
