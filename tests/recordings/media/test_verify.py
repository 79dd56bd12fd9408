"""Verification refuses what a player could not show; the poster is a real picture."""

import io
from dataclasses import replace
from pathlib import Path

import av
import pytest

from recordings.media.assemble import AssembledFile
from recordings.media.errors import VerificationError
from recordings.media.tracks import Container
from recordings.media.verify import poster, verify
from tests.recordings.media.recorded import assemble_into, cut, record, segment


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, AssembledFile]:
    assembly, sinks = assemble_into(tmp_path, segment(cut(record())))
    return sinks[0].path, assembly.files[0]


def test_good_file_is_sought_in_its_middle(
    finished: tuple[Path, AssembledFile],
) -> None:
    path, file = finished
    with path.open("rb") as source:
        checked = verify(source, file)

    assert checked.size == path.stat().st_size
    assert checked.sought_ms is not None
    assert 2000 <= checked.sought_ms <= 4050


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 1}, "size"),
        ({"duration_ms": 9000}, "length"),
    ],
    ids=["size", "length"],
)
def test_file_unlike_its_record_is_refused(
    finished: tuple[Path, AssembledFile], change: dict[str, int], message: str
) -> None:
    path, file = finished
    expected = AssembledFile(**{**vars(file), **change})
    with path.open("rb") as source, pytest.raises(VerificationError, match=message):
        verify(source, expected)


def test_raw_recording_is_refused(
    tmp_path: Path, finished: tuple[Path, AssembledFile]
) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(record())
    expected = replace(finished[1], size=len(record()))
    with raw.open("rb") as source, pytest.raises(VerificationError, match="index"):
        verify(source, expected)


def test_overwritten_middle_is_refused(finished: tuple[Path, AssembledFile]) -> None:
    path, file = finished
    data = bytearray(path.read_bytes())
    data[12_000:] = bytes(len(data) - 12_000)
    path.write_bytes(data)
    with path.open("rb") as source, pytest.raises(VerificationError):
        verify(source, file)


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(160, 120, (160, 120)), (1280, 720, (640, 360))],
    ids=["small stays", "large shrinks"],
)
def test_poster_is_a_jpeg_that_decodes(
    tmp_path: Path, width: int, height: int, expected: tuple[int, int]
) -> None:
    data = record(seconds=4, width=width, height=height)
    assembly, sinks = assemble_into(tmp_path, segment(cut(data)))
    with sinks[0].open() as source:
        picture = poster(source, assembly.files[0].container)

    assert picture is not None
    assert picture[:3] == b"\xff\xd8\xff"
    (tmp_path / "poster.jpg").write_bytes(picture)
    with av.open(str(tmp_path / "poster.jpg")) as opened:
        frame = next(opened.decode(video=0))
    assert (frame.width, frame.height) == expected


def test_file_nobody_can_open_has_no_poster() -> None:
    assert poster(io.BytesIO(b"no recording at all"), Container.WEBM) is None


def test_sound_has_no_poster(tmp_path: Path) -> None:
    assembly, sinks = assemble_into(tmp_path, segment(cut(record(None))))
    with sinks[0].open() as source:
        assert poster(source, assembly.files[0].container) is None
