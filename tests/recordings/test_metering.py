"""Storage once a day, egress as it was sent: for who pays, and never twice."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings as live_settings
from django.db import OperationalError, connection, connections
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import User
from base import detached
from base.clock import at_time
from billing.enums import Meter
from billing.models import Usage
from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.enums import AssetKind, ChunkState
from recordings.http_range import LARGEST_ANSWER
from recordings.models import Asset, Chunk
from recordings.services.byte_days import meter_storage
from recordings.services.egress import METER, EgressMeter, describe_egress
from recordings.tasks import meter_storage as meter_storage_task
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.factories.recordings import (
    AssetFactory,
    ChunkFactory,
    RecordingFactory,
    SegmentFactory,
)
from tests.recordings.conftest import Browser, end, slices_of_recording
from tests.recordings.steps import assemble

MORNING = datetime(2026, 11, 3, 0, 40, tzinfo=UTC)
SIZE = LARGEST_ANSWER + 5000
DATA = hashlib.shake_128(b"recording").digest(SIZE)


def store(interview: Interview, *, chunks: tuple[int, ...] = (700, 300)) -> None:
    """A recording with chunks, a finished file of 5000 bytes and a poster of 50."""
    recording = RecordingFactory.create(interview=interview)
    segment = SegmentFactory.create(recording=recording)
    for size in chunks:
        ChunkFactory.create(segment=segment, size=size)
    AssetFactory.create(recording=recording, size=5000)
    AssetFactory.create(recording=recording, size=50, kind=AssetKind.POSTER)


def rows(meter: str) -> list[tuple[str, str, int, bool]]:
    """Payer, reference, quantity, whether simulated."""
    found = Usage.objects.filter(meter=meter).order_by("pk")
    return list(found.values_list("payer", "reference", "quantity", "is_simulated"))


def test_stored_bytes_are_metered_once_a_day(db: None) -> None:
    interview = InterviewFactory.create()
    store(interview)

    with at_time(MORNING):
        assert meter_storage() == 1
        assert meter_storage() == 0
    with at_time(MORNING + timedelta(hours=23)):
        assert meter_storage() == 0

    usage = Usage.objects.get()
    assert (usage.meter, usage.quantity) == ("storage.byte_days", 6050)
    assert (usage.payer, usage.reference) == (str(interview.organisation_id), "")
    assert (usage.purpose, usage.day) == ("storage", MORNING.date())
    assert usage.idempotency_key == f"storage:{interview.organisation_id}:2026-11-03"


def test_recorded_time_is_what_is_stored_and_late_chunks_add_to_it(
    browser: Browser, interview: Interview
) -> None:
    slices = slices_of_recording(seconds=12, count=6)
    browser.send(slices, without=(2,))
    end(interview)
    assemble(interview)
    recording = interview.recordings.get()
    stored, missing = recording.stored_ms, recording.captured_ms - recording.stored_ms

    who = (str(interview.organisation_id), str(interview.pk))
    assert missing > 0
    assert rows(Meter.RECORDING) == [(*who, stored, False)]
    browser.put(2, slices[2])
    assemble(interview)

    assert rows(Meter.RECORDING) == [(*who, stored, False), (*who, missing, False)]
    assert {row.cost_usd for row in Usage.objects.filter(meter=Meter.RECORDING)} == {0}


def test_next_day_counts_what_is_there_then_and_missed_days_are_not_made_up(
    db: None,
) -> None:
    interview = InterviewFactory.create()
    store(interview)

    with at_time(MORNING):
        meter_storage()
    Asset.objects.filter(kind=AssetKind.POSTER).delete()
    Chunk.objects.filter(size=700).update(state=ChunkState.DAMAGED)
    with at_time(MORNING + timedelta(days=3)):
        meter_storage_task()

    days = Usage.objects.order_by("pk").values_list("day", "quantity")
    assert list(days) == [
        (MORNING.date(), 6050),
        ((MORNING + timedelta(days=3)).date(), 6000),
    ]


def test_each_organisation_pays_for_its_media_and_the_sample_is_apart(
    db: None,
) -> None:
    own, other = InterviewFactory.create_batch(2)
    sample = InterviewFactory.create(organisation=own.organisation, is_sample=True)
    store(own)
    store(InterviewFactory.create(organisation=own.organisation), chunks=(9,))
    store(sample, chunks=(1,))
    store(other, chunks=())

    assert meter_storage() == 3
    assert meter_storage() == 0

    first, second = str(own.organisation_id), str(other.organisation_id)
    assert rows(Meter.STORAGE) == [
        (first, "", 6050 + 5059, False),
        (first, "", 5051, True),
        (second, "", 5050, False),
    ]


def test_organisation_without_media_has_no_row_until_it_has_some(db: None) -> None:
    segment = SegmentFactory.create()

    with at_time(MORNING):
        assert meter_storage() == 0
        ChunkFactory.create(segment=segment, size=10)
        assert meter_storage() == 1

    assert [quantity for _p, _r, quantity, _s in rows(Meter.STORAGE)] == [10]


def test_storage_is_looked_at_every_hour() -> None:
    assert live_settings.CELERY_BEAT_SCHEDULE["recordings.meter_storage"] == {
        "task": meter_storage_task.name,
        "schedule": timedelta(hours=1),
    }


@pytest.fixture
def make_asset(media: Path) -> Callable[..., Asset]:
    """Makes a finished file of `SIZE` bytes that is really there."""

    def make(**interview: Any) -> Asset:
        made: Asset = AssetFactory.create(
            recording__interview=InterviewFactory.create(
                state=InterviewState.COMPLETED, **interview
            ),
            size=SIZE,
            sha256=hashlib.sha256(DATA).hexdigest(),
        )
        path = media / made.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(DATA)
        return made

    return make


def get(user: User, asset: Asset, method: str = "get", **headers: str) -> Any:
    client = Client()
    client.force_login(user)
    page = f"/interviews/{asset.recording.interview_id}/recordings/{asset.pk}/"
    given = client.get(f"{page}address")
    path = given.json()["url"] if given.status_code == 200 else page
    return getattr(client, method)(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@async_to_sync
async def read_whole(response: HttpResponseBase) -> int:
    """Read to the end as a server does."""
    assert isinstance(response, StreamingHttpResponse)
    return sum([len(block) async for block in response])


def test_what_was_sent_is_metered_not_what_was_asked(
    people: People, make_asset: Callable[..., Asset]
) -> None:
    asset = make_asset(organisation=people.organisation)
    interview = asset.recording.interview

    get(people.reviewer, asset, Range="bytes=0-")
    get(people.owner, asset, Range="bytes=-10")
    METER.write()
    METER.write()

    usage = Usage.objects.get()
    assert (usage.meter, usage.quantity) == ("egress.bytes", LARGEST_ANSWER + 10)
    assert (usage.payer, usage.reference, usage.group) == (
        str(people.organisation.pk),
        str(interview.pk),
        str(interview.assessment_version.assessment_id),
    )
    assert (usage.purpose, usage.provider) == ("egress", "media")


def test_answers_without_bytes_are_not_metered(
    people: People, make_asset: Callable[..., Asset], settings: Settings
) -> None:
    # Which gives large files by ranges only.
    settings.WEB_SERVER = "daphne"
    asset = make_asset(organisation=people.organisation)

    statuses = [
        get(people.owner, asset, method="head").status_code,
        get(people.owner, asset, If_None_Match=f'"{asset.sha256}"').status_code,
        get(people.owner, asset, Range=f"bytes={SIZE}-").status_code,
        get(people.owner, asset).status_code,
        get(people.finance, asset, Range="bytes=0-9").status_code,
        get(people.stranger, asset, Range="bytes=0-9").status_code,
    ]
    METER.write()

    assert statuses == [200, 304, 416, 400, 403, 404]
    assert not Usage.objects.exists()


def test_whole_file_is_metered_while_it_is_taken(
    people: People, make_asset: Callable[..., Asset], settings: Settings
) -> None:
    settings.WEB_SERVER = "uvicorn"
    response = get(people.owner, make_asset(organisation=people.organisation))
    METER.write()
    assert not Usage.objects.exists()

    assert read_whole(response) == SIZE
    METER.write()

    assert Usage.objects.get().quantity == SIZE


def test_each_interview_has_its_row_and_the_sample_is_simulated(
    people: People, make_asset: Callable[..., Asset]
) -> None:
    own = make_asset(organisation=people.organisation)
    sample = make_asset(organisation=people.organisation, is_sample=True)
    other = make_asset(organisation=people.other_organisation)

    get(people.owner, own, Range="bytes=0-9")
    get(people.owner, sample, Range="bytes=0-19")
    get(people.stranger, other, Range="bytes=0-29")
    METER.write()

    mine, theirs = str(people.organisation.pk), str(people.other_organisation.pk)
    assert rows(Meter.EGRESS) == [
        (mine, str(own.recording.interview_id), 10, False),
        (mine, str(sample.recording.interview_id), 20, True),
        (theirs, str(other.recording.interview_id), 30, False),
    ]


def test_playback_does_not_touch_the_ledger(
    people: People, make_asset: Callable[..., Asset]
) -> None:
    asset = make_asset(organisation=people.organisation)

    with CaptureQueriesContext(connection) as queries:
        get(people.owner, asset, Range="bytes=0-9")

    assert len(queries) > 0
    assert [query for query in queries if "billing_" in query["sql"]] == []


def test_what_cannot_be_written_is_kept_and_written_once(
    people: People, make_asset: Callable[..., Asset]
) -> None:
    def refuse(*_args: object) -> None:
        raise OperationalError("the database is away")

    asset = make_asset(organisation=people.organisation)
    get(people.owner, asset, Range="bytes=0-9")
    with connection.execute_wrapper(refuse):
        METER.write()
    get(people.owner, asset, Range="bytes=0-4")

    METER.write()
    METER.write()

    assert [quantity for _p, _r, quantity, _s in rows(Meter.EGRESS)] == [10, 5]


@pytest.fixture
async def _threads_let_go(transactional_db: None) -> AsyncIterator[None]:
    """Threads of the event loop must not keep their connections."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.mark.usefixtures("_threads_let_go")
async def test_egress_is_written_by_itself_and_at_shutdown() -> None:
    interview = await sync_to_async(InterviewFactory.create)()
    call = await sync_to_async(describe_egress)(interview)
    meter = EgressMeter(write_every=0)

    meter.count(call, 7)
    meter.count(call, 8)
    assert meter._writer is not None
    await asyncio.wait({meter._writer})
    METER.count(call, 100)
    await detached.shut_down()

    written = await sync_to_async(rows)(Meter.EGRESS)
    assert [quantity for _p, _r, quantity, _s in written] == [15, 100]
