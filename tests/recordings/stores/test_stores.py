"""Disk, moto and OpenStack Swift behave alike behind the protocol."""

import hashlib
import os
import time
from datetime import timedelta
from io import IOBase
from pathlib import Path

import httpx2
import pytest
from pytest_django.fixtures import Settings

from base.bucket import make_client, read_bucket
from recordings.media.multipart import PART_SIZE
from recordings.storage import MediaStore, PresignedPut, StorageError, get_store

KEY = "7/interview/camera/segment/000000-0123456789ab"
HOUR = timedelta(hours=1)


def put(store: MediaStore, key: str, data: bytes) -> None:
    sink = store.small(key, "video/webm")
    try:
        sink.begin().write(data)
        sink.commit()
    finally:
        sink.abort()


def start_large(store: MediaStore, key: str) -> None:
    """What a killed worker leaves: an upload nobody finished."""
    bucket = read_bucket()
    if bucket is None:
        writer = store.large(key, "video/webm").begin()
        writer.write(b"x" * 1000)
        assert isinstance(writer, IOBase)
        writer.close()
        return
    client = make_client(bucket)
    upload = client.create_multipart_upload(Bucket=bucket.name, Key=key)["UploadId"]
    client.upload_part(
        Bucket=bucket.name, Key=key, UploadId=upload, PartNumber=2, Body=b"x" * 1000
    )


def keys(store: MediaStore, prefix: str) -> list[str]:
    return [stored.key for stored in store.list_objects(prefix)]


class TestEveryStore:
    """What assembly, uploads and playback rely on."""

    def test_small_object_is_kept_read_and_gone(self, store: MediaStore) -> None:
        put(store, KEY, b"0123456789")
        assert store.stat(KEY).size == 10
        with store.open(KEY) as source:
            source.seek(4)
            assert source.read(3) == b"456"
        stream = store.stream(KEY)
        assert stream.read() == b"0123456789"
        stream.close()

        store.delete(KEY)
        store.delete(KEY)
        for ask in (store.stat, store.open, store.stream):
            with pytest.raises(FileNotFoundError):
                ask(KEY)

    def test_large_file_is_written_in_parts_head_last(self, store: MediaStore) -> None:
        sink = store.large(KEY, "video/webm")
        writer = sink.begin()
        for number in range(11):
            writer.write(bytes([number]) * (PART_SIZE // 4))
        writer.seek(0)
        writer.write(b"head")
        assert keys(store, "7") == []
        sink.commit()

        assert store.stat(KEY).size == 11 * (PART_SIZE // 4)
        with sink.open() as finished:
            assert finished.read(6) == b"head\0\0"
            finished.seek(-1, os.SEEK_END)
            assert finished.read() == b"\x0a"

    def test_dropped_upload_leaves_nothing(self, store: MediaStore) -> None:
        sink = store.large(KEY, "video/webm")
        sink.begin().write(b"x" * (2 * PART_SIZE + 1))
        sink.abort()
        assert keys(store, "") == []
        assert store.abort_unfinished(timedelta(0), is_dry=True) == []

    def test_listing_knows_folders_and_prefixes(self, store: MediaStore) -> None:
        for key in ("1/a/assets/x", "1/b/assets/y", "12/c/assets/z"):
            put(store, key, b"data")
        assert store.list_folders("") == ["1", "12"]
        assert store.list_folders("1") == ["a", "b"]
        assert keys(store, "1") == ["1/a/assets/x", "1/b/assets/y"]
        assert keys(store, "3") == store.list_folders("3") == []

    def test_sweep_removes_all_but_what_is_kept(self, store: MediaStore) -> None:
        for key in ("1/a/one", "1/a/two", "1/ab/three"):
            put(store, key, b"data")
        start_large(store, "1/a/killed")

        store.sweep("1/a", {"1/a/two"})

        assert keys(store, "1") == ["1/a/two", "1/ab/three"]
        assert store.abort_unfinished(timedelta(0), is_dry=True) == []

    def test_unfinished_write_is_dropped_once_it_is_old(
        self, store: MediaStore, media: Path
    ) -> None:
        start_large(store, KEY)
        for path in media.rglob(".part-*"):
            os.utime(path, (0, 0))

        [found] = store.abort_unfinished(timedelta(0), is_dry=True)
        assert found.startswith("7/interview/camera/segment/")
        assert store.abort_unfinished(timedelta(0), is_dry=False) == [found]
        assert store.abort_unfinished(timedelta(0), is_dry=True) == []


def test_write_under_way_is_left_alone_on_disk() -> None:
    start_large(get_store(), KEY)
    assert get_store().abort_unfinished(HOUR, is_dry=False) == []


@pytest.mark.long
def test_upload_under_way_is_left_alone(swift_store: MediaStore) -> None:
    # moto dates every upload to 2010.
    start_large(swift_store, KEY)
    assert swift_store.abort_unfinished(HOUR, is_dry=False) == []


def test_disk_has_no_addresses() -> None:
    store = get_store()
    assert store.presign_get(KEY, expires=HOUR) is None
    signed = store.presign_put(
        KEY, size=1, sha256="0" * 64, content_type="video/webm", expires=HOUR
    )
    assert signed is None


DATA = b"ten seconds of video"


def sign(
    store: MediaStore, data: bytes = DATA, expires: timedelta = HOUR
) -> PresignedPut:
    signed = store.presign_put(
        KEY,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        content_type="video/webm",
        expires=expires,
    )
    assert signed is not None
    return signed


def send(signed: PresignedPut, data: bytes) -> int:
    answer = httpx2.request(
        signed.method, signed.url, headers=dict(signed.headers), content=data
    )
    return answer.status_code


class TestSignedAddresses:
    """Swift holds a signed address to every word of it; moto would take anything."""

    def test_signed_put_stores_these_bytes(self, swift_store: MediaStore) -> None:
        signed = sign(swift_store)
        assert send(signed, DATA) == 200
        assert send(signed, DATA) == 200
        assert swift_store.stat(KEY).size == len(DATA)

    @pytest.mark.parametrize(
        "data",
        [b"TEN seconds of video", DATA + b"!", DATA[:-1]],
        ids=["other bytes", "longer", "shorter"],
    )
    def test_other_bytes_are_refused(
        self, swift_store: MediaStore, data: bytes
    ) -> None:
        assert send(sign(swift_store), data) in {400, 403}
        assert keys(swift_store, "") == []

    def test_changed_address_is_refused(self, swift_store: MediaStore) -> None:
        signed = sign(swift_store)
        elsewhere = PresignedPut(
            signed.url.replace("/interview/", "/another-one/"), "PUT", signed.headers
        )
        unnamed = PresignedPut(signed.url, "PUT", {"Content-Type": "video/webm"})
        assert send(elsewhere, DATA) == send(unnamed, DATA) == 403
        assert keys(swift_store, "") == []

    def test_late_put_is_refused(self, swift_store: MediaStore) -> None:
        signed = sign(swift_store, expires=timedelta(seconds=1))
        while send(signed, DATA) == 200:
            time.sleep(0.2)
        assert send(signed, DATA) == 403

    def test_signed_get_gives_ranges_under_a_name(
        self, swift_store: MediaStore
    ) -> None:
        put(swift_store, KEY, b"0123456789")
        address = swift_store.presign_get(
            KEY, expires=HOUR, filename="Ada – 1.webm", content_type="video/webm"
        )
        assert address is not None
        answer = httpx2.get(address, headers={"Range": "bytes=2-4"})
        assert (answer.status_code, answer.content) == (206, b"234")
        assert answer.headers["Content-Type"] == "video/webm"
        assert "filename*=UTF-8''Ada%20" in answer.headers["Content-Disposition"]
        changed = address.replace("/camera/", "/screen/")
        assert httpx2.get(changed).status_code == 403

    def test_part_below_five_mebibytes_is_refused(
        self, swift_store: MediaStore
    ) -> None:
        bucket = read_bucket()
        assert bucket is not None
        client = make_client(bucket)
        upload = client.create_multipart_upload(Bucket=bucket.name, Key=KEY)["UploadId"]
        parts = [
            {
                "PartNumber": number,
                "ETag": client.upload_part(
                    Bucket=bucket.name,
                    Key=KEY,
                    UploadId=upload,
                    PartNumber=number,
                    Body=b"x" * 1000,
                )["ETag"],
            }
            for number in (1, 2)
        ]
        with pytest.raises(client.exceptions.ClientError, match="EntityTooSmall"):
            client.complete_multipart_upload(
                Bucket=bucket.name,
                Key=KEY,
                UploadId=upload,
                MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
            )
        assert swift_store.abort_unfinished(timedelta(0), is_dry=False) == [KEY]

    def test_wrong_key_is_a_failure_of_the_store(
        self, swift_store: MediaStore, settings: Settings
    ) -> None:
        settings.MEDIA_S3_SECRET_KEY = "wrong"
        with pytest.raises(StorageError):
            put(get_store(), KEY, DATA)
