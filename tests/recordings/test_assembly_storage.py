"""Assembly from and into a bucket, and keys that lead nowhere."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings

from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.enums import RecordingState
from recordings.models import Chunk, Recording
from recordings.storage import StorageError, get_store, scratch_folder
from tests.factories.interviews import InterviewFactory
from tests.recordings.conftest import Browser, end, let_in, slices_of_recording
from tests.recordings.media.recorded import decode_all
from tests.recordings.steps import assemble, playable

BUCKET = "recordings"


@pytest.fixture
def bucket(settings: Settings) -> Iterator[str]:
    """A store that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings.MEDIA_S3_ENDPOINT_URL = f"http://{host}:{port}"
    settings.MEDIA_S3_BUCKET = BUCKET
    settings.MEDIA_S3_ACCESS_KEY = settings.MEDIA_S3_SECRET_KEY = "testing"
    client = boto3.client(
        "s3",
        endpoint_url=settings.MEDIA_S3_ENDPOINT_URL,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket=BUCKET)
    yield settings.MEDIA_S3_ENDPOINT_URL
    client.close()
    server.stop()


def test_bucket_holds_chunks_and_finished_files(
    bucket: str, browser: Browser, interview: Interview, media: Path
) -> None:
    slices = slices_of_recording(seconds=12, count=6)
    browser.send(slices, without=(3,))
    end(interview)
    store = get_store()
    left_over = f"{interview.organisation_id}/{interview.pk}/assets/dead-0.webm"
    sink = store.small(left_over, "video/webm")
    sink.begin().write(b"left behind")
    sink.commit()

    assemble(interview)
    with pytest.raises(FileNotFoundError):
        store.open(left_over)
    assert browser.put(3, slices[3]).status_code == 201
    first = playable(interview)[0]
    step = assemble(interview)

    assert step.message == "0:12 assembled, without gaps."
    assert not media.exists()
    [asset] = playable(interview)
    with store.open(asset.key) as finished:
        assert decode_all(finished).errors == 0
    with pytest.raises(FileNotFoundError):
        store.open(first.key)
    with store.open(Chunk.objects.get(index=3).key) as chunk:
        assert chunk.read() == slices[3]


def test_vanished_object_is_a_gap(
    bucket: str, browser: Browser, interview: Interview
) -> None:
    browser.send(slices_of_recording(seconds=12, count=6))
    end(interview)
    get_store().delete(Chunk.objects.get(index=2).key)

    assemble(interview)

    [gap] = interview.recordings.get().holes
    assert gap["reason"] == "chunk_missing"


def test_store_that_refuses_asks_the_page_to_try_again(
    bucket: str, browser: Browser, settings: Settings
) -> None:
    browser.open()
    settings.MEDIA_S3_BUCKET = "no-such-bucket"
    assert browser.put(1, b"bytes").status_code == 503
    with pytest.raises(StorageError):
        get_store().sweep("1/2", set())


def test_key_that_leads_out_of_the_folder_is_refused() -> None:
    with pytest.raises(ValueError, match="out of the media folder"):
        get_store().open("../secret")


def test_other_interviews_are_left_alone(
    browser: Browser, interview: Interview
) -> None:
    other = InterviewFactory.create(state=InterviewState.ACTIVE)
    foreign = Browser(let_in(Client(), other), other)
    for one in (browser, foreign):
        one.send(slices_of_recording())
        end(one.interview)
    assemble(other)
    assemble(interview)
    assert len(playable(other)) == len(playable(interview)) == 1
    with get_store().open(playable(other)[0].key) as finished:
        assert decode_all(finished).errors == 0
    assert Recording.objects.filter(state=RecordingState.ASSEMBLED).count() == 2


def test_scratch_of_a_job_killed_long_ago_goes(media: Path) -> None:
    root = media.parent / "scratch"
    for name in ("rendition-7-killed", "rendition-8-running"):
        (root / name).mkdir(parents=True)
        (root / name / "rendition.mp4").write_bytes(b"half")
    os.utime(root / "rendition-7-killed", (0, 0))

    with scratch_folder("another") as scratch:
        names = {path.name for path in root.iterdir()}
        assert names == {"rendition-8-running", scratch.name}
