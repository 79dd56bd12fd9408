"""Pasted pictures by their bytes: only what draws them is kept, the rest is refused.

What a file claims to be does not count. The parts that make up a PNG, JPEG or WebP
picture are written into a new file; places, names, previews, animations and whatever
else was in it, or behind its end, are left out. Nothing here unpacks more than a
picture of the allowed size holds.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from interviews.workspace.images import read_picture

LONG_EDGE = 1568
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
# Tables, frames and scans, how often to start anew, and Adobe's word on colours.
_JPEG_KEPT = {0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xEE}
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2}
_WEBP_KEPT = {b"VP8X", b"ALPH", b"VP8 ", b"VP8L"}
_WEBP_ALPHA = 0x10
_WEBP_ANIMATED = 0x02


@dataclass(frozen=True)
class CleanPicture:
    """A picture as it is kept, sent on and shown; sides in pixels."""

    content_type: str
    data: bytes
    width: int
    height: int


def clean_picture(data: bytes) -> CleanPicture | None:
    """Return the picture with nothing else in it, or None for what is none we take.

    Its longer side may have LONG_EDGE pixels.
    """
    cleaners = {
        "image/png": _clean_png,
        "image/jpeg": _clean_jpeg,
        "image/webp": _clean_webp,
    }
    found = read_picture(data)
    if found is None or found.content_type not in cleaners:
        return None
    if max(found.width, found.height) > LONG_EDGE:
        return None
    try:
        clean = cleaners[found.content_type](data)
    except (struct.error, IndexError, ValueError, zlib.error):
        return None
    return CleanPicture(found.content_type, clean, found.width, found.height)


def _clean_png(data: bytes) -> bytes:
    parts, packed, names = [_PNG], b"", []
    for name, body, raw in _png_chunks(data):
        if name in _PNG_KEPT:
            parts.append(raw)
            names.append(name)
        if name == b"IDAT":
            packed += body
    if names[0] != b"IHDR" or names.count(b"IHDR") != 1 or not packed:
        raise ValueError("not the chunks of a picture")
    _check_packed(packed)
    return b"".join(parts)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield name, content and all of each chunk up to the end of the picture."""
    at, name = len(_PNG), b""
    while name != b"IEND":
        (length,) = struct.unpack_from(">I", data, at)
        name = data[at + 4 : at + 8]
        end = at + 12 + length
        (check,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(data[at + 4 : end - 4]) != check:
            raise ValueError("a chunk is damaged")
        yield name, data[at + 8 : end - 4], data[at:end]
        at = end


def _check_packed(packed: bytes) -> None:
    """Unpack no more than the largest picture holds: 8 bytes a pixel, one a line."""
    unpacker = zlib.decompressobj()
    most = LONG_EDGE * (LONG_EDGE * 8 + 1) * 2
    unpacker.decompress(packed, most)
    if not unpacker.eof:
        raise ValueError("more, or less, than a picture")


def _clean_jpeg(data: bytes) -> bytes:
    parts, markers = [b"\xff\xd8"], []
    for marker, raw in _jpeg_segments(data):
        if marker in _JPEG_KEPT:
            parts.append(raw)
            markers.append(marker)
    is_picture = _JPEG_FRAMES & set(markers) and 0xDA in markers
    if not is_picture:
        raise ValueError("not the segments of a picture")
    return b"".join([*parts, b"\xff\xd9"])


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the segments with their markers, a scan with its data, up to the end."""
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no segment begins here")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xD9:
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        end = at + 2 + max(2, length)
        if marker == 0xDA:
            end = _end_of_scan(data, end)
        if end > len(data):
            raise ValueError("a segment is cut off")
        yield marker, data[at:end]
        at = end


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the next marker stands that is no part of the scan's data."""
    while True:
        at = data.index(b"\xff", at)
        following = data[at + 1]
        if following != 0 and not 0xD0 <= following <= 0xD7:
            return at
        at += 2


def _clean_webp(data: bytes) -> bytes:
    (size,) = struct.unpack_from("<I", data, 4)
    end = 8 + size
    if end > len(data):
        raise ValueError("the file is cut off")
    at, parts, names = 12, [], []
    while at < end:
        name = data[at : at + 4]
        (length,) = struct.unpack_from("<I", data, at + 4)
        body = data[at + 8 : at + 8 + length]
        if len(body) != length:
            raise ValueError("a chunk is cut off")
        at += 8 + length + length % 2
        if name in _WEBP_KEPT:
            names.append(name)
            parts.append(_webp_chunk(name, body))
    if names.count(b"VP8 ") + names.count(b"VP8L") != 1:
        raise ValueError("not one picture")
    content = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def _webp_chunk(name: bytes, body: bytes) -> bytes:
    if name == b"VP8X":
        if body[0] & _WEBP_ANIMATED:
            raise ValueError("an animation")
        body = bytes([body[0] & _WEBP_ALPHA]) + body[1:]
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
