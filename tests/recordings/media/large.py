"""Run as a program: assembles a large recording and prints its peak memory in KiB."""

import hashlib
import io
import sys
from pathlib import Path

import av

from recordings.media.assemble import assemble
from recordings.media.headers import read_header
from recordings.media.segments import ChunkInput, SegmentInput
from recordings.media.sinks import FileSink


def peak_kib() -> int:
    """The high-water mark of this process since it was started."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def chunk_of(path: Path, index: int) -> ChunkInput:
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return ChunkInput(index, path.stat().st_size, digest, lambda: path.open("rb"))


def main(folder: Path, target: Path) -> None:
    paths = sorted(folder.iterdir())
    header = read_header(paths[0].read_bytes())
    assert header is not None
    with av.open(io.BytesIO(paths[0].read_bytes()), "r", format="webm") as warm_up:
        next(warm_up.demux())
    segment = SegmentInput(
        "large", 0, [chunk_of(p, i) for i, p in enumerate(paths)], header.data
    )
    before = peak_kib()
    assembly = assemble([segment], lambda _number, _extension: FileSink(target))
    file = assembly.files[0]
    sys.stdout.write(f"{before} {peak_kib()} {file.duration_ms} {file.size}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
