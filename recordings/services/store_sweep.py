"""The sweep: objects no row knows, rows whose object is gone, unfinished uploads."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from base.clock import now
from interviews.models import Interview
from recordings.enums import ChunkState
from recordings.models import Asset, Chunk, UploadTicket
from recordings.storage import MediaStore, StoredObject, get_store

logger = logging.getLogger(__name__)

# Younger ones may belong to a request or an assembly that still runs.
ORPHANED_AFTER = timedelta(hours=24)
UNFINISHED_AFTER = timedelta(days=2)
# More interviews than this that nobody knows, and more than are known: the store is
# another installation's, or the database is the wrong one.
STRANGERS_AT_MOST = 20


@dataclass
class SweepReport:
    """What was found, and whether it was removed; keys name no person."""

    is_dry: bool
    objects: int = 0
    bytes: int = 0
    orphans: list[str] = field(default_factory=list)
    orphan_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    known_interviews: int = 0
    unknown_interviews: int = 0

    @property
    def is_suspicious(self) -> bool:
        """Whether the store seems to be another installation's."""
        unknown = self.unknown_interviews
        return unknown > STRANGERS_AT_MOST and unknown > self.known_interviews

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {
            "dry_run": self.is_dry,
            "objects": self.objects,
            "bytes": self.bytes,
            "orphans": self.orphans,
            "orphan_bytes": self.orphan_bytes,
            "missing": self.missing,
            "unfinished": self.unfinished,
            "suspicious": self.is_suspicious,
        }


@dataclass(frozen=True, slots=True)
class _Row:
    pk: int
    is_chunk: bool


def sweep_store(*, is_dry: bool) -> SweepReport:
    """Compare store and database, one interview at a time; repeatable.

    Removes what no row knows and is older than a day, marks rows whose object is gone,
    and drops uploads that nobody finished for two days. Looks only at what is named
    like a recording: other files of the product lie in the same place. Raises
    StorageError.
    """
    store = get_store()
    report = SweepReport(is_dry=is_dry)
    unknown: list[str] = []
    present: set[UUID] = set()
    for prefix, interview_id in _folders(store):
        present.add(interview_id)
        if Interview.objects.filter(pk=interview_id).exists():
            report.known_interviews += 1
            _compare(store, prefix, interview_id, report)
        else:
            report.unknown_interviews += 1
            unknown.append(prefix)
    for prefix in unknown:
        _remove(store, _orphans(store, prefix, set(), report), report)
    _find_lost_folders(store, present, report)
    report.unfinished = store.abort_unfinished(UNFINISHED_AFTER, is_dry=is_dry)
    _log(report)
    return report


def _folders(store: MediaStore) -> Iterator[tuple[str, UUID]]:
    """Yield the prefixes `<organisation>/<interview>`; other names are not ours."""
    for organisation in store.list_folders(""):
        if not organisation.isdecimal():
            continue
        for name in store.list_folders(organisation):
            interview_id = _as_uuid(name)
            if interview_id is not None:
                yield f"{organisation}/{name}", interview_id


def _as_uuid(name: str) -> UUID | None:
    try:
        found = UUID(name)
    except ValueError:
        return None
    return found if str(found) == name else None


def _compare(
    store: MediaStore, prefix: str, interview_id: UUID, report: SweepReport
) -> None:
    # Rows first: what is written meanwhile is younger than a day.
    rows = _rows(interview_id)
    tickets = UploadTicket.objects.filter(segment__recording__interview=interview_id)
    awaited = tickets.filter(expires_at__gt=now()).values_list("key", flat=True)
    known = {*rows, *awaited}
    seen: set[str] = set()
    orphans = list(_orphans(store, prefix, known, report, seen))
    _remove(store, orphans, report)
    for key in sorted(rows.keys() - seen):
        _note_missing(store, key, rows[key], report)


def _rows(interview_id: UUID) -> dict[str, _Row]:
    """Return what should be there, by key."""
    # What is left of a damaged chunk lies there until it is sent again.
    chunks = Chunk.objects.filter(segment__recording__interview=interview_id).exclude(
        state=ChunkState.RELEASED
    )
    assets = Asset.objects.filter(
        recording__interview=interview_id, deleted_at__isnull=True
    )
    return {
        **{key: _Row(pk, is_chunk=True) for key, pk in chunks.values_list("key", "pk")},
        **{
            key: _Row(pk, is_chunk=False) for key, pk in assets.values_list("key", "pk")
        },
    }


def _orphans(
    store: MediaStore,
    prefix: str,
    known: set[str],
    report: SweepReport,
    seen: set[str] | None = None,
) -> Iterator[StoredObject]:
    latest: datetime = now() - ORPHANED_AFTER
    for stored in store.list_objects(prefix):
        report.objects += 1
        report.bytes += stored.size
        if seen is not None:
            seen.add(stored.key)
        if stored.key not in known and stored.modified_at < latest:
            yield stored


def _remove(
    store: MediaStore,
    orphans: Iterator[StoredObject] | list[StoredObject],
    report: SweepReport,
) -> None:
    for stored in list(orphans):
        report.orphans.append(stored.key)
        report.orphan_bytes += stored.size
        if not report.is_dry and not report.is_suspicious:
            store.delete(stored.key)


def _note_missing(store: MediaStore, key: str, row: _Row, report: SweepReport) -> None:
    """Mark a row whose object is gone; a listing may lag behind, so it is asked for."""
    try:
        store.stat(key)
    except FileNotFoundError:
        pass
    else:
        return
    # It may have been replaced or deleted by right since the rows were read.
    if row.is_chunk:
        chunks = Chunk.objects.filter(pk=row.pk, key=key, state=ChunkState.STORED)
        found = chunks.exists()
        if not report.is_dry:
            chunks.update(state=ChunkState.DAMAGED)
    else:
        assets = Asset.objects.filter(pk=row.pk, key=key, deleted_at__isnull=True)
        found = assets.exists()
        if not report.is_dry:
            assets.filter(missing_at__isnull=True).update(missing_at=now())
    if found:
        report.missing.append(key)


def _find_lost_folders(
    store: MediaStore, present: set[UUID], report: SweepReport
) -> None:
    """Look for rows whose interview has no folder at all."""
    interviews = Interview.objects.filter(recordings__isnull=False).distinct()
    for interview in interviews.iterator(chunk_size=200):
        if interview.pk in present:
            continue
        for key, row in _rows(interview.pk).items():
            _note_missing(store, key, row, report)


def _log(report: SweepReport) -> None:
    if report.is_suspicious:
        logger.error(
            "The store holds %s interviews this database does not know; none of "
            "their objects was removed",
            report.unknown_interviews,
        )
    if report.orphans or report.missing or report.unfinished:
        logger.warning(
            "Store swept: %s orphans, %s missing, %s unfinished",
            len(report.orphans),
            len(report.missing),
            len(report.unfinished),
        )
