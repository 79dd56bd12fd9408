"""What every assembled file must be, whatever happened to its chunks."""

import hashlib
from pathlib import Path

from recordings.media.assemble import AssembledFile, Assembly
from recordings.media.segments import HoleReason, SegmentInput
from recordings.media.sinks import FileSink
from recordings.media.verify import has_index_in_front, verify
from tests.recordings.media.recorded import assemble_into, decode_all


def only_file(folder: Path, *segments: SegmentInput) -> tuple[Assembly, AssembledFile]:
    """Assemble to one file and hold it to what every file must be."""
    assembly, sinks = assemble_into(folder, *segments)
    (file,) = assembly.files
    assert_sound(file, sinks[0])
    return assembly, file


def assert_sound(file: AssembledFile, sink: FileSink) -> None:
    data = sink.path.read_bytes()
    assert (file.size, file.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    decoded = decode_all(sink.path)
    assert (decoded.errors, decoded.frames) == (0, file.frame_count)
    with sink.open() as finished:
        checked = verify(finished, file)
    assert abs(checked.duration_ms - file.duration_ms) <= 100
    if file.container == "webm":
        with sink.open() as finished:
            assert has_index_in_front(finished)


def reasons(assembly: Assembly) -> list[HoleReason]:
    return [hole.reason for hole in assembly.holes]
