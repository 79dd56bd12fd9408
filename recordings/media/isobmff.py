"""Fragmented MP4 at the byte level: the init segment and where fragments start."""

from collections.abc import Iterator
from dataclasses import dataclass

from recordings.media.errors import HeaderInvalidError
from recordings.media.tracks import AudioTrack, Container, StreamHeader, VideoTrack

HEADER_LIMIT = 64 * 1024
# The first child of a fragment is always this 16-byte box.
FRAGMENT_MARK = b"\x00\x00\x00\x10mfhd"
FRAGMENT_HEAD = 8 + len(FRAGMENT_MARK)
TRACK_BOX = bytes.fromhex("7472616b")
VIDEO_ENTRY = 78
AUDIO_ENTRY = 28

CODECS = {
    b"avc1": "h264",
    b"avc3": "h264",
    b"hvc1": "hevc",
    b"hev1": "hevc",
    b"vp08": "vp8",
    b"vp09": "vp9",
    b"av01": "av1",
    b"Opus": "opus",
    b"mp4a": "aac",
}


@dataclass(frozen=True)
class Box:
    kind: bytes
    start: int
    body: int
    end: int


def is_mp4(data: bytes) -> bool:
    return data[4:8] == b"ftyp"


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets, up to the first broken one."""
    while start + 8 <= end:
        size = int.from_bytes(data[start : start + 4], "big")
        body = start + 8
        if size == 1:
            size = int.from_bytes(data[start + 8 : start + 16], "big")
            body = start + 16
        if size < body - start:
            return
        yield Box(data[start + 4 : start + 8], start, body, start + size)
        start += size


def read_header(data: bytes) -> StreamHeader | None:
    """Parse `ftyp` and `moov`; None when more bytes are needed.

    Raises HeaderInvalidError for bytes that can never become an MP4 recording.
    """
    if not is_mp4(data):
        if len(data) < 8:
            return None
        raise HeaderInvalidError
    for box in boxes(data, 0, len(data)):
        if box.kind in {b"moof", b"mdat"}:
            raise HeaderInvalidError
        if box.kind == b"moov":
            if box.end > HEADER_LIMIT:
                raise HeaderInvalidError
            return _header(data[: box.end], box) if box.end <= len(data) else None
    if len(data) >= HEADER_LIMIT:
        raise HeaderInvalidError
    return None


def _header(data: bytes, moov: Box) -> StreamHeader:
    video: VideoTrack | None = None
    audio: AudioTrack | None = None
    for track_box in boxes(data, moov.body, moov.end):
        entry = _sample_entry(data, track_box) if track_box.kind == TRACK_BOX else None
        if entry is None:
            continue
        kind, box = entry
        if kind == b"vide" and video is None:
            video = _video(data, box)
        elif kind == b"soun" and audio is None:
            audio = _audio(data, box)
    if video is None and audio is None:
        raise HeaderInvalidError
    return StreamHeader(Container.MP4, bytes(data), video, audio)


def _sample_entry(data: bytes, track_box: Box) -> tuple[bytes, Box] | None:
    handler = _descend(data, track_box, b"mdia", b"hdlr")
    table = _descend(data, track_box, b"mdia", b"minf", b"stbl", b"stsd")
    if handler is None or table is None:
        return None
    kind = data[handler.body + 8 : handler.body + 12]
    entry = next(boxes(data, table.body + 8, table.end), None)
    return None if entry is None else (kind, entry)


def _descend(data: bytes, box: Box, *path: bytes) -> Box | None:
    for kind in path:
        inside = boxes(data, box.body, min(box.end, len(data)))
        found = next((child for child in inside if child.kind == kind), None)
        if found is None:
            return None
        box = found
    return box


def _video(data: bytes, entry: Box) -> VideoTrack:
    size = entry.body + 24
    return VideoTrack(
        codec=_codec(entry),
        width=int.from_bytes(data[size : size + 2], "big"),
        height=int.from_bytes(data[size + 2 : size + 4], "big"),
        private=bytes(data[entry.body + VIDEO_ENTRY : entry.end]),
    )


def _audio(data: bytes, entry: Box) -> AudioTrack:
    return AudioTrack(
        codec=_codec(entry),
        channels=int.from_bytes(data[entry.body + 16 : entry.body + 18], "big"),
        private=bytes(data[entry.body + AUDIO_ENTRY : entry.end]),
    )


def _codec(entry: Box) -> str:
    return CODECS.get(entry.kind, entry.kind.decode("ascii", "replace").lower())


def find_fragment(data: bytes | bytearray, start: int = 0) -> tuple[int | None, int]:
    """Offset of the first fragment, and from where to keep bytes if there is none."""
    position = start
    while (position := data.find(b"moof", position)) >= 0:
        begin = position - 4
        if begin >= start:
            if len(data) - begin < FRAGMENT_HEAD:
                return None, begin
            if data[begin + 8 : begin + FRAGMENT_HEAD] == FRAGMENT_MARK:
                return begin, begin
        position += 1
    return None, max(start, len(data) - 7)
