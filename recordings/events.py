"""The kinds of events this app writes to the timeline."""

from typing import ClassVar

from interviews.timeline.registry import Payload, register_kind


@register_kind
class SegmentOpened(Payload):
    """A recorder began in the candidate's browser."""

    kind: ClassVar[str] = "recording.segment_opened"
    segment: str
    track: str
    mime_type: str
    started_ms: int


@register_kind
class ChunkStored(Payload):
    """A chunk is safe; its times count from the segment's start."""

    kind: ClassVar[str] = "recording.chunk_stored"
    segment: str
    index: int
    size: int
    sha256: str
    start_ms: int
    duration_ms: int


@register_kind
class SegmentClosed(Payload):
    """A recorder ended, and this is what it says it gave."""

    kind: ClassVar[str] = "recording.segment_closed"
    segment: str
    last_index: int
    duration_ms: int


@register_kind
class CaptureNoted(Payload):
    """The candidate's browser saw something happen to its recording.

    Codes stand in `recordings.capture_notes`; `detail` is a name or a step, or empty.
    """

    kind: ClassVar[str] = "recording.capture_noted"
    code: str
    track: str
    detail: str = ""
