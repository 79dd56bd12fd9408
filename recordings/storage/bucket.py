"""Media in a bucket of an S3-compatible store."""

import base64
import hashlib
import tempfile
from binascii import Error as Base64Error
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from base.bucket import Bucket, make_client
from base.clock import now
from recordings.media.s3 import open_object, open_stream, s3_sink
from recordings.media.sinks import ByteReader, Sink, Writer
from recordings.storage.incoming import PartFile
from recordings.storage.protocol import PresignedPut, Stat, StorageError, StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_SPOOLED_BYTES = 1024 * 1024
_MISSING = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchUpload"})


class PutSink:
    """Collects a small object on disk and puts it with one checked request."""

    def __init__(self, bucket: Bucket, key: str, content_type: str) -> None:
        self._client = make_client(bucket)
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
        with translated():
            self._client.put_object(
                Bucket=self._bucket.name,
                Key=self._key,
                Body=self._file,
                ContentType=self._content_type,
                ContentMD5=base64.b64encode(digest.digest()).decode("ascii"),
                **self._bucket.write_options(),  # type: ignore[arg-type]  # all are words
            )
        self.abort()

    def abort(self) -> None:
        """Forget what was collected."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def open(self) -> BinaryIO:
        """Read the object."""
        return open_object(self._client, self._bucket.name, self._key)

    def stream(self) -> ByteReader:
        """Read the object with one request."""
        return open_stream(self._client, self._bucket.name, self._key)


class BucketStore:
    """A bucket of an S3-compatible store."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @property
    def _client(self) -> "S3Client":
        return make_client(self._bucket)

    def small(self, key: str, content_type: str) -> Sink:
        """Put with one request."""
        return PutSink(self._bucket, key, content_type)

    def large(self, key: str, content_type: str) -> Sink:
        """Upload in parts."""
        return s3_sink(
            self._client,
            self._bucket.name,
            key,
            content_type,
            options=self._bucket.write_options(),
        )

    def begin_part(self) -> None:
        """There is no disk of a bucket's."""

    def keep_part(self, part: PartFile, key: str) -> None:
        """No part is ours."""
        raise ValueError("a bucket keeps no parts")

    def open(self, key: str) -> BinaryIO:
        """Read by ranges."""
        with translated():
            return open_object(self._client, self._bucket.name, key)

    def stream(self, key: str) -> ByteReader:
        """Read with one request."""
        with translated():
            return open_stream(self._client, self._bucket.name, key)

    def stat(self, key: str) -> Stat:
        """Ask for the head, with the hash a direct upload was checked by."""
        with translated():
            head = self._client.head_object(
                Bucket=self._bucket.name, Key=key, ChecksumMode="ENABLED"
            )
        return Stat(head["ContentLength"], _as_hex(head.get("ChecksumSHA256")))

    def delete(self, key: str) -> None:
        """Remove the object."""
        with translated():
            self._client.delete_object(Bucket=self._bucket.name, Key=key)

    def list_objects(self, prefix: str) -> Iterator[StoredObject]:
        """Page through the listing."""
        pages = self._client.get_paginator("list_objects_v2")
        with translated():
            for page in pages.paginate(
                Bucket=self._bucket.name, Prefix=_as_folder(prefix)
            ):
                for item in page.get("Contents", []):
                    yield StoredObject(item["Key"], item["Size"], item["LastModified"])

    def list_folders(self, prefix: str) -> list[str]:
        """Ask for what the keys have in common up to the next slash."""
        start = _as_folder(prefix)
        pages = self._client.get_paginator("list_objects_v2")
        with translated():
            return sorted(
                item["Prefix"].removeprefix(start).rstrip("/")
                for page in pages.paginate(
                    Bucket=self._bucket.name, Prefix=start, Delimiter="/"
                )
                for item in page.get("CommonPrefixes", [])
            )

    def sweep(self, prefix: str, keep: Collection[str]) -> None:
        """Remove what is not kept, and abort every upload under the prefix."""
        self._abort_uploads(prefix, timedelta(0), is_dry=False)
        for stored in list(self.list_objects(prefix)):
            if stored.key not in keep:
                self.delete(stored.key)

    def sweep_abandoned(self, prefix: str) -> None:
        """Do nothing: a put is whole or nothing."""

    def abort_unfinished(self, older_than: timedelta, *, is_dry: bool) -> list[str]:
        """Abort what the bucket's own rule should have; MinIO lists none of them."""
        return self._abort_uploads("", older_than, is_dry=is_dry)

    def _abort_uploads(
        self, prefix: str, older_than: timedelta, *, is_dry: bool
    ) -> list[str]:
        latest = now() - older_than
        pages = self._client.get_paginator("list_multipart_uploads")
        aborted = []
        with translated():
            found = [
                (item["Key"], item["UploadId"])
                for page in pages.paginate(
                    Bucket=self._bucket.name, Prefix=_as_folder(prefix)
                )
                for item in page.get("Uploads", [])
                if not older_than or item["Initiated"] < latest
            ]
        for key, upload in found:
            if not is_dry:
                self._abort(key, upload)
            aborted.append(key)
        return aborted

    def _abort(self, key: str, upload: str) -> None:
        try:
            with translated():
                self._client.abort_multipart_upload(
                    Bucket=self._bucket.name, Key=key, UploadId=upload
                )
        except FileNotFoundError:  # finished or aborted meanwhile
            return

    def presign_put(
        self,
        key: str,
        *,
        size: int,
        sha256: str,
        content_type: str,
        expires: timedelta,
    ) -> PresignedPut | None:
        """Sign key, length, type, hash and encryption."""
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode("ascii")
        options = self._bucket.write_options()
        url = self._client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket.name,
                "Key": key,
                "ContentLength": size,
                "ContentType": content_type,
                "ChecksumSHA256": checksum,
                **options,
            },
            ExpiresIn=int(expires.total_seconds()),
            HttpMethod="PUT",
        )
        headers = {"Content-Type": content_type, "x-amz-checksum-sha256": checksum}
        for name, header in _OPTION_HEADERS.items():
            if name in options:
                headers[header] = options[name]
        return PresignedPut(url, "PUT", headers)

    def presign_get(
        self,
        key: str,
        *,
        expires: timedelta,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> str | None:
        """Sign the key and how the answer shall be labelled; ranges stay free."""
        params = {"Bucket": self._bucket.name, "Key": key}
        if filename is not None:
            params["ResponseContentDisposition"] = (
                f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
            )
        if content_type is not None:
            params["ResponseContentType"] = content_type
        return self._client.generate_presigned_url(
            "get_object",
            Params=params,
            ExpiresIn=int(expires.total_seconds()),
            HttpMethod="GET",
        )


_OPTION_HEADERS = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
}


def _as_folder(prefix: str) -> str:
    return f"{prefix}/" if prefix else ""


def _as_hex(checksum: str | None) -> str | None:
    """Hex of a base64 hash; a hash of parts ("…-3") says nothing of the whole."""
    if not checksum:
        return None
    try:
        return base64.b64decode(checksum, validate=True).hex()
    except Base64Error:
        return None


@contextmanager
def translated() -> Iterator[None]:
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
