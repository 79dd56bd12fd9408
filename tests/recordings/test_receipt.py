"""The receipt: what was captured, what is safe, what is missing, and where it shows."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from base.clock import now
from interviews.models import Interview
from interviews.room_panels import build_panels, build_receipt, build_record
from interviews.timeline.registry import parse_payload
from recordings.models import Chunk, Segment
from recordings.panels import describe_missing, format_ms
from recordings.selectors import (
    find_poster,
    list_playable,
    read_receipt,
    recordings_with_gaps,
)
from tests.factories.interviews import InterviewFactory
from tests.factories.recordings import (
    AssetFactory,
    ChunkFactory,
    RecordingFactory,
    SegmentFactory,
)
from tests.recordings.conftest import Browser, end, slices_of_recording
from tests.recordings.steps import assemble

HOLE = {"start_ms": 4000, "end_ms": 9500, "reason": "chunk_missing"}


def lines(interview: Interview) -> list[tuple[str, str]]:
    return [(line.label, line.value) for line in build_receipt(interview)]


def test_receipt_of_a_whole_recording(browser: Browser, interview: Interview) -> None:
    browser.send(slices_of_recording())
    assert lines(interview) == [("Recording", "0:08, all of it stored")]
    end(interview)
    assemble(interview)

    receipt = read_receipt(interview)

    assert (receipt.captured_ms, receipt.stored_ms) == (8000, 8000)
    assert (receipt.has_gaps, receipt.is_ready, receipt.missing_ms) == (False, True, 0)
    assert [asset.part for asset in list_playable(interview)] == [0]
    poster = find_poster(interview)
    assert poster is not None
    assert poster.mime_type == "image/jpeg"


def test_receipt_says_what_is_missing(browser: Browser, interview: Interview) -> None:
    browser.send(slices_of_recording(seconds=12, count=6), without=(2,))
    end(interview)
    assert lines(interview) == [("Recording", "0:10 of 0:12 stored")]
    assemble(interview)

    receipt = read_receipt(interview)

    assert receipt.has_gaps
    assert [gap.reason for gap in receipt.gaps] == ["chunk_missing"]
    assert receipt.missing_ms >= 2000
    [first, second] = lines(interview)
    assert first[0] == "Recording"
    assert re.fullmatch(r"0:10 of 0:12 stored, one gap \(0:0\d–0:\d\d\)", first[1])
    [asset] = list_playable(interview)
    assert second == ("SHA-256", asset.sha256)


def test_damaged_chunk_is_not_stored(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording(seconds=12, count=6))
    end(interview)
    damaged = Chunk.objects.get(index=2)
    (media / damaged.key).write_bytes(b"0" * damaged.size)

    assemble(interview)

    [(_label, told), _hash] = lines(interview)
    assert told.startswith("0:10 of 0:12 stored, one gap")
    recording = interview.recordings.get()
    assert (recording.captured_ms, recording.stored_ms) == (12_000, 10_000)


def test_browser_that_never_came_back_leaves_a_gap_to_the_end(
    browser: Browser, interview: Interview
) -> None:
    """Nobody closed the segment: "all of it stored" would be a guess."""
    began = now() - timedelta(minutes=10)
    Interview.objects.update(started_at=began)
    browser.open()
    for index, data in enumerate(slices_of_recording()):
        browser.put(index, data)
    end(interview)
    Interview.objects.update(ended_at=began + timedelta(minutes=5))
    Chunk.objects.update(stored_at=began + timedelta(seconds=9))

    assemble(interview)

    [(_label, told), _hash] = lines(interview)
    assert told == "0:08 of 0:08 stored, one gap (0:08–5:00)"
    assert describe_missing(interview) == [
        "The camera recording lacks 0:08–5:00 of the interview. What is missing there "
        "says nothing about the candidate."
    ]

    browser.close(4)
    assemble(interview)
    assert lines(interview)[0][1] == "0:08, all of it stored"


def test_open_segment_counts_what_has_arrived(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    browser.put(1, b"bytes")
    receipt = read_receipt(interview)
    assert (receipt.captured_ms, receipt.stored_ms) == (4000, 2000)
    assert receipt.is_incomplete
    assert not receipt.is_ready


def test_receipt_before_anything_was_recorded(interview: Interview) -> None:
    assert lines(interview) == [("Recording", "Nothing was recorded.")]
    assert read_receipt(interview).state is None


def test_preview_has_no_receipt_and_nowhere_to_send(db: None) -> None:
    preview = InterviewFactory.create(is_preview=True)
    assert lines(preview) == []
    panel = build_panels(preview)["recording"]
    assert panel == {"required": False, "base_url": "", "recover_url": ""}


def test_room_is_told_where_to_send(interview: Interview) -> None:
    assert build_panels(interview)["recording"] == {
        "required": True,
        "base_url": f"/api/v1/interviews/{interview.pk}/recordings",
        "recover_url": "",
    }


def test_record_of_the_candidate(interview: Interview) -> None:
    RecordingFactory.create(interview=interview, holes=[HOLE])
    part = build_record(interview)["recording"]
    track = {"captured_ms": 0, "stored_ms": 0, "gaps": [HOLE]}
    assert part.data == track | {"tracks": [track | {"track": "camera", "sha256": []}]}
    assert [entry.text for entry in part.entries] == ["Nothing was recorded."]


def test_receipt_names_each_track_its_gaps_and_its_files(interview: Interview) -> None:
    holes = [
        {"start_ms": 760_000, "end_ms": 763_200, "reason": "chunk_missing"},
        {"start_ms": 1_862_400, "end_ms": 1_866_000, "reason": "chunk_missing"},
    ]
    camera = RecordingFactory.create(interview=interview, holes=holes)
    screen = RecordingFactory.create(interview=interview, track="screen")
    for recording, duration_ms in ((camera, 3_492_000), (screen, 60_000)):
        segment = SegmentFactory.create(
            recording=recording,
            manifest={"last_index": 0, "duration_ms": duration_ms, "chunks": []},
        )
        ChunkFactory.create(segment=segment, duration_ms=duration_ms)
    Segment.objects.filter(recording=camera).update(
        manifest={"last_index": 0, "duration_ms": 3_500_000, "chunks": []}
    )
    for part in (0, 1):
        AssetFactory.create(recording=camera, part=part, sha256=str(part) * 64)

    assert lines(interview) == [
        (
            "Recording: Camera and microphone",
            "58:12 of 58:20 stored, two gaps (12:40–12:44, 31:02–31:06)",
        ),
        (
            "SHA-256: Camera and microphone",
            f"part 1: {'0' * 64}, part 2: {'1' * 64}",
        ),
        ("Recording: Screen", "1:00, all of it stored"),
    ]


def test_recordings_with_gaps_are_found(db: None) -> None:
    broken = RecordingFactory.create(holes=[HOLE])
    RecordingFactory.create()
    assert list(recordings_with_gaps()) == [broken]


def test_events_are_of_registered_kinds(browser: Browser, interview: Interview) -> None:
    browser.send(slices_of_recording())
    payloads = [parse_payload(event) for event in interview.events.order_by("seq")]
    assert len(payloads) == 6
    assert {event.origin for event in interview.events.all()} == {"candidate"}


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0:00"), (59_999, "0:59"), (61_000, "1:01"), (3_661_000, "1:01:01")],
)
def test_time_as_people_write_it(milliseconds: int, text: str) -> None:
    assert format_ms(milliseconds) == text
