"""Holes known while the interview runs: what is late is told, what is on its way not."""

from datetime import timedelta

import pytest

from base.clock import now
from interviews.models import Interview
from recordings.models import Chunk, Segment
from recordings.services.holes import Hole, live_holes
from tests.recordings.conftest import Browser, end

LONG_AGO = timedelta(minutes=5)


def age(interview: Interview, seconds: float = 60) -> None:
    """Let time pass since everything that happened."""
    ago = now() - timedelta(seconds=seconds)
    Chunk.objects.update(stored_at=ago)
    Segment.objects.filter(closed_at__isnull=False).update(closed_at=ago)
    Segment.objects.update(created_at=ago)


def told(interview: Interview) -> list[tuple[int, int, str]]:
    return [(hole.start_ms, hole.end_ms, hole.reason) for hole in live_holes(interview)]


@pytest.fixture
def begun(browser: Browser, interview: Interview) -> Browser:
    """A segment that began a second into the interview."""
    Interview.objects.update(started_at=now() - LONG_AGO)
    interview.refresh_from_db()
    browser.open(started_ms=1000)
    return browser


def test_number_left_out_is_a_hole_once_it_is_late(
    begun: Browser, interview: Interview
) -> None:
    for index in (1, 4, 5):
        begun.put(index, b"bytes")
    assert told(interview) == []
    begun.close(6, duration_ms=12_000)
    age(interview, 5)
    assert told(interview) == []

    age(interview, 60)

    assert told(interview) == [(1000, 3000, "missing"), (5000, 9000, "missing")]
    assert live_holes(interview)[0] == Hole(
        "camera", begun.segment, 1000, 3000, "missing"
    )
    reported = begun.manifest().json()["holes"]
    assert [(one["start_ms"], one["end_ms"]) for one in reported] == [
        (1000, 3000),
        (5000, 9000),
    ]


def test_end_that_the_closing_manifest_promised_is_a_hole(
    begun: Browser, interview: Interview
) -> None:
    begun.put(0 + 1, b"bytes")
    Chunk.objects.update(index=0, start_ms=0)
    begun.close(4, duration_ms=8000)
    age(interview)
    assert told(interview) == [(3000, 9000, "missing")]


def test_damaged_chunk_is_a_hole(begun: Browser, interview: Interview) -> None:
    begun.put(1, b"bytes")
    Chunk.objects.update(index=0, start_ms=0, state="damaged")
    begun.close(1, duration_ms=2000)
    assert told(interview) == [(1000, 3000, "damaged")]


def test_silence_is_a_hole_until_something_comes(
    begun: Browser, interview: Interview
) -> None:
    age(interview)
    [(start, end_ms, reason)] = told(interview)
    assert (start, reason) == (1000, "silent")
    assert end_ms >= LONG_AGO.total_seconds() * 1000 - 1000
    begun.put(1, b"bytes")
    Chunk.objects.update(index=0, start_ms=0)
    assert told(interview) == []


def test_silence_ends_where_the_next_segment_begins(
    begun: Browser, interview: Interview
) -> None:
    later = Browser(begun.client, interview)
    later.open(started_ms=60_000)
    Segment.objects.filter(pk=begun.segment).update(created_at=now() - LONG_AGO)
    assert told(interview) == [(1000, 60_000, "silent")]


def test_silence_does_not_last_beyond_the_interview(
    begun: Browser, interview: Interview
) -> None:
    end(interview)
    over = interview.ended_at
    assert over is not None
    assert interview.started_at is not None
    Interview.objects.update(ended_at=interview.started_at + timedelta(seconds=30))
    interview.refresh_from_db()
    age(interview, 3600)
    assert told(interview) == [(1000, 30_000, "silent")]
