"""Run as a program: assembles or uploads in a bucket once, and prints how it went."""

import json
import sys
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from recordings.media.assemble import assemble
from recordings.media.points import Point
from recordings.media.s3 import open_stream, s3_sink
from recordings.media.segments import ChunkInput, SegmentInput

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUCKET = "bench"
CHUNKS = "chunks/"
LIST = "chunks.json"


def connect(endpoint: str) -> "S3Client":
    """Return a client as the product makes one."""
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    return client


def _read_list(client: "S3Client") -> SegmentInput:
    listed = json.loads(open_stream(client, BUCKET, LIST).read())
    chunks = [
        ChunkInput(
            index,
            size,
            digest,
            partial(open_stream, client, BUCKET, f"{CHUNKS}{index}"),
        )
        for index, (size, digest) in enumerate(listed["chunks"])
    ]
    return SegmentInput(
        "bench",
        0,
        chunks,
        bytes.fromhex(listed["header"]),
        last_index=len(chunks) - 1,
        duration_ms=listed["duration_ms"],
    )


def _assemble(client: "S3Client", *, has_previews: bool = True) -> dict[str, float]:
    segment = _read_list(client)
    placed: list[float] = []

    def watch(point: Point) -> None:
        if point is Point.PLACED:
            placed.append(perf_counter())

    start = perf_counter()
    made = assemble(
        [segment],
        lambda number, extension: s3_sink(
            client, BUCKET, f"file-{number}.{extension}", f"video/{extension}"
        ),
        on_point=watch,
        has_previews=has_previews,
    )
    end = perf_counter()
    return {
        "placed": placed[-1] - start,
        "whole": end - start,
        "size": made.files[0].size,
    }


def _upload(client: "S3Client", path: Path) -> dict[str, float]:
    start = perf_counter()
    with path.open("rb") as source:
        config = TransferConfig(use_threads=False)
        client.upload_fileobj(source, BUCKET, "upload", Config=config)
    return {"whole": perf_counter() - start, "size": path.stat().st_size}


def _peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main(endpoint: str, work: str, path: str = "") -> None:
    """Upload the file named, or assemble the chunks in the bucket."""
    client = connect(endpoint)
    if work == "upload":
        done = _upload(client, Path(path))
    else:
        done = _assemble(client, has_previews=work == "assemble")
    sys.stdout.write(json.dumps(done | {"peak_mib": _peak_mib()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
