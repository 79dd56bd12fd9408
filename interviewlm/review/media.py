"""What the desk's player plays: tracks, their parts with what goes with them, gaps."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from interviews.models import Interview
from interviews.selectors.review import format_clock
from recordings.addresses import file_name
from recordings.captions import read_cues
from recordings.enums import AssetKind
from recordings.http_range import LARGEST_ANSWER
from recordings.media.segments import HoleReason
from recordings.models import Asset, Recording
from recordings.panels import describe_track
from recordings.selectors import TrackReceipt, read_receipt


class Gap(BaseModel):
    """A stretch of the clock without a picture."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    start_ms: int = 0
    end_ms: int = 0
    reason: str = ""

    @property
    def time(self) -> str:
        """Where it begins on the interview's clock."""
        return format_clock(self.start_ms)

    @property
    def seconds(self) -> int:
        """How long it is."""
        return max(0, self.end_ms - self.start_ms) // 1000

    @property
    def is_heard(self) -> bool:
        """Whether only the picture is missing: then there is something to listen to."""
        return self.reason == HoleReason.NO_VIDEO

    @property
    def words(self) -> str:
        """Why, as the assembly noted it."""
        return self.reason.replace("_", " ")


_gaps: TypeAdapter[list[Gap]] = TypeAdapter(list[Gap])


# What a browser is asked about before it is given a file.
_CODEC_NAMES = {
    "vp8": "vp8",
    "vp9": "vp9",
    "av1": "av01.0.05M.08",
    "h264": "avc1.42E01E",
    "hevc": "hvc1.1.6.L93.B0",
    "opus": "opus",
    "vorbis": "vorbis",
    "aac": "mp4a.40.2",
}


@dataclass(frozen=True)
class File:
    """A file to play or take away; without `download` it may only be played.

    `in_ranges` is the name to save it under where the page must put it together,
    because the server gives no whole file of this size.
    """

    id: int
    address: str
    type: str
    download: str = ""
    in_ranges: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what the player needs."""
        return {"id": self.id, "address": self.address, "type": self.type}


@dataclass(frozen=True)
class Part:
    """One file of a track, and the addresses of what goes with it; empty: none.

    `copy` is the same in H.264, where one was made: for browsers and programs that
    cannot play the file itself.
    """

    file: File
    start_ms: int
    duration_ms: int
    poster: str = ""
    sprites: str = ""
    waveform: str = ""
    captions: str = ""
    copy: File | None = None

    @property
    def time(self) -> str:
        """Where it begins on the interview's clock."""
        return format_clock(self.start_ms)

    def as_json(self) -> dict[str, Any]:
        """Return what the player needs."""
        return {
            **self.file.as_json(),
            "copy": self.copy.as_json() if self.copy else None,
            "start": self.start_ms,
            "duration": self.duration_ms,
            "sprites": self.sprites,
            "waveform": self.waveform,
            "captions": self.captions,
        }


@dataclass(frozen=True)
class TrackMedia:
    """A track that can be played."""

    track: str
    label: str
    parts: list[Part]
    gaps: list[Gap]

    def as_json(self) -> dict[str, Any]:
        """Return what the player needs; times in milliseconds on the clock.

        It skips gaps, so that those with sound are none to it.
        """
        silent = [one for one in self.gaps if not one.is_heard]
        return {
            "track": self.track,
            "captions": _("What was said"),
            "parts": [part.as_json() for part in self.parts],
            "gaps": [{"start": one.start_ms, "end": one.end_ms} for one in silent],
        }


@dataclass(frozen=True)
class ReceiptLine:
    """What is stored of a track, in words."""

    label: str
    words: str
    hashes: tuple[str, ...]
    parts: list[Part]


@dataclass(frozen=True)
class Media:
    """Everything recorded; `gaps` counts those of tracks without a file too."""

    tracks: list[TrackMedia] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    receipts: list[TrackReceipt] = field(default_factory=list)

    @property
    def parts(self) -> list[Part]:
        """Every file, track by track."""
        return [part for track in self.tracks for part in track.parts]

    @property
    def has_captions(self) -> bool:
        """Whether there is a transcript to show."""
        return any(part.captions for part in self.parts)

    @property
    def receipt_lines(self) -> list[ReceiptLine]:
        """What is stored of each track, and its files to take away."""
        files = {track.track: track.parts for track in self.tracks}
        return [
            ReceiptLine(
                one.label, describe_track(one), one.hashes, files.get(one.track, [])
            )
            for one in self.receipts
        ]

    def as_json(self) -> dict[str, Any]:
        """Return what the player needs."""
        return {"tracks": [track.as_json() for track in self.tracks]}


def read_media(interview: Interview, *, may_download: bool) -> Media:
    """Return what can be played, what is missing, and the receipt."""
    recordings = list(interview.recordings.order_by("track").prefetch_related("assets"))
    has_captions = bool(recordings) and bool(read_cues(interview))
    tracks = []
    for recording in recordings:
        parts = _read_parts(
            interview,
            recording,
            may_download=may_download,
            has_captions=has_captions,
        )
        if parts:
            label = recording.get_track_display()
            gaps = read_gaps(recording)
            tracks.append(TrackMedia(recording.track, label, parts, gaps))
    return Media(
        tracks,
        [gap for recording in recordings for gap in read_gaps(recording)],
        list(read_receipt(interview).tracks) if recordings else [],
    )


def _read_parts(
    interview: Interview,
    recording: Recording,
    *,
    may_download: bool,
    has_captions: bool,
) -> list[Part]:
    beside: dict[str, dict[int, Asset]] = defaultdict(dict)
    for asset in recording.assets.all():
        if asset.deleted_at is not None:
            continue
        asset.recording = recording
        beside[asset.kind][asset.part] = asset

    def url(asset: Asset | None, name: str = "asset") -> str:
        if asset is None:
            return ""
        return reverse(f"recordings:{name}", args=[interview.pk, asset.pk])

    def file(asset: Asset) -> File:
        return File(
            id=asset.pk,
            address=url(asset, "asset-address"),
            type=_type_of(asset),
            download=url(asset, "asset-download") if may_download else "",
            in_ranges=file_name(asset) if _comes_in_ranges(asset) else "",
        )

    def copy(asset: Asset) -> File | None:
        found = beside[AssetKind.RENDITION].get(asset.part)
        # One of an earlier file is no copy of this one.
        return file(found) if found and found.source_sha256 == asset.sha256 else None

    return [
        Part(
            file=file(asset),
            copy=copy(asset),
            start_ms=asset.start_ms,
            duration_ms=asset.duration_ms,
            poster=url(beside[AssetKind.POSTER].get(number)),
            sprites=url(beside[AssetKind.SPRITE_INDEX].get(number), "asset-sprites"),
            waveform=url(beside[AssetKind.WAVEFORM].get(number)),
            captions=url(asset, "asset-captions") if has_captions else "",
        )
        for number, asset in sorted(beside[AssetKind.PLAYABLE].items())
    ]


def _type_of(asset: Asset) -> str:
    """Return the media type with its codecs, as far as they are known."""
    names = [_CODEC_NAMES.get(name, "") for name in asset.codecs.split(",")]
    if not all(names):
        return asset.mime_type
    return f'{asset.mime_type}; codecs="{", ".join(names)}"'


def _comes_in_ranges(asset: Asset) -> bool:
    """Say whether our own server would not give the whole file at once."""
    is_elsewhere = settings.MEDIA_X_ACCEL or (
        settings.MEDIA_S3_BUCKET and settings.MEDIA_PLAY_ROUTE == "direct"
    )
    is_patient = settings.WEB_SERVER == "uvicorn"
    return not is_elsewhere and not is_patient and asset.size > LARGEST_ANSWER


def read_gaps(recording: Recording) -> list[Gap]:
    """Return the gaps on record; one that cannot be read still counts as one."""
    try:
        return _gaps.validate_python(recording.holes)
    except ValidationError:
        return [Gap() for _hole in recording.holes]
