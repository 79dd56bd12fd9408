"""Doctor's trial of the store: works on each, and says how to mend what does not."""

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from interviewlm.store_trial import check_store
from recordings.storage import MediaStore
from tests.recordings.stores.servers import S3Server
from tests.recordings.stores.test_stores import keys


def test_trial_passes_and_leaves_nothing(store: MediaStore) -> None:
    found = check_store()
    assert (found.status, found.mend) == ("ok", "")
    assert keys(store, "") == []


def test_trial_uploads_by_signed_address_on_the_direct_route(
    swift_store: MediaStore, settings: Settings
) -> None:
    settings.MEDIA_UPLOAD_ROUTE = "direct"
    found = check_store()
    assert (found.status, "CORS" in found.message) == ("warning", True)
    assert keys(swift_store, "") == []


@pytest.mark.parametrize(
    ("setting", "value", "mend"),
    [
        ("MEDIA_S3_SECRET_KEY", "wrong", "Check MEDIA_S3_ACCESS_KEY"),
        ("MEDIA_S3_ACCESS_KEY", "test:nobody", "Check MEDIA_S3_ACCESS_KEY"),
        ("MEDIA_S3_BUCKET", "no-such-bucket", "Make the bucket"),
    ],
    ids=["secret", "key", "bucket"],
)
def test_refused_trial_says_what_to_mend(
    swift_store: MediaStore, settings: Settings, setting: str, value: str, mend: str
) -> None:
    setattr(settings, setting, value)
    found = check_store()
    assert found.status == "failed"
    assert found.mend.startswith(mend)


def test_server_that_is_away(
    moto_store: MediaStore, moto_server: S3Server, settings: Settings
) -> None:
    settings.MEDIA_S3_ENDPOINT_URL = "http://127.0.0.1:1"
    found = check_store()
    assert found.status == "failed"
    assert found.mend.startswith("Check MEDIA_S3_ENDPOINT_URL")


def test_folder_that_cannot_be_written(settings: Settings, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"")
    settings.MEDIA_ROOT = in_the_way / "media"
    found = check_store()
    assert found.status == "failed"
    assert found.mend == "Let the process write to MEDIA_ROOT."
