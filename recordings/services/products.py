"""Finished files in their places, and the smaller ones made beside each."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recordings.enums import AssetKind
from recordings.media.assemble import AssembledFile
from recordings.media.loudness import PEAKS_PER_SECOND
from recordings.media.pictures import write_index
from recordings.media.points import Observer, Point
from recordings.media.sinks import Sink
from recordings.media.verify import poster, verify
from recordings.storage import MediaStore

_WAVEFORM_VERSION = 1


@dataclass(frozen=True)
class StoredFile:
    """A file in its place, not yet on record."""

    kind: str
    part: int
    key: str
    mime_type: str
    size: int
    sha256: str
    start_ms: int = 0
    duration_ms: int = 0
    width: int | None = None
    height: int | None = None
    codecs: str = ""


@dataclass(frozen=True)
class Place:
    """Where the files of one attempt go, and from which numbers on."""

    store: MediaStore
    base: str
    first_part: int = 0
    first_sheet: int = 0

    def key_of(self, number: int, extension: str) -> str:
        """Return the key of a playable file, `number` counting from 0."""
        return f"{self.base}-{self.first_part + number}.{extension}"


def store_products(
    files: Sequence[AssembledFile],
    sinks: Mapping[str, Sink],
    place: Place,
    on_point: Observer,
) -> list[StoredFile]:
    """Read each finished file back, then store what was made beside it.

    Raises VerificationError unless a file is what was written.
    """
    stored: list[StoredFile] = []
    sheet = place.first_sheet
    for file in files:
        stored += _examine(file, sinks, place)
        on_point(Point.VERIFIED)
        stored += _store_previews(file, place, sheet)
        sheet += len(file.previews.sheets)
        on_point(Point.PICTURED)
    return stored


def _examine(
    file: AssembledFile, sinks: Mapping[str, Sink], place: Place
) -> list[StoredFile]:
    """The file itself; the first one gives the poster too, if it has a picture."""
    key = place.key_of(file.number, file.container.value)
    part = place.first_part + file.number
    with sinks[key].open() as finished:
        verify(finished, file)
        picture = poster(finished, file.container) if part == 0 else None
    stored = [_playable(file, key, part)]
    if picture is not None:
        stored.append(_store(place, AssetKind.POSTER, 0, "poster.jpg", picture, file))
    return stored


def _playable(file: AssembledFile, key: str, part: int) -> StoredFile:
    codecs = [codec for codec in (file.video_codec, file.audio_codec) if codec]
    return StoredFile(
        kind=AssetKind.PLAYABLE,
        part=part,
        key=key,
        mime_type=file.mime,
        size=file.size,
        sha256=file.sha256,
        start_ms=file.start_ms,
        duration_ms=file.duration_ms,
        width=file.width or None,
        height=file.height or None,
        codecs=",".join(codecs),
    )


def _store_previews(
    file: AssembledFile, place: Place, first_sheet: int
) -> list[StoredFile]:
    """Store a file's sheets, numbered from `first_sheet` on, index and waveform."""
    made = file.previews
    part = place.first_part + file.number
    stored = [
        _store(place, AssetKind.SPRITES, number, f"sprites-{number}.jpg", sheet, file)
        for number, sheet in enumerate(made.sheets, start=first_sheet)
    ]
    if made.sheets:
        index = write_index(made.starts_ms, file.duration_ms, first_sheet).encode()
        kind, name = AssetKind.SPRITE_INDEX, f"sprites-{part}.vtt"
        stored.append(_store(place, kind, part, name, index, file))
    if made.peaks:
        waveform = {
            "version": _WAVEFORM_VERSION,
            "rate": PEAKS_PER_SECOND,
            "peaks": list(made.peaks),
        }
        data = json.dumps(waveform, separators=(",", ":")).encode()
        kind, name = AssetKind.WAVEFORM, f"waveform-{part}.json"
        stored.append(_store(place, kind, part, name, data, file))
    return stored


_TYPES = {
    "jpg": "image/jpeg",
    "vtt": "text/vtt; charset=utf-8",
    "json": "application/json",
}


def _store(
    place: Place, kind: str, part: int, name: str, data: bytes, file: AssembledFile
) -> StoredFile:
    key, mime_type = f"{place.base}-{name}", _TYPES[name.rpartition(".")[2]]
    sink = place.store.small(key, mime_type)
    try:
        sink.begin().write(data)
        sink.commit()
    finally:
        sink.abort()
    return StoredFile(
        kind=kind,
        part=part,
        key=key,
        mime_type=mime_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        start_ms=file.start_ms,
    )
