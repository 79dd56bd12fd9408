"""How long media are kept, what is never touched, and what stays on record."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import AuditEntry
from base.clock import at_time, now
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, PipelineStep
from recordings.enums import ChunkState, RecordingState
from recordings.models import Asset, Chunk, Recording
from recordings.panels import build_receipt
from recordings.selectors import Holder, list_playable, sum_stored_bytes
from recordings.services.retention import due_at
from recordings.storage import asset_prefix, chunk_key, get_store
from recordings.tasks import expire_media
from tests.factories.interviews import InterviewFactory
from tests.factories.recordings import (
    AssetFactory,
    ChunkFactory,
    RecordingFactory,
    SegmentFactory,
)

DAY = timedelta(days=1)


def write(key: str) -> str:
    sink = get_store().small(key, "video/webm")
    sink.begin().write(b"0123456789")
    sink.commit()
    return key


def record(interview: Interview, *, chunks: int = 2) -> Recording:
    """An assembled recording whose files are there."""
    recording: Recording = RecordingFactory.create(
        interview=interview,
        state=RecordingState.ASSEMBLED,
        captured_ms=20_000,
        stored_ms=20_000,
        assembled_at=interview.ended_at,
    )
    segment = SegmentFactory.create(recording=recording, closed_at=interview.ended_at)
    for index in range(chunks):
        key = chunk_key(interview, "camera", segment.pk, index, "ab" * 32)
        ChunkFactory.create(
            segment=segment,
            index=index,
            key=write(key),
            size=10,
            start_ms=10_000 * index,
            stored_at=interview.started_at,
        )
    AssetFactory.create(
        recording=recording,
        key=write(f"{asset_prefix(interview)}/x-0.webm"),
        size=10,
        sha256="cd" * 32,
    )
    for name, position in (("assemble", 0), ("score", 1)):
        PipelineStep.objects.create(
            interview=interview, name=name, position=position, state=StepState.DONE
        )
    return recording


def ended(days_ago: float, **changes: object) -> Interview:
    at = now() - DAY * days_ago
    values = {
        "state": InterviewState.COMPLETED,
        "started_at": at - timedelta(hours=1),
        "ended_at": at,
        **changes,
    }
    made: Interview = InterviewFactory.create(**values)
    return made


def files(media: Path) -> list[str]:
    return sorted(path.name for path in media.rglob("*") if path.is_file())


def test_due_media_go_and_the_receipt_stays(media: Path, db: None) -> None:
    interview = ended(91)
    recording = record(interview)
    before = [line.value for line in build_receipt(interview)]

    expire_media()

    assert files(media) == []
    assert not (media / str(interview.organisation_id) / str(interview.pk)).exists()
    recording.refresh_from_db()
    assert recording.state == RecordingState.DELETED
    assert recording.deleted_at is not None
    assert not list_playable(interview).exists()
    assert sum_stored_bytes(Holder(interview.organisation_id, is_sample=False)) == 0
    told, digest = [line.value for line in build_receipt(interview)]
    assert told.startswith(f"{before[0]}; deleted on ")
    assert digest == before[1] == "cd" * 32
    [entry] = AuditEntry.objects.filter(action="recording.deleted_by_retention")
    assert (entry.target_id, entry.details["files"]) == (str(interview.pk), 3)
    assert entry.details["bytes"] == 30

    expire_media()
    assert AuditEntry.objects.filter(action=entry.action).count() == 1


@pytest.mark.parametrize(
    ("organisation", "assessment", "days"),
    [(90, 90, 90), (30, 90, 30), (90, 10, 10)],
    ids=["alike", "organisation's is shorter", "assessment's is shorter"],
)
def test_the_shorter_promise_holds(
    db: None, organisation: int, assessment: int, days: int
) -> None:
    interview = ended(1)
    interview.organisation.retention_days = organisation
    interview.assessment_version.retention_days = assessment
    assert interview.ended_at is not None
    assert due_at(interview) == interview.ended_at + DAY * days


@pytest.mark.parametrize(
    ("state", "step", "days_ago"),
    [
        (InterviewState.ACTIVE, StepState.DONE, 200),
        (InterviewState.COMPLETED, StepState.WAITING, 91),
        (InterviewState.COMPLETED, StepState.FAILED, 91),
        (InterviewState.COMPLETED, StepState.RUNNING, 200),
        (InterviewState.COMPLETED, StepState.DONE, 89),
    ],
    ids=["reopened", "not scored yet", "scoring failed", "being scored", "not due"],
)
def test_media_in_use_stay(
    media: Path, db: None, state: str, step: str, days_ago: float
) -> None:
    interview = ended(days_ago, state=state)
    record(interview)
    Chunk.objects.update(stored_at=now())  # chunks are not what is asked here
    PipelineStep.objects.filter(name="score").update(state=step)
    expire_media()
    assert len(files(media)) == 3
    assert not AuditEntry.objects.filter(action__startswith="recording.").exists()


def test_scoring_that_never_works_holds_media_for_a_month_only(
    media: Path, db: None
) -> None:
    record(ended(121))
    PipelineStep.objects.filter(name="score").update(state=StepState.FAILED)
    expire_media()
    assert files(media) == []


def test_killed_between_files_and_rows_is_finished_by_the_next_run(
    media: Path, db: None
) -> None:
    interview = ended(91)
    recording = record(interview)
    get_store().sweep(f"{interview.organisation_id}/{interview.pk}", ())
    expire_media()
    recording.refresh_from_db()
    assert recording.state == RecordingState.DELETED


def test_other_interviews_media_stay(media: Path, db: None) -> None:
    record(ended(91))
    kept = ended(5)
    record(kept)
    expire_media()
    names = {path.parent.parent.name for path in media.rglob("x-0.webm")}
    assert names == {str(kept.pk)}


def test_chunks_go_a_week_after_assembly(media: Path, db: None) -> None:
    interview = ended(8)
    record(interview)
    expire_media()
    assert files(media) == ["x-0.webm"]
    assert set(Chunk.objects.values_list("state", flat=True)) == {ChunkState.RELEASED}
    assert sum_stored_bytes(Holder(interview.organisation_id, is_sample=False)) == 10
    assert Asset.objects.filter(deleted_at=None).count() == 1


@pytest.mark.parametrize(
    ("days_ago", "chunk_days"), [(6, 7), (8, 9)], ids=["young", "kept longer"]
)
def test_chunks_stay_until_then(
    media: Path, db: None, settings: Settings, days_ago: float, chunk_days: int
) -> None:
    settings.MEDIA_CHUNK_DAYS = chunk_days
    record(ended(days_ago))
    expire_media()
    assert len(files(media)) == 3


def test_damaged_chunk_keeps_its_neighbours(media: Path, db: None) -> None:
    record(ended(8))
    Chunk.objects.filter(index=0).update(state=ChunkState.DAMAGED)
    expire_media()
    assert len(files(media)) == 3


@pytest.mark.parametrize("is_swept", [False, True], ids=["just now", "found before"])
def test_chunks_stay_where_the_finished_file_is_gone(
    media: Path, db: None, is_swept: bool
) -> None:
    """They are the only copy left."""
    record(ended(8))
    asset = Asset.objects.get()
    (media / asset.key).unlink()
    if is_swept:
        Asset.objects.update(missing_at=now())

    expire_media()

    assert len(files(media)) == 2
    assert set(Chunk.objects.values_list("state", flat=True)) == {ChunkState.STORED}


def test_chunks_stay_where_the_finished_file_is_cut(media: Path, db: None) -> None:
    record(ended(8))
    (media / Asset.objects.get().key).write_bytes(b"012")
    expire_media()
    assert len(files(media)) == 3


def test_command_names_what_is_due_and_deletes_when_told(
    media: Path, db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    interview = ended(91)
    record(interview)
    call_command("storage", "expire")
    assert f"{interview.pk} due since" in capsys.readouterr().out
    assert len(files(media)) == 3
    call_command("storage", "expire", "--apply", "--json")
    assert '"deleted": true' in capsys.readouterr().out
    assert files(media) == []


def test_time_of_deletion_is_now(media: Path, db: None) -> None:
    recording = record(ended(1))
    later = now() + 100 * DAY
    with at_time(later):
        expire_media()
    recording.refresh_from_db()
    assert recording.deleted_at == later
