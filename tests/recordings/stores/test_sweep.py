"""The sweep on every store: orphans go, lost objects are marked, the rest stays."""

import json
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from base.clock import at_time, now
from interviews.models import Interview
from recordings.enums import ChunkState
from recordings.models import Asset, Chunk, UploadTicket
from recordings.services.store_sweep import STRANGERS_AT_MOST, sweep_store
from recordings.storage import MediaStore, asset_prefix, chunk_key, get_store
from tests.factories.recordings import (
    AssetFactory,
    ChunkFactory,
    RecordingFactory,
    SegmentFactory,
)
from tests.recordings.stores.test_stores import keys, put, start_large


@pytest.fixture
def _two_days_later() -> Iterator[None]:
    with at_time(now() + timedelta(days=2, hours=1)):
        yield


def fill(store: MediaStore, interview: Interview) -> tuple[Chunk, Asset]:
    """A chunk and a finished file, as rows and as objects."""
    recording = RecordingFactory.create(interview=interview)
    segment = SegmentFactory.create(recording=recording)
    key = chunk_key(interview, "camera", segment.pk, 0, "ab" * 32)
    chunk: Chunk = ChunkFactory.create(segment=segment, key=key)
    asset: Asset = AssetFactory.create(
        recording=recording, key=f"{asset_prefix(interview)}/x-0.webm"
    )
    for row in (chunk, asset):
        put(store, row.key, b"data")
    return chunk, asset


@pytest.mark.usefixtures("_two_days_later")
def test_orphans_go_and_known_objects_stay(
    store: MediaStore, interview: Interview
) -> None:
    chunk, asset = fill(store, interview)
    released = f"{chunk.key}-released"
    ChunkFactory.create(
        segment=chunk.segment, key=released, state=ChunkState.RELEASED, index=7
    )
    awaited = f"{chunk.key}-awaited"
    UploadTicket.objects.create(
        segment=chunk.segment,
        index=8,
        size=4,
        sha256="ef" * 32,
        start_ms=0,
        duration_ms=1,
        key=awaited,
        is_direct=True,
        expires_at=now() + timedelta(minutes=5),
    )
    gone = f"{interview.organisation_id}/{uuid4()}/assets/dead-0.webm"
    foreign = ["workspaces/0f/kept", "12/notes/kept"]
    for key in (released, awaited, gone, *foreign):
        put(store, key, b"data")
    start_large(store, f"{asset_prefix(interview)}/killed-0.webm")

    looked = sweep_store(is_dry=True)
    assert set(looked.orphans) == {released, gone}
    assert len(keys(store, "")) == 7

    done = sweep_store(is_dry=False)
    assert set(done.orphans) == {released, gone}
    assert done.missing == []
    assert set(keys(store, "")) == {chunk.key, asset.key, awaited, *foreign}
    assert sweep_store(is_dry=True).orphans == []


def test_young_objects_are_left_alone(store: MediaStore, interview: Interview) -> None:
    key = f"{asset_prefix(interview)}/being-made-0.webm"
    put(store, key, b"data")
    assert sweep_store(is_dry=False).orphans == []
    assert keys(store, "") == [key]


def test_rows_without_object_are_marked(
    store: MediaStore, interview: Interview
) -> None:
    chunk, asset = fill(store, interview)
    store.delete(chunk.key)
    assert sweep_store(is_dry=True).missing == [chunk.key]
    store.delete(asset.key)
    assert set(sweep_store(is_dry=True).missing) == {chunk.key, asset.key}
    chunk.refresh_from_db()
    assert chunk.state == ChunkState.STORED

    sweep_store(is_dry=False)

    chunk.refresh_from_db()
    asset.refresh_from_db()
    assert chunk.state == ChunkState.DAMAGED
    assert asset.missing_at is not None


@pytest.mark.usefixtures("_two_days_later")
def test_store_of_another_installation_is_not_emptied(
    interview: Interview, capsys: pytest.CaptureFixture[str]
) -> None:
    store = get_store()
    fill(store, interview)
    for _number in range(STRANGERS_AT_MOST + 1):
        put(store, f"3/{uuid4()}/assets/theirs-0.webm", b"data")
    with pytest.raises(CommandError, match="another installation's"):
        call_command("storage", "sweep", "--apply")
    assert "orphans found" in capsys.readouterr().out
    assert len(keys(store, "")) == STRANGERS_AT_MOST + 3


@pytest.mark.usefixtures("_two_days_later")
def test_command_only_looks_unless_told(
    interview: Interview, capsys: pytest.CaptureFixture[str]
) -> None:
    store = get_store()
    key = f"{asset_prefix(interview)}/dead-0.webm"
    put(store, key, b"data")
    call_command("storage", "sweep", "--dry-run", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["dry_run"], told["orphans"], told["orphan_bytes"]) == (True, [key], 4)
    call_command("storage", "sweep", "--apply")
    assert "1 orphans removed" in capsys.readouterr().out
    assert keys(store, "") == []
