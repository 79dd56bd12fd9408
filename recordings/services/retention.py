"""How long media are kept: by organisation and assessment, and chunks not even so long.

Recordings of an interview that runs, or that is still worked on, are never touched.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.services.audit import record_audit
from base.clock import now
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, PipelineStep
from recordings.enums import AssetKind, ChunkState, RecordingState
from recordings.models import Asset, Chunk, Recording
from recordings.services.release import may_release_chunks, note_released
from recordings.storage import MediaStore, StorageError, get_store, interview_prefix

logger = logging.getLogger(__name__)

DELETED = "recording.deleted_by_retention"
# How many interviews one run of the task takes; the next hour's run goes on.
BATCH = 100
# A step that failed may be tried again: for so long its interview counts as unscored.
# After that the promise to the candidate weighs more.
LONGEST_HOLD = timedelta(days=30)
_RUNNING = (InterviewState.INVITED, InterviewState.PREPARING, InterviewState.ACTIVE)
_SETTLED = (StepState.DONE, StepState.SKIPPED)


@dataclass(frozen=True)
class Expired:
    """An interview whose media were deleted, or would be."""

    interview_id: UUID
    organisation_id: int
    due_at: datetime
    files: int
    size: int


def expire_media() -> None:
    """Delete due media and chunks nobody needs, some at a time; repeatable."""
    store = get_store()
    for expired in list_due(BATCH):
        delete_media(expired, store)
    for recording in list_releasable(BATCH):
        release_chunks(recording.pk, store)


def due_at(interview: Interview) -> datetime | None:
    """Return when the media of an ended interview have to go; None while it runs.

    The shorter of two promises holds: the assessment's, which the candidate agreed to,
    and the organisation's.
    """
    if interview.state in _RUNNING:
        return None
    days = min(
        interview.assessment_version.retention_days,
        interview.organisation.retention_days,
    )
    return (interview.ended_at or interview.created_at) + timedelta(days=days)


def list_due(limit: int) -> list[Expired]:
    """Return interviews whose media are due, the longest ended first."""
    found: list[Expired] = []
    for interview in _with_media().iterator(chunk_size=200):
        expired = _judge(interview)
        if expired is not None:
            found.append(expired)
        if len(found) == limit:
            break
    return found


def _with_media() -> QuerySet[Interview]:
    """Return ended interviews that still have media."""
    chunks = Chunk.objects.filter(segment__recording__interview=OuterRef("pk")).exclude(
        state=ChunkState.RELEASED
    )
    assets = Asset.objects.filter(
        recording__interview=OuterRef("pk"), deleted_at__isnull=True
    )
    return (
        Interview.objects.exclude(state__in=_RUNNING)
        .filter(Exists(chunks) | Exists(assets))
        .select_related("organisation", "assessment_version")
        .order_by("ended_at", "created_at")
    )


def _judge(interview: Interview) -> Expired | None:
    due = due_at(interview)
    if due is None or due > now() or _is_held(interview, due):
        return None
    sizes = [
        *_stored_chunks(interview).values_list("size", flat=True),
        *_stored_assets(interview).values_list("size", flat=True),
    ]
    return Expired(interview.pk, interview.organisation_id, due, len(sizes), sum(sizes))


def _is_held(interview: Interview, due: datetime) -> bool:
    """Whether a step works with the interview, or may do so again."""
    open_steps = PipelineStep.objects.filter(interview=interview).exclude(
        state__in=_SETTLED
    )
    if due + LONGEST_HOLD > now():
        return open_steps.exists()
    return open_steps.filter(state=StepState.RUNNING).exists()


def _stored_chunks(interview: Interview) -> QuerySet[Chunk]:
    chunks = Chunk.objects.filter(segment__recording__interview=interview)
    return chunks.exclude(state=ChunkState.RELEASED)


def _stored_assets(interview: Interview) -> QuerySet[Asset]:
    return Asset.objects.filter(recording__interview=interview, deleted_at__isnull=True)


def delete_media(expired: Expired, store: MediaStore) -> bool:
    """Delete the files of an interview, then write in the rows that they are gone.

    A process killed between the two leaves rows that are due still: the next run
    deletes nothing more and writes them. False where the interview goes on again or
    the store does not answer.
    """
    interview = Interview.objects.select_related(
        "organisation", "assessment_version"
    ).get(pk=expired.interview_id)
    if _judge(interview) is None:
        return False
    prefix = interview_prefix(interview)
    try:
        # Objects no row knows go as well: nothing of the interview may stay.
        store.sweep(prefix, ())
        for key in _keys_elsewhere(interview, prefix):
            store.delete(key)
    except StorageError as error:
        logger.warning("Media of interview %s stay for now: %s", interview.pk, error)
        return False
    _write_deleted(interview, expired)
    return True


def _keys_elsewhere(interview: Interview, prefix: str) -> Iterator[str]:
    inside = Q(key__startswith=f"{prefix}/")
    for rows in (_stored_chunks(interview), _stored_assets(interview)):
        yield from rows.exclude(inside).values_list("key", flat=True)


@transaction.atomic
def _write_deleted(interview: Interview, expired: Expired) -> None:
    at = now()
    recordings = interview.recordings.select_for_update().order_by("pk")
    for recording in recordings:
        note_released(recording)
        recording.assets.filter(deleted_at__isnull=True).update(deleted_at=at)
        recording.state = RecordingState.DELETED
        recording.deleted_at = at
        recording.save(update_fields=["state", "deleted_at"])
    record_audit(
        None,
        interview.organisation,
        DELETED,
        interview,
        {
            "due_at": expired.due_at.isoformat(),
            "files": expired.files,
            "bytes": expired.size,
        },
    )


def list_releasable(limit: int) -> list[Recording]:
    """Return recordings put together so long ago that their chunks may go."""
    chunks = Chunk.objects.filter(segment__recording=OuterRef("pk")).exclude(
        state=ChunkState.RELEASED
    )
    before = now() - timedelta(days=settings.MEDIA_CHUNK_DAYS)
    recordings = Recording.objects.filter(
        Exists(chunks), state=RecordingState.ASSEMBLED, assembled_at__lte=before
    ).select_related("interview")
    found = recordings.order_by("assembled_at").iterator(chunk_size=200)
    releasable = (recording for recording in found if may_release_chunks(recording))
    return list(islice(releasable, limit))


def release_chunks(recording_id: int, store: MediaStore) -> int:
    """Delete the chunks of a recording whose finished file stands for them.

    It is looked for once more: the chunks are the only other copy. The rows say that
    they went first: what a killed process leaves, the sweep finds. Returns how many
    went.
    """
    if not _are_files_there(recording_id, store):
        return 0
    with transaction.atomic():
        recording = (
            Recording.objects.select_for_update(of=("self",))
            .select_related("interview")
            .get(pk=recording_id)
        )
        if not may_release_chunks(recording):
            return 0
        chunks = Chunk.objects.filter(segment__recording=recording)
        stored = chunks.exclude(state=ChunkState.RELEASED)
        keys = list(stored.values_list("key", flat=True))
        note_released(recording)
    try:
        for key in keys:
            store.delete(key)
    except StorageError:
        logger.warning("Chunks of recording %s are left to the sweep", recording_id)
    return len(keys)


def _are_files_there(recording_id: int, store: MediaStore) -> bool:
    files = Asset.objects.filter(
        recording=recording_id, kind=AssetKind.PLAYABLE, deleted_at__isnull=True
    )
    try:
        sizes = {asset.pk: store.stat(asset.key).size for asset in files}
    except FileNotFoundError:
        logger.error(
            "A finished file of recording %s is gone; its chunks stay: assemble it "
            "anew (manage.py finalize --force)",
            recording_id,
        )
        return False
    except StorageError as error:
        logger.warning("Chunks of recording %s stay for now: %s", recording_id, error)
        return False
    return all(sizes[asset.pk] == asset.size for asset in files)
