"""Which uploaded bytes are a picture that a browser may be asked to show."""

import struct
from dataclasses import dataclass

# A small file can unpack to gigabytes; a picture this large takes 64 MB to draw.
MOST_PIXELS = 16_000_000
_JPEG_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Picture:
    """What the first bytes of a file say that it is."""

    content_type: str
    width: int
    height: int


def read_picture(data: bytes) -> Picture | None:
    """Return the PNG, JPEG, GIF or WebP picture these bytes begin, if it is not huge.

    Nothing is unpacked. Never SVG: it is a document that runs scripts.
    """
    try:
        picture = _read(data)
    except (struct.error, IndexError):
        return None
    if picture is None or not 0 < picture.width * picture.height <= MOST_PIXELS:
        return None
    return picture


def _read(data: bytes) -> Picture | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return Picture("image/png", *struct.unpack_from(">II", data, 16))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Picture("image/gif", *struct.unpack_from("<HH", data, 6))
    if data.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _read_webp(data)
    return None


def _read_jpeg(data: bytes) -> Picture | None:
    at = 2
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_STANDALONE:
            at += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return Picture("image/jpeg", width, height)
        else:
            at += 2 + max(2, struct.unpack_from(">H", data, at + 2)[0])
    return None


def _read_webp(data: bytes) -> Picture | None:
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        sides = struct.unpack_from("<HH", data, 26)
        width, height = (side & 0x3FFF for side in sides)
    else:
        return None
    return Picture("image/webp", width, height)
