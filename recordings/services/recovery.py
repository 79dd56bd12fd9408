"""What a browser may still hold after the end, and telling its candidate once."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts.services.mail import queue_mail
from base.clock import now
from interviews.enums import ENDED_STATES
from interviews.models import Interview
from interviews.services.candidates import is_media_recorded
from interviews.zones import format_in_zone
from recordings.enums import ChunkState, RecordingState, Track
from recordings.models import Chunk, Recording, Segment
from recordings.schemas import Manifest
from recordings.services.intake import TAKEN_AFTER_END

logger = logging.getLogger(__name__)

# A page that is still open sends by itself: it is given this long, and so long again
# since the last thing that came.
TOLD_AFTER = timedelta(minutes=10)
QUIET = timedelta(minutes=2)


def is_incomplete(interview: Interview) -> bool:
    """Say whether a browser may hold something that is not stored here.

    It may where nothing came at all, a recorder was not closed, a chunk of a closing
    manifest is missing, or a stored one is unsound. A gap that the browser itself
    could not keep is none of it: nobody has that.
    """
    segments = list(Segment.objects.filter(recording__interview=interview))
    if not segments or any(one.closed_at is None for one in segments):
        return True
    stored: dict[object, set[int]] = {one.pk: set() for one in segments}
    chunks = Chunk.objects.filter(segment__in=segments)
    sound = chunks.exclude(state=ChunkState.DAMAGED)
    for segment_id, index in sound.values_list("segment_id", "index"):
        stored[segment_id].add(index)
    return any(_announced(one) - stored[one.pk] for one in segments)


def _announced(segment: Segment) -> set[int]:
    manifest = Manifest.model_validate(segment.manifest)
    return {chunk.index for chunk in manifest.chunks}


def recovery_url(interview: Interview) -> str:
    """Return the page's path while it may be of use, else nothing."""
    ended_at = interview.ended_at
    is_over = interview.state in ENDED_STATES and ended_at is not None
    if not is_over or not is_media_recorded(interview):
        return ""
    if ended_at is None or ended_at + TAKEN_AFTER_END <= now():
        return ""
    if not is_incomplete(interview):
        return ""
    return reverse("recordings:recover", args=[interview.pk])


def write_to_candidates() -> int:
    """Mail every candidate whose browser may hold a rest, once each; return how many."""
    at = now()
    told = Recording.objects.filter(told_at__isnull=False)
    due = (
        Interview.objects.filter(
            state__in=ENDED_STATES,
            ended_at__lte=at - TOLD_AFTER,
            ended_at__gt=at - TAKEN_AFTER_END,
            is_preview=False,
            is_sample=False,
            assessment_version__is_recorded=True,
        )
        .exclude(pk__in=told.values("interview_id"))
        .select_related("assessment_version", "candidate", "organisation", "invitation")
    )
    return sum(_write_if_incomplete(interview) for interview in due)


def _write_if_incomplete(interview: Interview) -> bool:
    recent = Q(stored_at__gt=now() - QUIET)
    arriving = Chunk.objects.filter(recent, segment__recording__interview=interview)
    if arriving.exists() or not is_incomplete(interview):
        return False
    with transaction.atomic():
        if not _note_told(interview):
            return False
        _write(interview)
    logger.info("Candidate of interview %s told of unsent recordings", interview.pk)
    return True


def _note_told(interview: Interview) -> bool:
    """Write down that the mail goes out; False where another worker was faster."""
    mine = Recording.objects.filter(interview=interview)
    if not mine.exists():
        # Nothing came at all: the row only says that the candidate was told.
        Recording.objects.get_or_create(
            interview=interview,
            track=Track.CAMERA,
            defaults={"state": RecordingState.EMPTY},
        )
    untold = list(mine.select_for_update().order_by("pk"))
    if any(one.told_at for one in untold):
        return False
    mine.update(told_at=now())
    return True


def _write(interview: Interview) -> None:
    ended_at = interview.ended_at or now()
    path = reverse("recordings:recover", args=[interview.pk])
    queue_mail(
        interview.organisation,
        to=interview.candidate.email,
        template="recording_rest",
        context={
            "candidate": interview.candidate,
            "assessment": interview.assessment_version,
            "until": format_in_zone(
                ended_at + TAKEN_AFTER_END, interview.invitation.time_zone
            ),
            "url": f"{settings.PUBLIC_URL}{path}",
        },
    )
