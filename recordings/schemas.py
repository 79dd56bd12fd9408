"""What the candidate's page sends and gets: the typed shapes of the upload protocol."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

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


class TicketRequest(_Sent):
    """A chunk the page is about to send.

    `route` asks for the way through this server where the bucket's does not work,
    and `direct_failed` says once why not.
    """

    sha256: Sha256
    size: Annotated[int, Field(ge=1)]
    start_ms: Annotated[int, Field(ge=0, le=DAY_MS)]
    duration_ms: Annotated[int, Field(ge=0, le=LONGEST_CHUNK_MS)]
    route: Literal["web"] | None = None
    direct_failed: (
        Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_]+$")] | None
    ) = None


class TicketAnswer(BaseModel):
    """Stored already, or how to send it; with `confirm` the page then says it did."""

    state: Literal["stored", "wanted"]
    method: str = ""
    url: str = ""
    headers: dict[str, str] = {}
    expires_at: AwareDatetime | None = None
    confirm: bool = False


class Confirmation(_Sent):
    """The chunk was put into the bucket."""

    sha256: Sha256


class ChunkStanding(BaseModel):
    """A chunk as the server has it; times count from the segment's start."""

    index: int
    size: int
    sha256: str
    start_ms: int
    duration_ms: int
    state: Literal["stored", "damaged"]


class SegmentStanding(BaseModel):
    """A segment as the server has it; `started_ms` is on the interview clock."""

    segment: UUID
    track: str
    mime_type: str
    started_ms: int
    state: Literal["open", "closed"]
    chunks: list[ChunkStanding]


class HoleStanding(BaseModel):
    """A stretch of the interview clock of which nothing is stored."""

    track: str
    segment: UUID
    start_ms: int
    end_ms: int
    reason: Literal["missing", "damaged", "silent"]


class Room(BaseModel):
    """How many bytes the interview's recording may take, and how many are left."""

    most: int
    left: int


class Standing(BaseModel):
    """The server's manifest: what it has is stored, whatever the page thinks."""

    segments: list[SegmentStanding]
    holes: list[HoleStanding]
    room: Room
    is_taken: bool
    taken_until: AwareDatetime | None
