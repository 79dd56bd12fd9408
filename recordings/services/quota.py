"""How many bytes an interview's recording may take, and how many are spoken for."""

from django.conf import settings
from django.db.models import Model, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from interviews.models import Interview
from recordings.errors import RecordingFullError
from recordings.models import Chunk, UploadTicket


def most_bytes() -> int:
    """Return how many bytes the chunks of one interview may take."""
    limit: int = settings.LIMITS["recording_bytes"]
    return limit


def used_bytes(interview: Interview, *, own: UploadTicket | None = None) -> int:
    """Return what is stored and what is announced, but for one's own ticket."""
    chunks = Chunk.objects.filter(segment__recording__interview=interview)
    tickets = UploadTicket.objects.filter(segment__recording__interview=interview)
    if own is not None:
        tickets = tickets.exclude(pk=own.pk)
    # One statement for both: this is asked for every chunk.
    sums = Interview.objects.filter(pk=interview.pk).values_list(
        _sum(chunks), _sum(tickets)
    )
    return sum(sums.get())


def require_room(
    interview: Interview, size: int, *, own: UploadTicket | None = None
) -> None:
    """Raise RecordingFullError unless `size` more bytes fit; `own` is for them.

    Exact with the recording locked (`lock_recording`), which locks both tracks.
    """
    if used_bytes(interview, own=own) + size > most_bytes():
        raise RecordingFullError


def _sum(rows: "QuerySet[Model]") -> Coalesce:
    grouped = rows.order_by().values("segment__recording__interview")
    return Coalesce(Subquery(grouped.annotate(total=Sum("size")).values("total")), 0)
