"""Small pictures, and such with something else in them."""

import struct
import zlib

SECRET = b"52.5200 N 13.4050 E <script>alert(1)</script>"


def chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


def png(width: int = 40, height: int = 20, *extra: bytes) -> bytes:
    """A grey picture; `extra` chunks stand before its data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *extra,
            chunk(b"IDAT", lines),
            chunk(b"IEND", b""),
        ]
    )


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg(*extra: bytes) -> bytes:
    """The segments of a picture of 40 by 20; `extra` ones come first."""
    frame = struct.pack(">BHHB", 8, 20, 40, 1) + b"\x01\x11\x00"
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    tables = segment(0xDB, b"\0" * 65) + segment(0xC4, b"\0" * 17)
    return b"".join(
        [b"\xff\xd8", *extra, tables, segment(0xC0, frame), scan, b"\xff\xd9"]
    )


def riff(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp(*chunks: bytes) -> bytes:
    content = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def canvas(flags: int) -> bytes:
    sides = (39).to_bytes(3, "little") + (19).to_bytes(3, "little")
    return riff(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


LOSSLESS = riff(b"VP8L", b"\x2f" + struct.pack("<I", 39 | 19 << 14) + b"\0" * 6)
