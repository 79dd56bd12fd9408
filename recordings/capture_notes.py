"""What the candidate's page may tell of its recording: codes and their shapes."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from recordings.enums import Track

DAY_MS = 24 * 60 * 60 * 1000
MOST_AT_ONCE = 50

CaptureCode = Literal[
    "video_lost",
    "audio_lost",
    "video_muted",
    "audio_muted",
    "video_back",
    "audio_back",
    "recorder_restarted",
    "recorder_failed",
    "quality_changed",
    "storage_full",
    "slice_damaged",
    "space_short",
    "screen_shared",
    "screen_refused",
    "screen_ended",
    "screen_unsupported",
]


class CaptureNote(BaseModel):
    """One fact; `t_ms` is on the interview clock, `id` the page's own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: UUID
    code: CaptureCode
    track: Track = Track.CAMERA
    detail: Annotated[str, StringConstraints(max_length=60, pattern=r"^[ -~]*$")] = ""
    t_ms: Annotated[int, Field(ge=-DAY_MS, le=30 * DAY_MS)]


class CaptureNotes(BaseModel):
    """Some at once, in the order they happened."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    notes: Annotated[list[CaptureNote], Field(max_length=MOST_AT_ONCE)]
