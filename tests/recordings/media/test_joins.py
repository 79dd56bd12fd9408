"""Segments joined to files: equal codecs share one, on the interview clock."""

from pathlib import Path

import pytest

from recordings.media.segments import HoleReason
from tests.recordings.media.checks import assert_sound, only_file, reasons
from tests.recordings.media.recorded import (
    assemble_into,
    cut,
    decode_all,
    record,
    segment,
)

SECONDS = 8
FRAMES = SECONDS * 20


@pytest.fixture
def slices() -> list[bytes]:
    return cut(record())


def test_segments_of_equal_codecs_share_a_file_on_the_interview_clock(
    tmp_path: Path, slices: list[bytes]
) -> None:
    first = segment(slices, name="a", start_ms=-3000)
    second = segment(slices, name="b", start_ms=12_000)

    assembly, file = only_file(tmp_path, second, first)

    assert (file.start_ms, file.frame_count) == (-3000, 2 * FRAMES)
    assert abs(file.duration_ms - 23_000) <= 100
    (hole,) = assembly.holes
    assert hole.start_ms == pytest.approx(5000, abs=60)
    assert hole.end_ms == pytest.approx(12_000, abs=60)
    assert hole.reason is HoleReason.NOT_RECORDED
    times = decode_all(tmp_path / "0.webm").times_ms
    assert times[FRAMES] == pytest.approx(15_000, abs=60)


def test_swapped_track_order_maps_by_type(tmp_path: Path) -> None:
    first = segment(cut(record("libvpx")), name="a")
    second = segment(cut(record("libvpx", audio_first=True)), name="b", start_ms=9000)

    _, file = only_file(tmp_path, first, second)

    assert file.frame_count == 2 * FRAMES


def test_small_overlap_moves_the_later_segment_behind(
    tmp_path: Path, slices: list[bytes]
) -> None:
    first = segment(slices, name="a")
    second = segment(slices, name="b", start_ms=7800)

    _, file = only_file(tmp_path, first, second)

    assert file.frame_count == 2 * FRAMES
    assert abs(file.duration_ms - 16_000) <= 100


def test_large_overlap_drops_the_doubled_stretch(
    tmp_path: Path, slices: list[bytes]
) -> None:
    first = segment(slices, name="a")
    second = segment(slices, name="b", start_ms=5000)

    _, file = only_file(tmp_path, first, second)

    assert abs(file.duration_ms - 13_000) <= 100
    assert file.frame_count < 2 * FRAMES


def test_segments_of_other_codecs_become_files_of_their_own(tmp_path: Path) -> None:
    vp9 = segment(cut(record()), name="a")
    vp8 = segment(cut(record("libvpx")), name="b", start_ms=9000)
    mp4 = segment(
        cut(record("libx264", "aac", container="mp4")), name="c", start_ms=20_000
    )

    assembly, sinks = assemble_into(tmp_path, vp9, vp8, mp4)

    for file, sink in zip(assembly.files, sinks, strict=True):
        assert_sound(file, sink)
        assert abs(file.duration_ms - SECONDS * 1000) <= 100
    assert [file.video_codec for file in assembly.files] == ["vp9", "vp8", "h264"]
    assert [file.start_ms for file in assembly.files] == [0, 9000, 20_000]


def test_camera_lost_keeps_the_sound_in_the_same_file(tmp_path: Path) -> None:
    first = segment(cut(record()), name="a")
    sound = segment(cut(record(None)), name="b", start_ms=8100, duration_ms=8000)
    again = segment(cut(record()), name="c", start_ms=16_500)

    assembly, file = only_file(tmp_path, first, sound, again)

    (hole,) = assembly.holes
    assert hole.reason is HoleReason.NO_VIDEO
    assert (hole.start_ms, hole.end_ms) == pytest.approx((8000, 16_500), abs=60)
    assert abs(file.duration_ms - 24_500) <= 100


def test_sound_only_is_an_audio_file(tmp_path: Path) -> None:
    _, file = only_file(tmp_path, segment(cut(record(None))))

    assert (file.mime, file.video_codec, file.frame_count) == ("audio/webm", None, 0)
    assert abs(file.duration_ms - SECONDS * 1000) <= 100


def test_pause_of_a_sound_is_not_recorded(tmp_path: Path) -> None:
    sound = cut(record(None, seconds=2), 2)
    assembly, _ = only_file(
        tmp_path, segment(sound), segment(sound, name="b", start_ms=5000)
    )
    assert reasons(assembly) == [HoleReason.NOT_RECORDED]


def test_reopened_interview_starts_a_new_file(
    tmp_path: Path, slices: list[bytes]
) -> None:
    first = segment(slices, name="a")
    next_day = segment(slices, name="b", start_ms=24 * 3600 * 1000)

    assembly, _ = assemble_into(tmp_path, first, next_day)

    assert [file.start_ms for file in assembly.files] == [0, 24 * 3600 * 1000]
