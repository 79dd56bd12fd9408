"""The default storage where media lie in a bucket."""

from collections.abc import Iterator

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer
from pytest_django.fixtures import Settings

BUCKET = "media"


@pytest.fixture
def bucket(settings: Settings) -> Iterator[ThreadedMotoServer]:
    """A store that speaks S3 behind Django's default storage."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings.MEDIA_S3_ENDPOINT_URL = f"http://{host}:{port}"
    settings.MEDIA_S3_BUCKET = BUCKET
    settings.MEDIA_S3_ACCESS_KEY = settings.MEDIA_S3_SECRET_KEY = "testing"
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "interviewlm.filestorage.BucketStorage"},
    }
    client = boto3.client(
        "s3",
        endpoint_url=settings.MEDIA_S3_ENDPOINT_URL,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket=BUCKET)
    yield server
    client.close()
    server.stop()


@pytest.mark.usefixtures("bucket")
def test_file_is_kept_in_the_bucket_and_goes() -> None:
    name = default_storage.save("workspaces/one", ContentFile(b"\0data"))
    with default_storage.open(name) as source:
        assert source.read() == b"\0data"
    again = default_storage.save("workspaces/one", ContentFile(b"other"))
    assert again != name

    default_storage.delete(name)
    default_storage.delete(name)
    assert not default_storage.exists(name)
    assert default_storage.exists(again)
    with pytest.raises(FileNotFoundError):
        default_storage.open(name)


def test_bucket_that_is_away_is_an_error_of_the_disk(
    bucket: ThreadedMotoServer, settings: Settings
) -> None:
    settings.MEDIA_S3_BUCKET = "elsewhere"
    with pytest.raises(OSError, match="bucket"):
        default_storage.save("workspaces/one", ContentFile(b"data"))
