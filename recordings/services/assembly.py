"""The pipeline step that makes one seekable file (or a few) of an interview's chunks."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from base.clock import now
from base.ids import new_token
from interviews.enums import StepState
from interviews.models import Interview
from interviews.pipeline import (
    StepLease,
    StepLostError,
    StepNotReadyError,
    StepSkippedError,
)
from recordings.enums import AssetKind, RecordingState
from recordings.errors import AssemblyFailedError, StillArrivingError
from recordings.media.assemble import AssembledFile, assemble
from recordings.media.errors import MediaError
from recordings.media.sinks import Sink
from recordings.media.verify import poster, verify
from recordings.models import Asset, Chunk, Recording
from recordings.selectors import Sums, sum_up
from recordings.services.inputs import Faults, mark_damaged, segment_inputs
from recordings.services.outcome import list_gaps
from recordings.storage import MediaStore, StorageError, get_store, scratch_folder

logger = logging.getLogger(__name__)

# How long a browser that closed no segment may be silent before it counts as gone.
SILENCE = timedelta(minutes=2)
# How long all browsers together are waited for; what comes later is added then.
LONGEST_WAIT = timedelta(minutes=10)
# How soon to look again: the segment may be closed any moment.
LOOK_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True)
class StoredFile:
    """A file in its place, not yet on record."""

    kind: str
    part: int
    key: str
    mime_type: str
    size: int
    sha256: str
    start_ms: int = 0
    duration_ms: int = 0
    width: int | None = None
    height: int | None = None
    codecs: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of one recording, and the arrivals it was made from."""

    recording: Recording
    seen: Sums
    files: tuple[StoredFile, ...]
    gaps: list[dict[str, int | str]]
    faults: Faults


def assemble_interview(interview: Interview, lease: StepLease) -> str:
    """Assemble every recording of an interview and end the step; repeatable.

    Each attempt writes under keys of its own and first removes what a killed one
    left. Rows and the step's end are one transaction, under the locks that arriving
    chunks take too: a chunk is either in the files or starts the step again.
    """
    recordings = list(interview.recordings.order_by("track"))
    if interview.is_preview or not any(sum_up(one).chunks for one in recordings):
        message = _("Nothing was recorded.")
        _end_empty(recordings, lease, message)
        raise StepSkippedError(message)
    _require_silence(interview, recordings, lease)
    store = get_store()
    _sweep(interview, store)
    with scratch_folder(str(interview.pk)) as scratch:
        outcomes = [
            _assemble_one(one, lease, store=store, scratch=scratch)
            for one in recordings
        ]
    message = _describe(outcomes)
    # The chunks stay; only the files of an earlier assembly are nobody's now.
    for key in _commit(outcomes, lease, message):
        _delete(store, key)
    return message


def _delete(store: MediaStore, key: str) -> None:
    """Remove a replaced file; the next assembly's sweep would do it too."""
    try:
        store.delete(key)
    except StorageError:
        logger.warning("A replaced recording file could not be removed yet")


@transaction.atomic
def _end_empty(recordings: list[Recording], lease: StepLease, message: str) -> None:
    """Note that nothing was recorded and end the step, unless a chunk came just now."""
    for one in recordings:
        recording = Recording.objects.select_for_update().get(pk=one.pk)
        if sum_up(recording).chunks:
            raise StillArrivingError
        recording.state = RecordingState.EMPTY
        recording.save(update_fields=["state"])
    if not lease.finish(StepState.SKIPPED, message):
        raise StepLostError(lease.step_id)


def _require_silence(
    interview: Interview, recordings: list[Recording], lease: StepLease
) -> None:
    """Wait for segments nobody closed, while their browser may still be sending."""
    if now() - lease.began_at >= LONGEST_WAIT:
        return
    since = now() - SILENCE
    for recording in recordings:
        chunks = Chunk.objects.filter(segment__recording=recording)
        is_open = recording.segments.filter(closed_at=None).exists()
        has_just_ended = interview.ended_at is not None and interview.ended_at > since
        is_sending = chunks.filter(segment__closed_at=None, stored_at__gt=since)
        if is_open and (has_just_ended or is_sending.exists()):
            raise StepNotReadyError(
                _("Waiting for the rest of the recording."),
                retry_at=now() + LOOK_AGAIN,
            )


def _folder(interview_id: object, organisation_id: int) -> str:
    return f"{organisation_id}/{interview_id}/assets"


def _sweep(interview: Interview, store: MediaStore) -> None:
    kept = Asset.objects.filter(recording__interview=interview)
    store.sweep(
        _folder(interview.pk, interview.organisation_id),
        set(kept.values_list("key", flat=True)),
    )
    store.sweep_abandoned(f"{interview.organisation_id}/{interview.pk}/chunks")


def _assemble_one(
    recording: Recording, lease: StepLease, *, store: MediaStore, scratch: Path
) -> Outcome:
    seen = sum_up(recording)
    inputs, faults = segment_inputs(recording, store)
    organisation_id = recording.interview.organisation_id
    base = f"{_folder(recording.interview_id, organisation_id)}/{new_token()}"
    sinks: dict[str, Sink] = {}

    def sink_for(number: int, extension: str) -> Sink:
        key = f"{base}-{number}.{extension}"
        sinks[key] = store.large(key, f"video/{extension}")
        return sinks[key]

    try:
        assembly = assemble(inputs, sink_for, scratch=scratch, on_chunk=lease.renew)
        files = [
            stored
            for file in assembly.files
            for stored in _examine(file, sinks, base, store)
        ]
    except MediaError as error:
        Recording.objects.filter(pk=recording.pk).update(state=RecordingState.FAILED)
        raise AssemblyFailedError(error, retryable=error.retryable) from error
    return Outcome(recording, seen, tuple(files), list_gaps(assembly), faults)


def _examine(
    file: AssembledFile, sinks: dict[str, Sink], base: str, store: MediaStore
) -> list[StoredFile]:
    """Read a finished file back; the first one gives the poster, if it has a picture."""
    key = f"{base}-{file.number}.{file.container.value}"
    with sinks[key].open() as finished:
        verify(finished, file)
        picture = poster(finished, file.container) if file.number == 0 else None
    codecs = [codec for codec in (file.video_codec, file.audio_codec) if codec]
    stored = [
        StoredFile(
            kind=AssetKind.PLAYABLE,
            part=file.number,
            key=key,
            mime_type=file.mime,
            size=file.size,
            sha256=file.sha256,
            start_ms=file.start_ms,
            duration_ms=file.duration_ms,
            width=file.width or None,
            height=file.height or None,
            codecs=",".join(codecs),
        )
    ]
    if picture is not None:
        stored.append(_store_poster(file, picture, f"{base}-poster.jpg", store))
    return stored


def _store_poster(
    file: AssembledFile, picture: bytes, key: str, store: MediaStore
) -> StoredFile:
    sink = store.small(key, "image/jpeg")
    try:
        sink.begin().write(picture)
        sink.commit()
    finally:
        sink.abort()
    return StoredFile(
        kind=AssetKind.POSTER,
        part=0,
        key=key,
        mime_type="image/jpeg",
        size=len(picture),
        sha256=hashlib.sha256(picture).hexdigest(),
        start_ms=file.start_ms,
    )


@transaction.atomic
def _commit(outcomes: list[Outcome], lease: StepLease, message: str) -> set[str]:
    """Put the files on record and end the step, unless something arrived meanwhile.

    Returns the keys of files that are no longer on record.
    """
    replaced: set[str] = set()
    for outcome in outcomes:
        recording = Recording.objects.select_for_update().get(pk=outcome.recording.pk)
        sums = sum_up(recording)
        if sums != outcome.seen:
            raise StillArrivingError
        # Only now: a chunk that was sent again meanwhile is sound.
        mark_damaged(outcome.faults)
        replaced.update(recording.assets.values_list("key", flat=True))
        _write_assets(recording, outcome.files)
        recording.state = (
            RecordingState.ASSEMBLED if outcome.files else RecordingState.EMPTY
        )
        recording.holes = outcome.gaps
        recording.captured_ms = sums.captured_ms
        recording.stored_ms = sums.stored_ms
        recording.save(update_fields=["state", "holes", "captured_ms", "stored_ms"])
    if not lease.finish(StepState.DONE, message):
        raise StepLostError(lease.step_id)
    return replaced


def _write_assets(recording: Recording, files: tuple[StoredFile, ...]) -> None:
    """Replace the rows; a part that stays a part keeps its address."""
    written = []
    for file in files:
        values = {name: getattr(file, name) for name in _ASSET_FIELDS}
        asset, _is_new = Asset.objects.update_or_create(
            recording=recording, kind=file.kind, part=file.part, defaults=values
        )
        written.append(asset.pk)
    recording.assets.exclude(pk__in=written).delete()


_ASSET_FIELDS = (
    "key",
    "mime_type",
    "size",
    "sha256",
    "start_ms",
    "duration_ms",
    "width",
    "height",
    "codecs",
)


def _describe(outcomes: list[Outcome]) -> str:
    seconds = sum(file.duration_ms for one in outcomes for file in one.files) // 1000
    gaps = sum(len(one.gaps) for one in outcomes)
    values = {"minutes": seconds // 60, "seconds": f"{seconds % 60:02}", "gaps": gaps}
    if gaps:
        return _("%(minutes)s:%(seconds)s assembled, gaps: %(gaps)s.") % values
    return _("%(minutes)s:%(seconds)s assembled, without gaps.") % values
