"""The pipeline step that makes one seekable file (or a few) of an interview's chunks."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import Q
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
from recordings.media.assemble import assemble
from recordings.media.errors import MediaError
from recordings.media.points import Point
from recordings.media.sinks import Sink
from recordings.models import Asset, Chunk, Recording
from recordings.selectors import Sums, sum_up
from recordings.services.inputs import Faults, mark_damaged, segment_inputs
from recordings.services.outcome import list_gaps, list_silence
from recordings.services.products import Place, StoredFile, store_products
from recordings.services.recorded_time import record_recorded_time
from recordings.services.release import is_settled, list_kept, next_part
from recordings.services.renditions import queue_renditions
from recordings.services.watching import reach
from recordings.storage import (
    MediaStore,
    StorageError,
    asset_prefix,
    get_store,
    interview_prefix,
    scratch_folder,
)

logger = logging.getLogger(__name__)

# How long a browser that closed no segment may be silent before it counts as gone.
SILENCE = timedelta(minutes=2)
# How long all browsers together are waited for; what comes later is added then.
LONGEST_WAIT = timedelta(minutes=10)
# How soon to look again: the segment may be closed any moment.
LOOK_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Outcome:
    """What became of one recording, and the arrivals it was made from.

    `kept` are the rows of earlier files whose chunks are gone.
    """

    recording: Recording
    seen: Sums
    files: tuple[StoredFile, ...]
    kept: frozenset[int]
    gaps: list[dict[str, int | str]]
    faults: Faults

    @property
    def playable(self) -> list[StoredFile]:
        """The files to be played."""
        return [file for file in self.files if file.kind == AssetKind.PLAYABLE]


def assemble_interview(interview: Interview, lease: StepLease) -> str:
    """Assemble every recording of an interview and end the step; repeatable.

    Each attempt writes under keys of its own and first removes what a killed one
    left. Rows and the step's end are one transaction, under the locks that arriving
    chunks take too: a chunk is either in the files or starts the step again. A track
    that fails does not take the other along: that one is put on record, and then the
    failure ends the attempt.
    """
    reach(Point.CLAIMED)
    recordings = list(interview.recordings.order_by("track"))
    if interview.is_preview or not any(sum_up(one).chunks for one in recordings):
        message = _("Nothing was recorded.")
        _end_empty(recordings, lease, message)
        raise StepSkippedError(message)
    _require_silence(interview, recordings, lease)
    store = get_store()
    _sweep(interview, store)
    reach(Point.SWEPT)
    settled = [one for one in recordings if is_settled(one)]
    pending = [one for one in recordings if one not in settled]
    outcomes, failures = _assemble_each(interview, pending, lease, store)
    message = _describe(outcomes)
    reach(Point.READY)
    # The chunks stay; only the files of an earlier assembly are nobody's now.
    replaced = _commit(outcomes, settled, lease, None if failures else message)
    reach(Point.COMMITTED)
    for key in replaced:
        _delete(store, key)
    if failures:
        raise failures[0]
    return message


def _assemble_each(
    interview: Interview,
    recordings: list[Recording],
    lease: StepLease,
    store: MediaStore,
) -> tuple[list[Outcome], list[AssemblyFailedError]]:
    outcomes: list[Outcome] = []
    failures: list[AssemblyFailedError] = []
    with scratch_folder(str(interview.pk)) as scratch:
        for recording in recordings:
            try:
                outcomes.append(
                    _assemble_one(recording, lease, store=store, scratch=scratch)
                )
            except AssemblyFailedError as error:
                failures.append(error)
    # One that is worth another try must not be given up for one that is not.
    failures.sort(key=lambda error: not error.retryable)
    return outcomes, failures


def _delete(store: MediaStore, key: str) -> None:
    """Remove a replaced file; the next assembly's sweep would do it too."""
    try:
        store.delete(key)
    except StorageError:
        logger.warning("A replaced recording file could not be removed yet")


def _lock(recordings: list[Recording]) -> list[Recording]:
    """Lock the rows in the order in which uploads do, and read them anew."""
    rows = Recording.objects.select_for_update().order_by("pk")
    return list(rows.filter(pk__in=[one.pk for one in recordings]))


@transaction.atomic
def _end_empty(recordings: list[Recording], lease: StepLease, message: str) -> None:
    """Note that nothing was recorded and end the step, unless a chunk came just now."""
    for recording in _lock(recordings):
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


def _sweep(interview: Interview, store: MediaStore) -> None:
    kept = Asset.objects.filter(recording__interview=interview)
    store.sweep(asset_prefix(interview), set(kept.values_list("key", flat=True)))
    store.sweep_abandoned(interview_prefix(interview))


def _assemble_one(
    recording: Recording, lease: StepLease, *, store: MediaStore, scratch: Path
) -> Outcome:
    seen = sum_up(recording)
    inputs, faults = segment_inputs(recording, store)
    kept = list_kept(recording)
    place = Place(
        store,
        base=f"{asset_prefix(recording.interview)}/{new_token()}",
        first_part=next_part(kept, AssetKind.PLAYABLE),
        first_sheet=next_part(kept, AssetKind.SPRITES),
    )
    sinks: dict[str, Sink] = {}

    def sink_for(number: int, extension: str) -> Sink:
        key = place.key_of(number, extension)
        sinks[key] = store.large(key, f"video/{extension}")
        return sinks[key]

    def on_point(point: Point) -> None:
        lease.renew()
        reach(point)

    try:
        assembly = assemble(inputs, sink_for, scratch=scratch, on_point=on_point)
        files = store_products(assembly.files, sinks, place, on_point)
    except MediaError as error:
        Recording.objects.filter(pk=recording.pk).update(state=RecordingState.FAILED)
        raise AssemblyFailedError(error, retryable=error.retryable) from error
    gaps = [
        *(recording.holes if kept else []),
        *list_gaps(assembly),
        *list_silence(recording, inputs, assembly),
    ]
    kept_rows = frozenset(asset.pk for asset in kept)
    return Outcome(recording, seen, tuple(files), kept_rows, gaps, faults)


@transaction.atomic
def _commit(
    outcomes: list[Outcome],
    settled: list[Recording],
    lease: StepLease,
    message: str | None,
) -> set[str]:
    """Put the files on record and end the step, unless something arrived meanwhile.

    Without a message the step goes on. Returns the keys of files that are no longer
    on record.
    """
    replaced: set[str] = set()
    locked = {
        one.pk: one for one in _lock([*settled, *(one.recording for one in outcomes)])
    }
    if not all(is_settled(locked[one.pk]) for one in settled):
        raise StillArrivingError
    for outcome in outcomes:
        recording = locked[outcome.recording.pk]
        if sum_up(recording) != outcome.seen:
            raise StillArrivingError
        # Only now: a chunk that was sent again meanwhile is sound.
        mark_damaged(outcome.faults)
        replaced |= _write_assets(recording, outcome)
        _note_outcome(recording, outcome)
        queue_renditions(recording)
    if message is None:
        lease.renew()
    elif not lease.finish(StepState.DONE, message):
        raise StepLostError(lease.step_id)
    # Last of all: others wait for the payer's account.
    for outcome in outcomes:
        record_recorded_time(locked[outcome.recording.pk])
    reach(Point.RECORDED)
    return replaced


def _note_outcome(recording: Recording, outcome: Outcome) -> None:
    has_files = outcome.files or outcome.kept
    recording.state = RecordingState.ASSEMBLED if has_files else RecordingState.EMPTY
    recording.holes = outcome.gaps
    # Counted again: a chunk found damaged is not stored.
    sums = sum_up(recording)
    recording.captured_ms, recording.stored_ms = sums.captured_ms, sums.stored_ms
    recording.assembled_at = now()
    recording.save(update_fields=_RECORDING_FIELDS)


_RECORDING_FIELDS = ["state", "holes", "captured_ms", "stored_ms", "assembled_at"]


def _write_assets(recording: Recording, outcome: Outcome) -> set[str]:
    """Replace the rows; a part that stays a part keeps its address.

    Returns the keys that are no longer on record. A rendition stays where the file it
    was made from has the same bytes as before.
    """
    before = set(recording.assets.values_list("key", flat=True))
    written = []
    for file in outcome.files:
        values: dict[str, object] = {
            name: getattr(file, name) for name in _ASSET_FIELDS
        }
        values |= {"deleted_at": None, "missing_at": None}
        asset, _is_new = Asset.objects.update_or_create(
            recording=recording, kind=file.kind, part=file.part, defaults=values
        )
        written.append(asset.pk)
    hashes = [file.sha256 for file in outcome.playable]
    made_of_these = Q(kind=AssetKind.RENDITION, source_sha256__in=hashes)
    gone = recording.assets.exclude(pk__in=[*written, *outcome.kept])
    gone.exclude(made_of_these).delete()
    return before - set(recording.assets.values_list("key", flat=True))


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
    files = [file for one in outcomes for file in one.playable]
    seconds = sum(file.duration_ms for file in files) // 1000
    if not outcomes:
        return _("Nothing new was recorded.")
    gaps = sum(len(one.gaps) for one in outcomes)
    values = {"minutes": seconds // 60, "seconds": f"{seconds % 60:02}", "gaps": gaps}
    if gaps:
        return _("%(minutes)s:%(seconds)s assembled, gaps: %(gaps)s.") % values
    return _("%(minutes)s:%(seconds)s assembled, without gaps.") % values
