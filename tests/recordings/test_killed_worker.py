"""A worker killed at any point of an assembly: the next gives the same, and no litter."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings

from base.clock import now
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, PipelineStep
from interviews.pipeline import next_step, run_step
from recordings.enums import RecordingState
from recordings.media.points import Point
from recordings.models import Asset
from tests.factories.interviews import InterviewFactory
from tests.recordings.conftest import Browser, end, let_in, slices_of_recording
from tests.recordings.media.recorded import cut, record
from tests.recordings.steps import asset_files, playable, step_of

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ROOT = Path(__file__).parents[2]
BUCKET = "recordings"
# Where a worker is killed, and how often it comes by there before.
EVERYWHERE = [
    *((point, 0) for point in Point if point is not Point.CHUNK),
    (Point.CHUNK, 0),
    (Point.CHUNK, 3),
]
# In the middle of a file, and before the rows are kept.
SOME = [(Point.CHUNK, 2), (Point.RECORDED, 0)]


def recorded(slices: Sequence[bytes], segments: int = 1) -> Interview:
    """An ended interview with so many segments of these slices."""
    interview: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    client = let_in(Client(), interview)
    for number in range(segments):
        browser = Browser(client, interview)
        assert browser.open(started_ms=number * 9000).status_code == 201
        for index, data in enumerate(slices):
            assert browser.put(index, data, duration_ms=1000).status_code == 201
        assert browser.close(len(slices)).status_code == 200
    return end(interview)


def kill_workers(
    deaths: Sequence[tuple[PipelineStep, Point, int]], **changed: Any
) -> None:
    """Have each step done by a worker of its own, and each worker killed."""
    plan = {
        "database": str(connection.settings_dict["NAME"]),
        "settings": {
            "VAR_DIR": str(django_settings.VAR_DIR),
            "MEDIA_ROOT": str(django_settings.MEDIA_ROOT),
            **changed,
        },
        "workers": [(step.pk, point, passes) for step, point, passes in deaths],
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.recordings.assembly_child"],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [signal.SIGKILL] * len(deaths)


def take_over(step: PipelineStep) -> PipelineStep:
    """What another worker does once the dead one's lease is over."""
    if step.state == StepState.RUNNING:
        assert next_step(step.interview_id) is None
        PipelineStep.objects.filter(pk=step.pk).update(
            lease_until=now() - timedelta(seconds=1)
        )
    run_step(step.pk)
    return step_of(step.interview)


def kill_and_take_over(
    slices: Sequence[bytes],
    deaths: Sequence[tuple[Point, int]],
    *,
    segments: int = 1,
    look: Callable[[], None] = lambda: None,
    **changed: Any,
) -> None:
    """Every death gives what an undisturbed worker gives; `look` before that."""
    undisturbed = recorded(slices, segments)
    run_step(step_of(undisturbed).pk)
    expected = [asset.sha256 for asset in assets_of(undisturbed)]
    assert len(expected) == 5
    interviews = [recorded(slices, segments) for _death in deaths]
    steps = [step_of(interview) for interview in interviews]
    kill_workers(
        [(step, *death) for step, death in zip(steps, deaths, strict=True)], **changed
    )
    look()
    for interview, (point, _passes) in zip(interviews, deaths, strict=True):
        is_recorded = point is Point.COMMITTED
        assert bool(playable(interview)) == is_recorded
        step = take_over(step_of(interview))

        assert step.state == StepState.DONE
        assert step.attempts == (1 if is_recorded else 2)
        recording = interview.recordings.get()
        assert recording.state == RecordingState.ASSEMBLED
        assert [asset.sha256 for asset in assets_of(interview)] == expected


def assets_of(interview: Interview) -> list[Asset]:
    found = Asset.objects.filter(recording__interview=interview)
    return list(found.order_by("kind", "part"))


def assert_no_litter(media: Path) -> None:
    assert asset_files(media) == set(Asset.objects.values_list("key", flat=True))
    scratch = media.parent / "scratch"
    assert not scratch.exists() or not list(scratch.iterdir())


@pytest.mark.django_db(transaction=True)
def test_killed_assembly_is_taken_over(media: Path) -> None:
    kill_and_take_over(slices_of_recording(), SOME)
    assert_no_litter(media)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_assembly_killed_anywhere_is_taken_over(media: Path) -> None:
    kill_and_take_over(slices_of_recording(), EVERYWHERE)
    assert_no_litter(media)


@pytest.fixture
def bucket(settings: Settings) -> Iterator["S3Client"]:
    """A store that speaks S3, and somebody who looks into it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings.MEDIA_S3_ENDPOINT_URL = f"http://{host}:{port}"
    settings.MEDIA_S3_BUCKET = BUCKET
    settings.MEDIA_S3_ACCESS_KEY = settings.MEDIA_S3_SECRET_KEY = "testing"
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=settings.MEDIA_S3_ENDPOINT_URL,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()
    server.stop()


def uploads_under_way(client: "S3Client") -> int:
    return len(client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_assembly_killed_amid_an_upload_leaves_none(
    bucket: "S3Client", settings: Settings
) -> None:
    # Three parts of 5 MiB: at the last chunks one of them is stored.
    slices = cut(record(seconds=8, width=640, height=360, bit_rate=4_000_000))
    there = {
        name: getattr(settings, name)
        for name in (
            "MEDIA_S3_BUCKET",
            "MEDIA_S3_ENDPOINT_URL",
            "MEDIA_S3_ACCESS_KEY",
            "MEDIA_S3_SECRET_KEY",
        )
    }
    deaths = [(Point.CHUNK, 22), (Point.WRITTEN, 0), (Point.PLACED, 0)]

    def look() -> None:
        # The last one had its file in its place.
        assert uploads_under_way(bucket) == 2

    kill_and_take_over(slices, deaths, segments=3, look=look, **there)

    assert uploads_under_way(bucket) == 0
    keys = {item["Key"] for item in bucket.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert {key for key in keys if "/assets/" in key} == set(
        Asset.objects.values_list("key", flat=True)
    )
