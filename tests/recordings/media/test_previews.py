"""Preview pictures, their index and the waveform, made while packets are copied."""

import io
import re
from pathlib import Path

import av
import pytest

from recordings.media.assemble import AssembledFile
from recordings.media.pictures import PER_SHEET, fit, write_index
from recordings.media.rendition import transcode
from recordings.media.tracks import Container
from tests.recordings.media.recorded import (
    assemble_into,
    cut,
    decode_all,
    record,
    segment,
)

SECONDS = 30


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AssembledFile]:
    """Half a minute, dark and silent until a flash and a tone at 25 seconds."""
    folder = tmp_path_factory.mktemp("made")
    data = record(seconds=SECONDS, mark_ms=25_000)
    assembly, sinks = assemble_into(folder, segment(cut(data)))
    return sinks[0].path, assembly.files[0]


def test_a_picture_stands_for_every_ten_seconds(
    made: tuple[Path, AssembledFile],
) -> None:
    previews = made[1].previews

    [sheet] = previews.sheets
    assert previews.starts_ms == (0, 10_000, 20_000)
    with av.open(io.BytesIO(sheet), "r") as opened:
        picture = next(opened.decode(video=0))
    assert (picture.width, picture.height) == (1600, 90)


def test_waveform_shows_where_sound_is(made: tuple[Path, AssembledFile]) -> None:
    peaks = made[1].previews.peaks

    assert abs(len(peaks) - SECONDS * 10) <= 1
    assert max(peaks[:248]) <= 2
    # The tone has half of the full range, and so 127 of 255.
    assert all(100 <= peak <= 150 for peak in peaks[252:298])


def test_sound_alone_has_a_waveform_and_no_pictures(tmp_path: Path) -> None:
    assembly, _sinks = assemble_into(tmp_path, segment(cut(record(None))))

    previews = assembly.files[0].previews
    assert not previews.sheets
    assert not previews.starts_ms
    assert len(previews.peaks) >= 79


def test_picture_behind_a_hole_stands_from_its_own_time(tmp_path: Path) -> None:
    slices = cut(record(seconds=SECONDS), SECONDS)
    lost = segment(slices, without=range(8, 22))

    assembly, _sinks = assemble_into(tmp_path, lost)

    assert assembly.files[0].previews.starts_ms == (0, 20_000)


def test_index_finds_every_cell_of_every_sheet() -> None:
    starts = [number * 10_000 for number in range(PER_SHEET + 2)]

    index = write_index(starts, starts[-1] + 4321, first_sheet=3)

    assert index.startswith("WEBVTT\n\n")
    cues = re.findall(r"(\S+) --> (\S+)\n(\S+)\n", index)
    assert len(cues) == PER_SHEET + 2
    assert cues[0] == (
        "00:00:00.000",
        "00:00:10.000",
        "sprites-3.jpg#xywh=0,0,160,90",
    )
    assert cues[11][2] == "sprites-3.jpg#xywh=160,90,160,90"
    assert cues[-1] == (
        "00:16:50.000",
        "00:16:54.321",
        "sprites-4.jpg#xywh=160,0,160,90",
    )


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1280, 720), (160, 90)), ((640, 480), (120, 90)), ((720, 1280), (50, 90))],
    ids=["wide", "narrow", "upright"],
)
def test_pictures_keep_their_shape(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert fit(*size) == expected


def test_rendition_plays_elsewhere_at_the_same_times(tmp_path: Path) -> None:
    slices = cut(record(seconds=12, mark_ms=9000), 12)
    assembly, sinks = assemble_into(tmp_path, segment(slices, without=[4]))
    target = tmp_path / "rendition.mp4"

    with sinks[0].open() as source:
        transcode(source, Container.WEBM, target)

    [hole] = assembly.holes
    decoded = decode_all(target)
    assert decoded.errors == 0
    assert not [at for at in decoded.times_ms if hole.start_ms < at < hole.end_ms]
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(target), "r") as opened:
        names = [stream.codec_context.name for stream in opened.streams]
        assert names == ["h264", "aac"]
        assert abs((opened.duration or 0) / 1000 - 12_000) <= 100
        loud = next(
            frame.time
            for frame in opened.decode(audio=0)
            if max(memoryview(frame.planes[0]).cast("B").cast("f")) > 0.2
        )
    # The hole's silence is there: the tone is where the flash is.
    assert loud == pytest.approx(9.0, abs=0.05)
