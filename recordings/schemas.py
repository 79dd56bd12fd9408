"""What the candidate's page sends and gets: the typed shapes of the upload protocol."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from recordings.enums import Track

MOST_CHUNKS = 10_000
DAY_MS = 24 * 60 * 60 * 1000
LONGEST_CHUNK_MS = 10 * 60 * 1000

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
MimeType = Annotated[
    str,
    StringConstraints(max_length=100, pattern=r"^(video|audio)/(webm|mp4)(;[ -~]*)?$"),
]
Pixels = Annotated[int, Field(ge=1, le=16_384)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Picture(_Sent):
    """How large the recorder says its picture is."""

    width: Pixels
    height: Pixels


class SegmentOpening(_Sent):
    """A recorder has begun; `started_ms` is on the interview clock."""

    segment: UUID
    track: Track = Track.CAMERA
    mime_type: MimeType
    started_ms: Annotated[int, Field(ge=-DAY_MS, le=30 * DAY_MS)]
    video: Picture | None = None


class ManifestChunk(_Sent):
    """One chunk as the page made it, whether or not it arrived."""

    index: Annotated[int, Field(ge=0, lt=MOST_CHUNKS)]
    sha256: Sha256 | None = None
    size: Annotated[int, Field(ge=0)]


class Manifest(_Sent):
    """A recorder has ended; `last_index` is -1 when it gave nothing."""

    last_index: Annotated[int, Field(ge=-1, lt=MOST_CHUNKS)]
    duration_ms: Annotated[int, Field(ge=0, le=DAY_MS)]
    chunks: Annotated[list[ManifestChunk], Field(max_length=MOST_CHUNKS)]


class ChunkFacts(_Sent):
    """What the headers of a chunk say; times count from the segment's start."""

    index: Annotated[int, Field(ge=0, lt=MOST_CHUNKS)]
    sha256: Sha256
    start_ms: Annotated[int, Field(ge=0, le=DAY_MS)]
    duration_ms: Annotated[int, Field(ge=0, le=LONGEST_CHUNK_MS)]
