"""Sheets of small pictures for a player's preview, and the WebVTT that finds them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import av.video.codeccontext
from av.video.frame import VideoFrame

WIDTH, HEIGHT = 160, 90
COLUMNS = ROWS = 10
PER_SHEET = COLUMNS * ROWS
EVERY_MS = 10_000
QUALITY = "5"
# Black in full-range YCbCr: the border of a picture of another shape.
_BLACK = (0, 128, 128)


def encode_jpeg(picture: VideoFrame, quality: str) -> bytes:
    """A frame of format yuvj420p as JPEG; a lower `quality` number is a better one."""
    codec = av.video.codeccontext.VideoCodecContext.create("mjpeg", "w")
    codec.width, codec.height = picture.width, picture.height
    codec.pix_fmt = "yuvj420p"
    codec.time_base = Fraction(1, 25)
    codec.options = {"qscale": quality}
    picture.pts = 0
    picture.time_base = codec.time_base
    packets = [*codec.encode(picture), *codec.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def fit(width: int, height: int) -> tuple[int, int]:
    """The largest even size of this shape that a cell of a sheet holds."""
    scale = min(Fraction(WIDTH, max(width, 1)), Fraction(HEIGHT, max(height, 1)))
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


class Sheet:
    """One sheet, filled row by row in memory: 2 MB."""

    def __init__(self) -> None:
        pixels = (WIDTH * COLUMNS) * (HEIGHT * ROWS)
        sizes = (pixels, pixels // 4, pixels // 4)
        self._planes = [
            bytearray(bytes([value])) * size
            for value, size in zip(_BLACK, sizes, strict=True)
        ]
        self.count = 0

    @property
    def is_full(self) -> bool:
        return self.count == PER_SHEET

    def add(self, frame: VideoFrame) -> None:
        """Draw a frame into the next cell, whole, in the cell's middle."""
        width, height = fit(frame.width, frame.height)
        small = frame.reformat(width=width, height=height, format="yuvj420p")
        row, column = divmod(self.count, COLUMNS)
        left = column * WIDTH + (WIDTH - width) // 4 * 2
        top = row * HEIGHT + (HEIGHT - height) // 4 * 2
        for index, target in enumerate(self._planes):
            _draw(small, index, target, (left, top))
        self.count += 1

    def to_jpeg(self) -> bytes:
        """The rows that hold something, as JPEG."""
        rows = -(-self.count // COLUMNS)
        # An odd number of rows of 90 lines is still a whole number of colour lines.
        picture = VideoFrame(WIDTH * COLUMNS, HEIGHT * rows, "yuvj420p")
        for plane, source in zip(picture.planes, self._planes, strict=True):
            used = plane.width * plane.height
            plane.update(_padded(source[:used], plane.width, plane.line_size))
        return encode_jpeg(picture, QUALITY)


def _padded(data: bytearray, width: int, line: int) -> bytes:
    """The lines of a plane with the space the encoder wants behind each."""
    if line == width:
        return bytes(data)
    gap = bytes(line - width)
    return b"".join(
        bytes(data[start : start + width]) + gap for start in range(0, len(data), width)
    )


def _draw(
    small: VideoFrame, index: int, target: bytearray, corner: tuple[int, int]
) -> None:
    plane = small.planes[index]
    source = memoryview(plane)
    half = 1 if index == 0 else 2
    stride = WIDTH * COLUMNS // half
    left, top = corner[0] // half, corner[1] // half
    for line in range(plane.height):
        start = (top + line) * stride + left
        from_ = line * plane.line_size
        target[start : start + plane.width] = source[from_ : from_ + plane.width]


@dataclass
class Album:
    """The sheets of one file, and where on the file's clock each picture begins."""

    sheets: list[bytes] = field(default_factory=list)
    starts_ms: list[int] = field(default_factory=list)
    _open: Sheet | None = None

    def add(self, frame: VideoFrame, start_ms: int) -> None:
        """Put a picture behind the others."""
        if self._open is None:
            self._open = Sheet()
        self._open.add(frame)
        self.starts_ms.append(start_ms)
        if self._open.is_full:
            self.close()

    def close(self) -> None:
        """Encode the sheet at hand."""
        if self._open is not None:
            self.sheets.append(self._open.to_jpeg())
        self._open = None


def write_index(starts_ms: Sequence[int], end_ms: int, first_sheet: int) -> str:
    """WebVTT: from when to when which cell of which sheet `sprites-<n>.jpg` stands.

    Times count from the file's start; sheets are numbered from `first_sheet` on.
    """
    cues = ["WEBVTT"]
    for number, start in enumerate(starts_ms):
        follows = number + 1 < len(starts_ms)
        until = starts_ms[number + 1] if follows else max(end_ms, start + 1)
        sheet, cell = divmod(number, PER_SHEET)
        row, column = divmod(cell, COLUMNS)
        place = f"{column * WIDTH},{row * HEIGHT},{WIDTH},{HEIGHT}"
        cues.append(
            f"{_time(start)} --> {_time(until)}\n"
            f"sprites-{first_sheet + sheet}.jpg#xywh={place}"
        )
    return "\n\n".join(cues) + "\n"


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{rest:03}"
