"""What can be seen of an interview while it runs: the last stored seconds of each track."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch

from base.clock import now
from interviews.models import Interview
from interviews.timeline.log import elapsed_ms
from recordings.enums import ChunkState, Track
from recordings.models import Chunk, Segment
from recordings.services.holes import live_holes

# Enough to begin, and to go on behind a short pause of the network.
RECENT_CHUNKS = 12
RECENT_SEGMENTS = 3
# What Media Source takes by these short names; other codecs need the recorder's own word.
_PLAIN = frozenset({"vp8", "vp9", "opus", "vorbis"})


@dataclass(frozen=True)
class LiveSegment:
    """A run of a recorder and its newest chunks, in order."""

    segment: Segment
    chunks: list[Chunk]

    def as_json(self) -> dict[str, Any]:
        """Return what the page feeds to its Media Source; times in milliseconds."""
        return {
            "id": str(self.segment.pk),
            "type": media_type(self.segment),
            "started": self.segment.started_ms,
            "closed": self.segment.closed_at is not None,
            "chunks": [
                {
                    "index": chunk.index,
                    "start": self.segment.started_ms + chunk.start_ms,
                    "duration": chunk.duration_ms,
                    "size": chunk.size,
                }
                for chunk in self.chunks
            ],
        }


def read_live(interview: Interview) -> dict[str, Any]:
    """Return the clock, per track the newest segments that can be played, and holes."""
    segments = (
        Segment.objects.filter(recording__interview=interview, header__isnull=False)
        .defer("header", "manifest")
        .select_related("recording")
        .prefetch_related(
            Prefetch(
                "chunks",
                Chunk.objects.filter(state=ChunkState.STORED).order_by("-index")[
                    :RECENT_CHUNKS
                ],
                to_attr="stored_chunks",
            )
        )
        .order_by("-started_ms", "-created_at")
    )
    tracks: dict[str, list[LiveSegment]] = {}
    for segment in segments[: RECENT_SEGMENTS * len(Track)]:
        found = tracks.setdefault(segment.recording.track, [])
        newest = list(reversed(segment.stored_chunks))
        if newest and len(found) < RECENT_SEGMENTS:
            found.append(LiveSegment(segment, newest))
    return {
        "now": elapsed_ms(interview, now()) or 0,
        "tracks": [
            {
                "track": track,
                "label": str(Track(track).label),
                "segments": _in_order(tracks[track]),
            }
            for track in sorted(tracks)
        ],
        "holes": [
            {"start": hole.start_ms, "end": hole.end_ms, "reason": hole.reason}
            for hole in live_holes(interview)
        ],
    }


def _in_order(segments: Iterable[LiveSegment]) -> list[dict[str, Any]]:
    return [one.as_json() for one in reversed(list(segments))]


def media_type(segment: Segment) -> str:
    """Return the type for a SourceBuffer, by what the header says is in there.

    A recorder's own word names a camera that was not there all the same.
    """
    codecs = [codec for codec in segment.codecs.split(",") if codec]
    if codecs and set(codecs) <= _PLAIN and "webm" in segment.mime_type:
        kind = "video" if segment.width else "audio"
        return f'{kind}/webm;codecs="{",".join(codecs)}"'
    return segment.mime_type
