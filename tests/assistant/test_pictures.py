"""What is kept of a pasted picture: the picture, and nothing else."""

import zlib

import pytest

from assistant.pictures import LONG_EDGE, clean_picture
from interviews.workspace.images import read_picture
from tests.assistant.samples import (
    LOSSLESS,
    SECRET,
    canvas,
    chunk,
    jpeg,
    png,
    riff,
    segment,
    webp,
)


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        (png(40, 20, chunk(b"tEXt", SECRET)) + SECRET, png()),
        (jpeg(segment(0xE1, SECRET), segment(0xFE, SECRET)) + SECRET, jpeg()),
        (
            webp(canvas(0x1C), LOSSLESS, riff(b"EXIF", SECRET)) + SECRET,
            webp(canvas(0x10), LOSSLESS),
        ),
    ],
    ids=["png", "jpeg", "webp"],
)
def test_picture_loses_everything_that_does_not_draw_it(
    dirty: bytes, clean: bytes
) -> None:
    found = clean_picture(dirty)
    assert found is not None
    assert found.data == clean
    assert (found.width, found.height) == (40, 20)
    assert read_picture(found.data) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a" + b"\x10\0\x10\0" + b"\0" * 20,
        png()[:-20],
        png().replace(b"IDAT", b"IDAU"),
        png()[:60] + b"\0" + png()[61:],
        png(LONG_EDGE + 1, 1),
        jpeg()[:-2],
        jpeg()[:40],
        b"\xff\xd8" + segment(0xC0, b"\x08\0\x14\0\x28\x01\x01\x11\0") + b"\xff\xd9",
        webp(canvas(0x12), LOSSLESS),
        webp(canvas(0), riff(b"EXIF", SECRET)),
        webp(LOSSLESS)[:-6],
    ],
    ids=[
        "nothing",
        "svg",
        "html",
        "gif",
        "png cut off",
        "png without data",
        "png damaged",
        "png too wide",
        "jpeg without an end",
        "jpeg cut off",
        "jpeg without a scan",
        "webp animated",
        "webp without a picture",
        "webp cut off",
    ],
)
def test_picture_is_refused(data: bytes) -> None:
    assert clean_picture(data) is None


def test_picture_that_unpacks_to_more_than_any_may_hold_is_refused() -> None:
    packed = zlib.compress(b"\0" * (LONG_EDGE * (LONG_EDGE * 8 + 1) * 2 + 1))
    bomb = png(40, 20, chunk(b"IDAT", packed))
    assert len(bomb) < 100_000
    assert clean_picture(bomb) is None
