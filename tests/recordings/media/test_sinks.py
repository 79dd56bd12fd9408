"""Sinks: a local file and an S3 multipart upload hold the same bytes, or nothing."""

import io
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from recordings.media.assemble import assemble
from recordings.media.multipart import PART_SIZE, HeadPatchingWriter, MultipartSink
from recordings.media.s3 import S3Object, open_object, s3_sink
from recordings.media.sinks import FileSink
from recordings.media.verify import verify
from tests.recordings.media.recorded import cut, record, segment

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUCKET = "recordings"


class Parts:
    """Keeps the parts of an upload as the store would."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.parts: dict[int, bytes] = {}
        self.completed: list[tuple[int, str]] = []
        self.aborted: list[str] = []

    def create(self) -> str:
        return "upload"

    def upload_part(self, upload: str, number: int, body: bytearray) -> str:
        self.order.append(number)
        self.parts[number] = bytes(body)
        return f"tag-{number}"

    def complete(self, upload: str, tags: Sequence[tuple[int, str]]) -> None:
        self.completed = list(tags)

    def abort(self, upload: str) -> None:
        self.aborted.append(upload)

    def joined(self) -> bytes:
        return b"".join(data for _, data in sorted(self.parts.items()))


def sink_over(parts: Parts, part_size: int = 100) -> MultipartSink:
    return MultipartSink(parts, lambda: io.BytesIO(parts.joined()), part_size=part_size)


@pytest.mark.parametrize("size", [1, 99, 100, 101, 250, 300, 1000])
def test_patched_head_goes_up_last_in_equal_parts(size: int) -> None:
    data = random.Random(size).randbytes(size)
    parts = Parts()
    sink = sink_over(parts)

    writer = sink.begin()
    for start in range(0, size, 7):
        writer.write(data[start : start + 7])
    writer.seek(0)
    writer.write(b"H")
    writer.seek(0, io.SEEK_END)
    sink.commit()

    assert parts.joined() == b"H" + data[1:]
    assert [len(parts.parts[number]) for number in sorted(parts.parts)][:-1] == [
        100
    ] * ((size - 1) // 100)
    assert parts.order[-1] == 1
    assert [number for number, _ in parts.completed] == sorted(parts.parts)


def test_write_back_into_a_sent_part_is_refused() -> None:
    writer = HeadPatchingWriter(lambda _number, _body: None, 100)
    writer.write(b"x" * 350)
    writer.seek(150)

    with pytest.raises(io.UnsupportedOperation):
        writer.write(b"y")
    writer.close()


def test_second_attempt_drops_the_parts_of_the_first() -> None:
    parts = Parts()
    sink = sink_over(parts)
    sink.begin().write(b"a" * 500)
    sink.begin().write(b"b" * 50)
    parts.parts.clear()

    sink.commit()

    assert parts.aborted == ["upload"]
    assert parts.joined() == b"b" * 50


def test_part_that_is_refused_fails_the_file_and_aborts_the_upload() -> None:
    class Refusing(Parts):
        def upload_part(self, upload: str, number: int, body: bytearray) -> str:
            if number == 3:
                raise ConnectionError("the store is away")
            return super().upload_part(upload, number, body)

    parts = Refusing()
    sink = sink_over(parts)
    writer = sink.begin()

    with pytest.raises(ConnectionError):
        writer.write(b"x" * 1000)
    sink.abort()

    assert parts.aborted == ["upload"]
    assert sorted(parts.parts) == [2]


def test_nothing_written_is_never_committed(tmp_path: Path) -> None:
    parts = Parts()
    sink = sink_over(parts)
    sink.begin()
    with pytest.raises(ValueError, match="nothing"):
        sink.commit()
    sink.abort()
    with pytest.raises(ValueError, match="begin"):
        FileSink(tmp_path / "a").commit()


def test_file_sink_replaces_only_on_commit(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    sink = FileSink(path)
    sink.begin().write(b"old")
    sink.commit()

    sink.begin().write(b"half")
    assert path.read_bytes() == b"old"
    sink.abort()
    sink.abort()

    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def client(endpoint: str) -> Iterator["S3Client"]:
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


def big_segments() -> list[bytes]:
    """Enough for several parts, from one noisy-sized recording repeated as bytes."""
    return cut(record(seconds=8, width=640, height=360, bit_rate=4_000_000))


@pytest.mark.long
def test_s3_object_equals_the_file_byte_for_byte(
    tmp_path: Path, client: "S3Client"
) -> None:
    slices = big_segments()
    segments = [
        segment(slices, name=f"{n}", start_ms=n * 9000, last_index=7) for n in range(3)
    ]
    disk = assemble(segments, lambda n, ext: FileSink(tmp_path / f"{n}.{ext}"))

    stored = assemble(
        segments, lambda n, ext: s3_sink(client, BUCKET, f"{n}.{ext}", f"video/{ext}")
    )

    assert disk == stored
    assert stored.files[0].size > 2 * PART_SIZE
    head = client.head_object(Bucket=BUCKET, Key="0.webm")
    assert head["ContentType"] == "video/webm"
    with open_object(client, BUCKET, "0.webm") as finished:
        assert finished.read() == (tmp_path / "0.webm").read_bytes()
        verify(finished, stored.files[0])
    assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET)


def test_failed_assembly_leaves_no_upload_behind(client: "S3Client") -> None:
    def lost() -> io.BytesIO:
        raise ConnectionError

    slices = big_segments()
    whole = segment(slices)
    broken = whole.chunks[-1].__class__(7, 1, "0", lost)
    again = segment(slices, name="b", start_ms=9000)
    third = segment(slices, name="c", start_ms=18_000)
    third = third.__class__("c", 18_000, [*third.chunks[:7], broken], third.header)

    with pytest.raises(ConnectionError):
        assemble(
            [whole, again, third],
            lambda n, ext: s3_sink(client, BUCKET, f"failed.{ext}", f"video/{ext}"),
        )

    assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET)
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix="failed")
    assert listed["KeyCount"] == 0


def test_s3_object_is_read_by_ranges(client: "S3Client") -> None:
    data = random.Random(1).randbytes(10_000)
    client.put_object(Bucket=BUCKET, Key="ranges", Body=data)

    source = S3Object(client, BUCKET, "ranges")

    source.seek(-100, io.SEEK_END)
    assert source.read(1000) == data[-100:]
    assert source.read(1) == b""
    source.seek(5000)
    assert source.read(10) == data[5000:5010]
    assert source.tell() == 5010


def test_s3_object_that_cannot_be_read_fails_like_a_file(client: "S3Client") -> None:
    client.put_object(Bucket=BUCKET, Key="taken", Body=b"0" * 100)
    source = S3Object(client, BUCKET, "taken")
    client.delete_object(Bucket=BUCKET, Key="taken")
    with pytest.raises(OSError, match="could not be read"):
        source.read(10)
