"""What an organisation has left of its requests of a minute, for tests."""

from datetime import UTC, datetime, timedelta

from assistant.models import RequestBucket
from base.clock import now
from interviews.models import Interview

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def set_bucket(organisation_id: int, *, full_at: datetime) -> None:
    """Have all requests be there again at this moment."""
    RequestBucket.objects.update_or_create(
        organisation_id=organisation_id, defaults={"full_at": full_at}
    )


def leave(interview: Interview, seconds: float, *, is_asked: bool = False) -> None:
    """Use requests up, so that the next one of a chain has to wait for so long."""
    kept = timedelta(seconds=1) * (1 if is_asked else 11)
    full_at = now() + MINUTE - kept + timedelta(seconds=seconds)
    set_bucket(interview.organisation_id, full_at=full_at)


def taken(interview: Interview) -> int:
    """How many requests are gone; each comes back after a second of this test."""
    full_at = RequestBucket.objects.get(organisation=interview.organisation_id).full_at
    return round((full_at - now()).total_seconds())
