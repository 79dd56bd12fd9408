"""Assembly of whole and damaged recordings: what a recruiter can watch afterwards."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from recordings.media import assemble as assemble_module
from recordings.media.assemble import assemble
from recordings.media.errors import IndexTooLargeError
from recordings.media.points import Point
from recordings.media.segments import ChunkInput, HoleReason, SegmentInput
from recordings.media.sinks import FileSink, Writer
from recordings.media.timeline import Hole
from recordings.media.verify import verify
from tests.recordings.media.checks import assert_sound, only_file, reasons
from tests.recordings.media.recorded import (
    KEY_SECONDS,
    assemble_into,
    chunk,
    cut,
    damaged,
    decode_all,
    record,
    segment,
)

SECONDS = 8
FRAMES = SECONDS * 20
CHUNK_MS = 1000
# A hole costs the chunk, and what is left of the cluster it ends in.
LONGEST_HOLE_MS = 2 * CHUNK_MS + KEY_SECONDS * 1000


@pytest.fixture
def slices() -> list[bytes]:
    return cut(record())


def test_whole_segment_becomes_a_seekable_file(
    tmp_path: Path, slices: list[bytes]
) -> None:
    assembly, file = only_file(tmp_path, segment(slices, last_index=7))

    assert assembly.holes == ()
    assert abs(file.duration_ms - SECONDS * 1000) <= 100
    assert file.frame_count == FRAMES
    assert (file.video_codec, file.audio_codec) == ("vp9", "opus")
    assert (file.mime, file.width, file.height) == ("video/webm", 160, 120)
    assert [path.name for path in tmp_path.iterdir()] == ["0.webm"]


def test_missing_chunk_is_cut_out_and_the_clock_stays_right(
    tmp_path: Path, slices: list[bytes]
) -> None:
    assembly, file = only_file(tmp_path, segment(slices, without=[3]))

    (hole,) = assembly.holes
    assert hole.reason is HoleReason.CHUNK_MISSING
    assert 0 < hole.end_ms - hole.start_ms <= LONGEST_HOLE_MS
    assert abs(file.duration_ms - SECONDS * 1000) <= 100
    times = decode_all(tmp_path / "0.webm").times_ms
    assert not [t for t in times if hole.start_ms <= t < hole.end_ms]
    assert times[-1] == pytest.approx(SECONDS * 1000 - 50, abs=5)


@pytest.mark.parametrize(
    "stored",
    [lambda data: data[: len(data) // 2], lambda data: data[:-1] + b"!"],
    ids=["truncated", "flipped"],
)
def test_damaged_chunk_counts_as_absent(
    tmp_path: Path, slices: list[bytes], stored: Callable[[bytes], bytes]
) -> None:
    broken = damaged(segment(slices), 4, stored(slices[4]))

    assembly, file = only_file(tmp_path, broken)

    assert reasons(assembly) == [HoleReason.CHUNK_DAMAGED]
    assert abs(file.duration_ms - SECONDS * 1000) <= 100


def test_first_chunk_lost_with_its_header_kept_loses_only_the_start(
    tmp_path: Path, slices: list[bytes]
) -> None:
    assembly, file = only_file(tmp_path, segment(slices, without=[0]))

    (hole,) = assembly.holes
    assert (hole.start_ms, hole.reason) == (0, HoleReason.CHUNK_MISSING)
    assert hole.end_ms <= LONGEST_HOLE_MS
    assert decode_all(tmp_path / "0.webm").times_ms[0] == hole.end_ms
    assert abs(file.duration_ms - SECONDS * 1000) <= 100


def test_first_chunk_lost_without_header_is_reported_and_the_rest_is_kept(
    tmp_path: Path, slices: list[bytes]
) -> None:
    headless = replace(
        segment(slices, without=[0], name="a", duration_ms=8000), header=None
    )
    whole = segment(slices, name="b", start_ms=10_000)

    assembly, file = only_file(tmp_path, headless, whole)

    (hole,) = assembly.lost
    assert (hole.start_ms, hole.end_ms) == (0, 8000)
    assert hole.reason is HoleReason.HEADER_MISSING
    assert file.start_ms == 10_000


def test_lost_tail_plays_to_its_end(tmp_path: Path, slices: list[bytes]) -> None:
    assembly, file = only_file(tmp_path, segment(slices[:5]))

    assert assembly.holes == ()
    assert file.duration_ms < SECONDS * 1000


def test_lost_tail_is_a_hole_when_the_client_told_the_end(
    tmp_path: Path, slices: list[bytes]
) -> None:
    told = segment(slices[:5], last_index=7, duration_ms=8000)

    assembly, file = only_file(tmp_path, told)

    (hole,) = assembly.holes
    assert (hole.end_ms, hole.reason) == (8000, HoleReason.CHUNK_MISSING)
    assert hole.start_ms == pytest.approx(file.duration_ms, abs=100)


def test_many_holes_leave_what_is_between_them(
    tmp_path: Path,
) -> None:
    slices = cut(record(seconds=20), 20)

    assembly, file = only_file(tmp_path, segment(slices, without=[2, 3, 9, 15]))

    assert reasons(assembly) == [HoleReason.CHUNK_MISSING] * 3
    assert abs(file.duration_ms - 20_000) <= 100


def test_chunks_out_of_order_and_twice_are_read_once(
    tmp_path: Path, slices: list[bytes]
) -> None:
    whole = segment(slices)
    bad_copy = replace(chunk(2, slices[2]), open=lambda: io.BytesIO(b"other"))
    muddled = [*reversed(whole.chunks), bad_copy, chunk(5, slices[5])]

    assembly, file = only_file(tmp_path, replace(whole, chunks=muddled))

    assert (assembly.holes, file.frame_count) == ((), FRAMES)


def test_chunk_whose_object_is_gone_is_a_hole(
    tmp_path: Path, slices: list[bytes]
) -> None:
    def gone() -> io.BytesIO:
        raise FileNotFoundError

    whole = segment(slices)
    chunks = [replace(c, open=gone) if c.index == 3 else c for c in whole.chunks]

    assembly, _ = only_file(tmp_path, replace(whole, chunks=chunks))

    assert reasons(assembly) == [HoleReason.CHUNK_MISSING]


def test_storage_failure_ends_the_attempt_and_leaves_nothing(
    tmp_path: Path, slices: list[bytes]
) -> None:
    def unreachable() -> io.BytesIO:
        raise ConnectionError("storage is away")

    whole = segment(slices)
    chunks = [replace(c, open=unreachable) if c.index == 3 else c for c in whole.chunks]

    with pytest.raises(ConnectionError):
        assemble_into(tmp_path, replace(whole, chunks=chunks))

    assert list(tmp_path.iterdir()) == []


def test_mp4_with_a_hole_is_cut_at_fragments(tmp_path: Path) -> None:
    slices = cut(record("libx264", "aac", container="mp4"))

    assembly, file = only_file(tmp_path, segment(slices, without=[3]))

    assert reasons(assembly) == [HoleReason.CHUNK_MISSING]
    assert (file.mime, file.video_codec) == ("video/mp4", "h264")
    data = (tmp_path / "0.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_garbage_that_passes_its_hash_costs_only_itself(
    tmp_path: Path, slices: list[bytes]
) -> None:
    slices[3] = bytes(range(256)) * (len(slices[3]) // 256)

    assembly, sinks = assemble_into(tmp_path, segment(slices))

    (file,) = assembly.files
    assert abs(file.duration_ms - SECONDS * 1000) <= 100
    with sinks[0].open() as finished:
        verify(finished, file)


def test_absurd_times_are_left_out(tmp_path: Path) -> None:
    frame = "a3 85 81 0000 80 00"
    far = bytes.fromhex(f"1f43b675 91 e7 88 0fffffffffffffff {frame}")

    _, file = only_file(tmp_path, segment([record(), far]))

    assert abs(file.duration_ms - SECONDS * 1000) <= 100


@pytest.mark.parametrize(
    "segments",
    [
        [],
        [SegmentInput("empty", 0, [])],
        [SegmentInput("html", 0, [chunk(0, b"<html>" * 100)])],
    ],
    ids=["nothing", "no chunks", "no recording"],
)
def test_nothing_recorded_gives_no_file(
    tmp_path: Path, segments: list[SegmentInput]
) -> None:
    assembly, _ = assemble_into(tmp_path, *segments)

    assert assembly.files == ()
    assert list(tmp_path.iterdir()) == []


def test_header_without_any_picture_is_lost_not_failed(
    tmp_path: Path, slices: list[bytes]
) -> None:
    only_header = segment(slices, without=range(1, 8), duration_ms=8000)
    assert only_header.header is not None
    bare = replace(only_header, chunks=[chunk(0, only_header.header)])

    assembly, _ = assemble_into(tmp_path, bare)

    assert assembly.files == ()
    assert [hole.reason for hole in assembly.lost] == [HoleReason.UNREADABLE]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("container", "name", "other"),
    [("webm", b"V_VP9", b"V_XYZ"), ("mp4", b"mp4a", b"m\xb74a")],
)
def test_segment_that_no_file_can_hold_costs_only_itself(
    tmp_path: Path, container: str, name: bytes, other: bytes
) -> None:
    codecs = ("libvpx-vp9", "libopus") if container == "webm" else ("libx264", "aac")
    good = record(*codecs, seconds=2, container=container)
    odd = cut(good.replace(name, other), 2)
    whole = segment(cut(good, 2))

    assembly, file = only_file(
        tmp_path, whole, segment(odd, start_ms=3000, duration_ms=2000)
    )

    assert abs(file.duration_ms - 2000) <= 100
    assert assembly.lost == (Hole(3000, 5000, HoleReason.UNREADABLE),)


def test_names_in_a_header_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    data = record(seconds=2)
    odd = data.replace(b"ENCODER", b"\xff\xfeCODER")
    assert odd != data

    assembly, file = only_file(tmp_path, segment(cut(odd, 2)))

    assert (file.frame_count, assembly.holes) == (40, ())


def test_sound_is_kept_where_no_key_frame_came(tmp_path: Path) -> None:
    slices = cut(record("libvpx", key_seconds=20))

    assembly, file = only_file(tmp_path, segment(slices, without=[0]))

    assert (file.mime, file.video_codec, file.width) == ("audio/webm", None, 0)
    assert abs(file.duration_ms - SECONDS * 1000) <= 100
    lost, unseen = assembly.holes
    assert (lost.start_ms, lost.reason) == (0, HoleReason.CHUNK_MISSING)
    assert 0 < lost.end_ms < 3000
    assert unseen == Hole(lost.end_ms, file.duration_ms, HoleReason.NO_VIDEO)


class CountingSink(FileSink):
    """Knows how often its file was begun."""

    attempts = 0

    def begin(self) -> Writer:
        self.attempts += 1
        return super().begin()


@pytest.fixture
def _small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble_module, "SMALLEST_INDEX", 64)
    monkeypatch.setattr(assemble_module, "INDEX_BYTES_PER_SECOND", 0)


@pytest.mark.usefixtures("_small_index")
def test_index_that_outgrows_its_room_gets_more(
    tmp_path: Path, slices: list[bytes]
) -> None:
    sink = CountingSink(tmp_path / "0.webm")

    assembly = assemble([segment(slices)], lambda number, extension: sink)

    assert sink.attempts > 1
    assert_sound(assembly.files[0], sink)


@pytest.mark.usefixtures("_small_index")
def test_index_beyond_every_room_fails_and_leaves_nothing(
    tmp_path: Path, slices: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble_module, "LARGEST_INDEX", 64)

    with pytest.raises(IndexTooLargeError):
        assemble_into(tmp_path, segment(slices))

    assert list(tmp_path.iterdir()) == []


def test_every_chunk_is_told_of_in_its_turn(
    tmp_path: Path, slices: list[bytes]
) -> None:
    calls: list[str] = []

    def reading(one: ChunkInput) -> ChunkInput:
        def opened() -> io.BytesIO:
            calls.append("open")
            return io.BytesIO(slices[one.index])

        return replace(one, open=opened)

    whole = segment(slices)
    watched = replace(whole, chunks=[reading(one) for one in whole.chunks])

    assemble(
        [watched],
        lambda number, extension: FileSink(tmp_path / f"{number}.{extension}"),
        on_point=calls.append,
    )

    assert calls.count("open") == calls.count(Point.CHUNK) == len(slices)
    # One is read while another waits: no more than that is held.
    opened = seen = 0
    for call in calls:
        opened += call == "open"
        seen += call == Point.CHUNK
        assert opened - seen <= 3
    # What takes long is told of as well: whoever works on a lease prolongs it.
    assert calls[-3:] == [Point.WRITTEN, Point.PLACED, Point.READ]
