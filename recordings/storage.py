"""Where chunks and finished files lie: a folder or a bucket, behind one protocol.

Keys are opaque: they start with organisation and interview and name no person.
"""

import base64
import hashlib
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from recordings.media.s3 import open_object, s3_sink
from recordings.media.sinks import FileSink, Sink, Writer

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# A temporary file this old belongs to no request that still runs.
ABANDONED_SECONDS = 60 * 60
_SPOOLED_BYTES = 1024 * 1024
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class StorageError(OSError):
    """The store refused or did not answer; the same may work later."""


class MediaStore(Protocol):
    """Objects by key. Every method raises StorageError when the store fails."""

    def small(self, key: str, content_type: str) -> Sink:
        """A sink for a few megabytes: one write, one request."""
        ...

    def large(self, key: str, content_type: str) -> Sink:
        """A sink for a file of any size, patched at its head."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Read an object, seekable. Raises FileNotFoundError when it is gone."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; harmless when there is none."""
        ...

    def sweep(self, prefix: str, keep: Collection[str]) -> None:
        """Remove everything under a prefix but `keep`, and unfinished writes."""
        ...

    def sweep_abandoned(self, prefix: str) -> None:
        """Remove unfinished writes under a prefix that are older than an hour."""
        ...


class FolderStore:
    """A folder of a local or shared disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise ValueError("a key leads out of the media folder")
        return path

    def small(self, key: str, content_type: str) -> Sink:
        """Write beside the target and move into place."""
        return FileSink(self._path(key))

    def large(self, key: str, content_type: str) -> Sink:
        """Do the same: a file takes any size."""
        return FileSink(self._path(key))

    def open(self, key: str) -> BinaryIO:
        """Open the file."""
        return self._path(key).open("rb")

    def delete(self, key: str) -> None:
        """Remove the file."""
        with _translated():
            self._path(key).unlink(missing_ok=True)

    def sweep(self, prefix: str, keep: Collection[str]) -> None:
        """Remove what is not kept; only for a prefix nobody else writes to."""
        kept = {self._path(key) for key in keep}
        with _translated():
            for path in self._files(prefix):
                if path not in kept:
                    path.unlink(missing_ok=True)

    def sweep_abandoned(self, prefix: str) -> None:
        """Remove temporary files of requests that were killed."""
        with _translated():
            for path in self._files(prefix):
                with suppress(FileNotFoundError):
                    is_old = path.stat().st_mtime < time() - ABANDONED_SECONDS
                    if path.name.startswith(".part-") and is_old:
                        path.unlink()

    def _files(self, prefix: str) -> list[Path]:
        folder = self._path(prefix)
        return [path for path in folder.rglob("*") if path.is_file()]


class PutSink:
    """Collects a small object on disk and puts it with one checked request."""

    def __init__(
        self, client: "S3Client", bucket: str, key: str, content_type: str
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._content_type = content_type
        self._file: BinaryIO | None = None

    def begin(self) -> Writer:
        """Start with nothing."""
        self.abort()
        # Closed by `commit` or `abort`.
        spooled = tempfile.SpooledTemporaryFile(_SPOOLED_BYTES)  # noqa: SIM115
        self._file = cast("BinaryIO", spooled)
        return self._file

    def commit(self) -> None:
        """Put the object; the store compares it with its MD5."""
        if self._file is None:
            raise ValueError("commit before begin")
        self._file.seek(0)
        digest = hashlib.md5(usedforsecurity=False)
        while block := self._file.read(_SPOOLED_BYTES):
            digest.update(block)
        self._file.seek(0)
        with _translated():
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=self._file,
                ContentType=self._content_type,
                ContentMD5=base64.b64encode(digest.digest()).decode("ascii"),
            )
        self.abort()

    def abort(self) -> None:
        """Forget what was collected."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def open(self) -> BinaryIO:
        """Read the object."""
        return open_object(self._client, self._bucket, self._key)


class BucketStore:
    """A bucket of an S3-compatible store."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def small(self, key: str, content_type: str) -> Sink:
        """Put with one request."""
        return PutSink(self._client, self._bucket, key, content_type)

    def large(self, key: str, content_type: str) -> Sink:
        """Upload in parts."""
        return s3_sink(self._client, self._bucket, key, content_type)

    def open(self, key: str) -> BinaryIO:
        """Read by ranges."""
        with _translated():
            return open_object(self._client, self._bucket, key)

    def delete(self, key: str) -> None:
        """Remove the object."""
        with _translated():
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def sweep(self, prefix: str, keep: Collection[str]) -> None:
        """Remove what is not kept, and abort every upload under the prefix."""
        with _translated():
            for upload_key, upload in self._uploads(prefix):
                self._abort(upload_key, upload)
            for key in list(self._keys(prefix)):
                if key not in keep:
                    self._client.delete_object(Bucket=self._bucket, Key=key)

    def sweep_abandoned(self, prefix: str) -> None:
        """Do nothing: a put is whole or nothing."""

    def _keys(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._bucket, Prefix=f"{prefix}/"):
            for item in page.get("Contents", []):
                yield item["Key"]

    def _uploads(self, prefix: str) -> list[tuple[str, str]]:
        pages = self._client.get_paginator("list_multipart_uploads")
        return [
            (item["Key"], item["UploadId"])
            for page in pages.paginate(Bucket=self._bucket, Prefix=f"{prefix}/")
            for item in page.get("Uploads", [])
        ]

    def _abort(self, key: str, upload: str) -> None:
        self._client.abort_multipart_upload(
            Bucket=self._bucket, Key=key, UploadId=upload
        )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what a store says into FileNotFoundError or StorageError."""
    try:
        yield
    except FileNotFoundError:
        raise
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _MISSING:
            raise FileNotFoundError from error
        raise StorageError from error
    except (BotoCoreError, OSError) as error:
        raise StorageError from error


@lru_cache(maxsize=4)
def _client(endpoint: str, region: str, access: str, secret: str) -> "S3Client":
    """One client per process; it is safe to share between threads."""
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=5,
        read_timeout=60,
        retries={"max_attempts": 3, "mode": "standard"},
    )
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region,
        aws_access_key_id=access or None,
        aws_secret_access_key=secret or None,
        config=config,
    )
    return client


def get_store() -> MediaStore:
    """The store the settings name."""
    if not settings.MEDIA_S3_BUCKET:
        return FolderStore(Path(settings.MEDIA_ROOT))
    client = _client(
        settings.MEDIA_S3_ENDPOINT_URL,
        settings.MEDIA_S3_REGION,
        settings.MEDIA_S3_ACCESS_KEY,
        settings.MEDIA_S3_SECRET_KEY,
    )
    return BucketStore(client, settings.MEDIA_S3_BUCKET)


@contextmanager
def scratch_folder(name: str) -> Iterator[Path]:
    """A folder for temporary files of one job; what a killed job left goes first."""
    folder = Path(settings.VAR_DIR) / "scratch" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
