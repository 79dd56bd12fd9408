"""WebM at the byte level: the header, what it announces, where clusters start."""

from collections.abc import Iterator
from dataclasses import dataclass

from recordings.media.errors import HeaderInvalidError
from recordings.media.tracks import AudioTrack, Container, StreamHeader, VideoTrack

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
CLUSTER = 0x1F43B675
CUES = 0x1C53BB6B
INFO = 0x1549A966
DURATION = 0x4489
TRACKS = 0x1654AE6B
TRACK_ENTRY = 0xAE
TRACK_TYPE = 0x83
CODEC_ID = 0x86
CODEC_PRIVATE = 0x63A2
VIDEO = 0xE0
PIXEL_WIDTH = 0xB0
PIXEL_HEIGHT = 0xBA
AUDIO = 0xE1
CHANNELS = 0x9F

CLUSTER_BYTES = CLUSTER.to_bytes(4, "big")
# What a muxer may write first into a cluster: time, CRC, void, position, previous size.
CLUSTER_CHILDREN = frozenset(b"\xe7\xbf\xec\xa7\xab")
HEADER_LIMIT = 64 * 1024
LONGEST_CLUSTER_HEAD = 4 + 8 + 1

CODECS = {
    "V_VP8": "vp8",
    "V_VP9": "vp9",
    "V_AV1": "av1",
    "V_MPEG4/ISO/AVC": "h264",
    "V_MPEGH/ISO/HEVC": "hevc",
    "A_OPUS": "opus",
    "A_VORBIS": "vorbis",
    "A_AAC": "aac",
}


@dataclass(frozen=True)
class Element:
    """One element; `size` is None where the muxer left it unknown."""

    id: int
    start: int
    body: int
    size: int | None

    @property
    def end(self) -> int | None:
        return None if self.size is None else self.body + self.size


def is_webm(data: bytes) -> bool:
    return data[:4] == EBML.to_bytes(4, "big")


def read_element(data: bytes, start: int) -> Element | None:
    """The element head at `start`, or None where the bytes end or make no sense."""
    identifier = _read_number(data, start, longest=4, keep_marker=True)
    if identifier is None:
        return None
    value, body = identifier
    length = _read_number(data, body, longest=8, keep_marker=False)
    if length is None:
        return None
    size, after = length
    unknown = size == (1 << 7 * (after - body)) - 1
    return Element(value, start, after, None if unknown else size)


def _read_number(
    data: bytes, start: int, *, longest: int, keep_marker: bool
) -> tuple[int, int] | None:
    if start >= len(data) or data[start] == 0:
        return None
    width = 9 - data[start].bit_length()
    if width > longest or start + width > len(data):
        return None
    value = int.from_bytes(data[start : start + width], "big")
    if not keep_marker:
        value &= (1 << 7 * width) - 1
    return value, start + width


def children(data: bytes, start: int, end: int) -> Iterator[Element]:
    """The elements between two offsets, up to the first broken or unbounded one."""
    while start < end:
        element = read_element(data, start)
        if element is None:
            return
        yield element
        if element.end is None:
            return
        start = element.end


def read_header(data: bytes) -> StreamHeader | None:
    """Parse the bytes before the first cluster; None when more bytes are needed.

    Raises HeaderInvalidError for bytes that can never become a WebM recording.
    """
    if not is_webm(data):
        if len(data) < 4 and EBML.to_bytes(4, "big").startswith(data):
            return None
        raise HeaderInvalidError
    head = read_element(data, 0)
    segment = read_element(data, head.end) if head and head.end else None
    if segment is None:
        _refuse_endless(data)
        return None
    if segment.id != SEGMENT:
        raise HeaderInvalidError
    return _read_segment(data, segment)


def _read_segment(data: bytes, segment: Element) -> StreamHeader | None:
    tracks: Element | None = None
    for element in children(data, segment.body, len(data)):
        if element.id == CLUSTER:
            return _header(data[: element.start], tracks)
        if element.end is None or element.end > len(data):
            break
        if element.id == TRACKS:
            tracks = element
        if element.end == len(data) and tracks is not None:
            return _header(data, tracks)
    _refuse_endless(data)
    return None


def _refuse_endless(data: bytes) -> None:
    if len(data) >= HEADER_LIMIT:
        raise HeaderInvalidError


def _header(data: bytes, tracks: Element | None) -> StreamHeader:
    if tracks is None or tracks.end is None or len(data) > HEADER_LIMIT:
        raise HeaderInvalidError
    video: VideoTrack | None = None
    audio: AudioTrack | None = None
    for entry in children(data, tracks.body, tracks.end):
        if entry.id != TRACK_ENTRY or entry.end is None:
            continue
        fields = _fields(data, entry)
        kind = _number(fields.get(TRACK_TYPE, b""))
        if kind == 1 and video is None:
            video = _video(fields)
        elif kind == 2 and audio is None:
            audio = _audio(fields)
    if video is None and audio is None:
        raise HeaderInvalidError
    return StreamHeader(Container.WEBM, bytes(data), video, audio)


def _fields(data: bytes, parent: Element) -> dict[int, bytes]:
    end = parent.end or len(data)
    return {
        child.id: bytes(data[child.body : child.end])
        for child in children(data, parent.body, end)
        if child.end is not None
    }


def _nested(body: bytes) -> dict[int, bytes]:
    return {
        child.id: body[child.body : child.end]
        for child in children(body, 0, len(body))
        if child.end is not None
    }


def _number(body: bytes) -> int:
    return int.from_bytes(body[:8], "big")


def _codec(fields: dict[int, bytes]) -> str:
    name = fields.get(CODEC_ID, b"").rstrip(b"\0").decode("ascii", "replace")
    return CODECS.get(name, name.lower()[:40])


def _video(fields: dict[int, bytes]) -> VideoTrack:
    picture = _nested(fields.get(VIDEO, b""))
    return VideoTrack(
        codec=_codec(fields),
        width=_number(picture.get(PIXEL_WIDTH, b"")),
        height=_number(picture.get(PIXEL_HEIGHT, b"")),
        private=fields.get(CODEC_PRIVATE, b""),
    )


def _audio(fields: dict[int, bytes]) -> AudioTrack:
    sound = _nested(fields.get(AUDIO, b""))
    return AudioTrack(
        codec=_codec(fields),
        channels=_number(sound.get(CHANNELS, b"\x01")),
        private=fields.get(CODEC_PRIVATE, b""),
    )


def find_cluster(data: bytes | bytearray, start: int = 0) -> tuple[int | None, int]:
    """Offset of the first cluster, and from where to keep bytes if there is none.

    Four bytes may occur by chance inside a frame, so a cluster counts only with a
    sane size and a known first child behind it. Bytes before the second number
    cannot belong to a cluster that the next chunk completes.
    """
    position = start
    while (position := data.find(CLUSTER_BYTES, position)) >= 0:
        if len(data) - position < LONGEST_CLUSTER_HEAD:
            return None, position
        window = bytes(data[position : position + LONGEST_CLUSTER_HEAD])
        element = read_element(window, 0)
        if element is not None and window[element.body] in CLUSTER_CHILDREN:
            return position, position
        position += 1
    return None, max(start, len(data) - len(CLUSTER_BYTES) + 1)
