"""What assembling a recording costs, beside merely uploading the same bytes.

`python -m bench.recordings.assembly --minutes 60`. Chunks of ten seconds at 2.5 Mbit/s
lie in a bucket of moto, in a process of its own; assembling reads them, checks their
hashes, remuxes, makes pictures and waveform and uploads, all through one server. The
baseline is boto3's `upload_fileobj` of the finished file, without threads. Three times
are given: until the file is in its place without and with pictures and waveform, and
with reading it back for its hash. With ffmpeg on the path, a copy by it on the disk is
measured too. A machine that is busy otherwise gives lower ratios: reading, sending and
decoding run beside one another here.
"""

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from bench.figures import Figure, compare, keep
from bench.processes import answers, serve, wait_until
from bench.recordings.samples import write_chunks
from bench.recordings.worker import BUCKET, CHUNKS, LIST, connect
from recordings.media.assemble import assemble
from recordings.media.segments import SegmentInput
from recordings.media.sinks import FileSink

MINUTES = 10
ROUNDS = 3


@dataclass(frozen=True)
class Run:
    """One round of both."""

    bare: float
    placed: float
    whole: float
    upload: float
    peak_mib: float


def measure(minutes: int = MINUTES, rounds: int = ROUNDS) -> list[Figure]:
    """Assemble a recording of so many minutes, from and into a bucket and on disk."""
    with tempfile.TemporaryDirectory() as folder:
        chunks = Path(folder) / "chunks"
        chunks.mkdir()
        segment = write_chunks(chunks, minutes * 60)
        finished = _assemble_on_disk(segment, Path(folder))
        with _bucket(segment, Path(folder) / "moto.log") as endpoint:
            runs = [_run(endpoint, finished) for _ in range(rounds + 1)][1:]
        return [
            *_figures(runs, minutes, finished.stat().st_size),
            *_beside_ffmpeg(segment, Path(folder), minutes),
        ]


def _assemble_on_disk(segment: SegmentInput, folder: Path) -> Path:
    path = folder / "finished.webm"
    assemble([segment], lambda _number, _extension: FileSink(path))
    return path


@contextmanager
def _bucket(segment: SegmentInput, log: Path) -> Iterator[str]:
    port = _free_port()
    arguments = ["-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with serve(arguments, port, {}, log=log) as server:
        wait_until(server, partial(answers, f"{server.url}/moto-api/"))
        client = connect(server.url)
        client.create_bucket(Bucket=BUCKET)
        for chunk in segment.chunks:
            client.put_object(
                Bucket=BUCKET, Key=f"{CHUNKS}{chunk.index}", Body=chunk.open().read()
            )
        listed = {
            "header": (segment.header or b"").hex(),
            "duration_ms": segment.duration_ms,
            "chunks": [(chunk.size, chunk.sha256) for chunk in segment.chunks],
        }
        client.put_object(Bucket=BUCKET, Key=LIST, Body=json.dumps(listed).encode())
        yield server.url
        client.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _run(endpoint: str, finished: Path) -> Run:
    bare = _work(endpoint, "remux")
    theirs = _work(endpoint, "upload", str(finished))
    ours = _work(endpoint, "assemble")
    return Run(
        bare["placed"],
        ours["placed"],
        ours["whole"],
        theirs["whole"],
        ours["peak_mib"],
    )


def _work(*arguments: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.recordings.worker", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


def _figures(runs: list[Run], minutes: int, size: int) -> list[Figure]:
    """Ratios are rates: 0.8 means that we take 1.25 times as long."""
    baseline = "upload_fileobj of the same bytes, one thread"
    upload = median(run.upload for run in runs)
    peak = max(run.peak_mib for run in runs)
    note = f"{size / 1e6:.0f} MB, ratio of rates; peak memory {peak:.0f} MiB"
    kinds = (
        ("without pictures and waveform", [run.bare for run in runs]),
        ("until the file is in its place", [run.placed for run in runs]),
        ("with reading it back for its hash", [run.whole for run in runs]),
    )
    return [
        Figure(
            f"{minutes} min of recording assembled in a bucket, {kind}",
            baseline,
            median(times),
            upload,
            median(run.upload / time for run, time in zip(runs, times, strict=True)),
            note,
        )
        for kind, times in kinds
    ]


def _beside_ffmpeg(segment: SegmentInput, folder: Path, minutes: int) -> list[Figure]:
    program = shutil.which("ffmpeg")
    if program is None:
        print("ffmpeg -c copy: left out, there is no ffmpeg on the path")
        return []
    joined = folder / "joined.webm"
    with joined.open("wb") as target:
        for chunk in segment.chunks:
            target.write(chunk.open().read())
    command = [program, "-v", "error", "-y", "-i", str(joined), "-c", "copy"]
    command += ["-cues_to_front", "1", str(folder / "ffmpeg.webm")]

    def copy_ourselves() -> None:
        _assemble_on_disk(segment, folder)

    def let_it_copy() -> None:
        subprocess.run(command, check=True)

    return [
        compare(
            f"{minutes} min of recording assembled on disk, with pictures and waveform",
            copy_ourselves,
            baseline="ffmpeg -c copy, cues in front",
            run_baseline=let_it_copy,
        )
    ]


def main() -> None:
    """Measure as asked, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=MINUTES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    figures = measure(given.minutes, given.rounds)
    for figure in figures:
        print(figure.line())
    keep(figures)


if __name__ == "__main__":
    main()
