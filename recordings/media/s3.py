"""boto3 behind the small protocols of this package."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError

from recordings.media.multipart import PART_SIZE, MultipartSink

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from typing_extensions import Buffer

READ_AHEAD = 1024 * 1024


class S3MultipartUpload:
    """Parts of one S3 object, each checked by the store against its SHA-256.

    The hash is in the signature: without a Content-MD5 the client signs the body,
    which costs a third of an MD5.
    """

    def __init__(
        self,
        client: "S3Client",
        bucket: str,
        key: str,
        content_type: str,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._content_type = content_type
        self._options = dict(options or {})

    def create(self) -> str:
        answer = self._client.create_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            ContentType=self._content_type,
            **self._options,  # type: ignore[arg-type]  # encryption: all are words
        )
        return answer["UploadId"]

    def upload_part(self, upload: str, number: int, body: bytearray) -> str:
        answer = self._client.upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=upload,
            PartNumber=number,
            Body=cast("bytes", body),  # taken as it is: no copy of the part
        )
        return answer["ETag"]

    def complete(self, upload: str, tags: Sequence[tuple[int, str]]) -> None:
        self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=upload,
            MultipartUpload={
                "Parts": [{"PartNumber": number, "ETag": tag} for number, tag in tags]
            },
        )

    def abort(self, upload: str) -> None:
        self._client.abort_multipart_upload(
            Bucket=self._bucket, Key=self._key, UploadId=upload
        )


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Reading fails as it does on a disk: whoever reads knows nothing of boto3."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise OSError("the stored object could not be read") from error


class S3Object(io.RawIOBase):
    """An object read by ranges, so that seeking costs no download."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        super().__init__()
        self._client = client
        self._bucket = bucket
        self._key = key
        head = client.head_object(Bucket=bucket, Key=key)
        self.size = head["ContentLength"]
        self.etag = head["ETag"]
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}
        self._position = max(0, base[whence] + offset)
        return self._position

    def readinto(self, buffer: "Buffer") -> int:
        target = memoryview(buffer).cast("B")
        end = min(self._position + len(target), self.size)
        if end <= self._position:
            return 0
        with _as_os_error():
            taken = self._fill(target[: end - self._position], end)
        self._position = end
        return taken

    def _fill(self, target: memoryview, end: int) -> int:
        answer = self._client.get_object(
            Bucket=self._bucket,
            Key=self._key,
            Range=f"bytes={self._position}-{end - 1}",
            IfMatch=self.etag,
        )
        taken = 0
        with closing(answer["Body"]) as body:
            while taken < len(target):
                rest = cast("IO[bytes]", target[taken:])
                count = body.readinto(rest)  # takes any buffer, whatever its stub says
                if not count:
                    raise OSError("the stored object ended early")
                taken += count
        return taken


class S3Stream:
    """An object read once, from its start, with one request."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._body = client.get_object(Bucket=bucket, Key=key)["Body"]

    def read(self, size: int = -1, /) -> bytes:
        with _as_os_error():
            return self._body.read(size if size >= 0 else None)

    def close(self) -> None:
        self._body.close()


def open_stream(client: "S3Client", bucket: str, key: str) -> S3Stream:
    """The object as a stream. Raises botocore's ClientError when it is gone."""
    return S3Stream(client, bucket, key)


def open_object(client: "S3Client", bucket: str, key: str) -> BinaryIO:
    """The object as a buffered, seekable file."""
    reader = io.BufferedReader(S3Object(client, bucket, key), READ_AHEAD)
    return cast("BinaryIO", reader)


def s3_sink(
    client: "S3Client",
    bucket: str,
    key: str,
    content_type: str,
    *,
    options: Mapping[str, str] | None = None,
    part_size: int = PART_SIZE,
) -> MultipartSink:
    """A sink for one S3 object; `options` are those of its start (encryption)."""
    return MultipartSink(
        S3MultipartUpload(client, bucket, key, content_type, options),
        lambda: open_object(client, bucket, key),
        stream=lambda: open_stream(client, bucket, key),
        part_size=part_size,
    )
