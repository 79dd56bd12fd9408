"""Which bytes a browser is asked to draw."""

import struct

import pytest

from interviews.workspace.images import Picture, read_picture

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480)
JPEG = (
    b"\xff\xd8\xff\xe0"
    + struct.pack(">H", 16)
    + b"\0" * 14
    + b"\xff\xff\xc2"
    + struct.pack(">HBHH", 11, 8, 480, 640)
)


def webp(kind: bytes, body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I4s4sI", 40, b"WEBP", kind, len(body)) + body


VP8X = webp(
    b"VP8X", b"\0" * 4 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little")
)
VP8L = webp(b"VP8L", b"\x2f" + struct.pack("<I", 639 | 479 << 14))
VP8 = webp(b"VP8 ", b"\0" * 3 + b"\x9d\x01\x2a" + struct.pack("<HH", 640, 480))


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (PNG, "image/png"),
        (GIF, "image/gif"),
        (JPEG, "image/jpeg"),
        (VP8X, "image/webp"),
        (VP8L, "image/webp"),
        (VP8, "image/webp"),
    ],
    ids=["png", "gif", "jpeg", "webp", "webp lossless", "webp lossy"],
)
def test_picture_is_known_by_its_first_bytes(data: bytes, content_type: str) -> None:
    assert read_picture(data + b"\0" * 50) == Picture(content_type, 640, 480)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script>",
        PNG[:18],
        GIF[:8],
        JPEG[:9],
        b"\xff\xd8\xff\xe0\x00\x00" * 20,
        b"\xff\xd8\xff" + b"\xff" * 100,
        webp(b"VP9 ", b"\0" * 30),
        VP8L[:22],
        PNG[:16] + struct.pack(">II", 50_000, 50_000),
        PNG[:16] + struct.pack(">II", 0, 480),
        GIF[:6] + struct.pack("<HH", 65_535, 65_535),
    ],
    ids=[
        "nothing",
        "svg",
        "html",
        "cut png",
        "cut gif",
        "cut jpeg",
        "jpeg of empty parts",
        "jpeg of padding",
        "unknown webp",
        "cut webp",
        "huge",
        "flat",
        "huge gif",
    ],
)
def test_everything_else_is_no_picture(data: bytes) -> None:
    assert read_picture(data) is None
