"""Assembly: chunks become one seekable file, once, whatever happens meanwhile."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from base.clock import now
from interviews.enums import InterviewState, StepState
from interviews.models import Interview, PipelineStep
from interviews.pipeline import MAX_ATTEMPTS
from recordings.enums import AssetKind, ChunkState, RecordingState
from recordings.media.points import Point
from recordings.models import Asset, Chunk, Recording
from recordings.selectors import Sums, sum_up
from recordings.services import assembly
from recordings.services.assembly import LONGEST_WAIT
from recordings.services.watching import watched_by
from tests.factories.interviews import InterviewFactory
from tests.recordings.conftest import Browser, end, slices_of_recording
from tests.recordings.media.recorded import cut, decode_all, record
from tests.recordings.steps import (
    assemble,
    asset_files,
    playable,
    stored_files,
)


def test_recording_becomes_a_seekable_file_with_a_poster(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording())
    end(interview)

    step = assemble(interview)

    assert (step.state, step.attempts) == (StepState.DONE, 1)
    assert step.message == "0:08 assembled, without gaps."
    recording = interview.recordings.get()
    assert (recording.state, recording.holes) == (RecordingState.ASSEMBLED, [])
    assert (recording.captured_ms, recording.stored_ms) == (8000, 8000)
    [asset] = playable(interview)
    path = media / asset.key
    assert path.stat().st_size == asset.size
    assert abs(asset.duration_ms - 8000) < 100
    assert (asset.width, asset.height, asset.codecs) == (160, 120, "vp9,opus")
    assert asset.mime_type == "video/webm"
    decoded = decode_all(path)
    assert (decoded.frames, decoded.errors) == (160, 0)
    poster = Asset.objects.get(kind=AssetKind.POSTER)
    assert (media / poster.key).read_bytes().startswith(b"\xff\xd8")
    assert Chunk.objects.count() == 4
    # The file, its poster, a sheet of pictures, their index and a waveform.
    assert len(stored_files(media)) == 4 + 5


def test_lost_chunk_is_a_gap_and_the_rest_plays(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording(seconds=12, count=6), without=(2,))
    end(interview)

    step = assemble(interview)

    assert step.message == "0:12 assembled, gaps: 1."
    [gap] = interview.recordings.get().holes
    assert gap["reason"] == "chunk_missing"
    assert 3000 <= gap["start_ms"] < gap["end_ms"] <= 8500
    assert decode_all(media / playable(interview)[0].key).errors == 0


def test_damaged_and_vanished_chunks_are_noted(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording(seconds=16, count=8))
    end(interview)
    chunks = list(Chunk.objects.order_by("index"))
    (media / chunks[2].key).write_bytes(b"\0" * chunks[2].size)
    (media / chunks[5].key).unlink()

    step = assemble(interview)

    assert step.state == StepState.DONE
    damaged = Chunk.objects.filter(state=ChunkState.DAMAGED).order_by("index")
    assert list(damaged.values_list("index", flat=True)) == [2, 5]
    reasons = [gap["reason"] for gap in interview.recordings.get().holes]
    assert reasons == ["chunk_damaged", "chunk_missing"]


def test_reload_gives_one_file_and_another_codec_a_second(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording())
    for number, codec in enumerate(["libvpx-vp9", "libvpx"], start=1):
        again = Browser(browser.client, interview)
        again.open(started_ms=number * 10_000)
        for index, data in enumerate(cut(record(codec, seconds=8), 4)):
            again.put(index, data)
        again.close(4)
    end(interview)

    assemble(interview)

    first, second = playable(interview)
    assert (first.codecs, second.codecs) == ("vp9,opus", "vp8,opus")
    assert (first.part, first.start_ms, second.start_ms) == (0, 0, 20_000)
    assert abs(first.duration_ms - 18_000) < 100
    gaps = interview.recordings.get().holes
    assert [gap["reason"] for gap in gaps] == ["not_recorded"] * 2


def test_lost_segment_in_a_pause_is_told_once(
    browser: Browser, interview: Interview
) -> None:
    browser.send(slices_of_recording())
    for start_ms, first in ((10_000, 1), (20_000, 0)):
        again = Browser(browser.client, interview)
        again.open(started_ms=start_ms)
        for index, data in enumerate(slices_of_recording()[first:], start=first):
            again.put(index, data)
        again.close(4)
    end(interview)

    assemble(interview)

    holes = interview.recordings.get().holes
    assert [(gap["reason"], round(gap["end_ms"], -3)) for gap in holes] == [
        ("not_recorded", 10_000),
        ("header_missing", 18_000),
        ("not_recorded", 20_000),
    ]
    assert holes[1]["start_ms"] == holes[0]["end_ms"]
    assert holes[2]["start_ms"] == holes[1]["end_ms"]


@pytest.mark.parametrize("is_preview", [True, False], ids=["preview", "nothing-sent"])
def test_nothing_recorded_is_skipped(db: None, is_preview: bool) -> None:
    interview = InterviewFactory.create(
        state=InterviewState.ACTIVE, is_preview=is_preview
    )
    end(interview)
    step = assemble(interview)
    assert (step.state, step.message) == (StepState.SKIPPED, "Nothing was recorded.")


def test_segment_without_chunks_is_nothing(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    end(interview)
    assert assemble(interview).state == StepState.SKIPPED
    assert interview.recordings.get().state == RecordingState.EMPTY


def test_bytes_nobody_can_read_leave_no_file(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.open()
    browser.put(1, b"no recording at all" * 100)
    browser.close(2)
    end(interview)

    step = assemble(interview)

    assert step.state == StepState.DONE
    recording = interview.recordings.get()
    assert recording.state == RecordingState.EMPTY
    assert [gap["reason"] for gap in recording.holes] == ["header_missing"]
    assert asset_files(media) == set()


def test_waits_for_a_segment_nobody_closed_then_goes_on(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    for index, data in enumerate(slices_of_recording()):
        browser.put(index, data)
    end(interview)

    waiting = assemble(interview)
    assert waiting.state == StepState.WAITING
    assert waiting.message == "Waiting for the rest of the recording."

    long_ago = now() - timedelta(minutes=3)
    Interview.objects.update(ended_at=long_ago)
    Chunk.objects.update(stored_at=long_ago)
    assert assemble(interview).state == StepState.DONE


def test_waiting_costs_no_attempt_and_has_an_end(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    browser.put(0, slices_of_recording()[0])
    end(interview)
    for _look in range(MAX_ATTEMPTS + 1):
        waiting = assemble(interview)
        assert (waiting.state, waiting.attempts) == (StepState.WAITING, 0)

    PipelineStep.objects.update(started_at=now() - LONGEST_WAIT)

    assert assemble(interview).state == StepState.DONE


def test_late_chunk_fills_the_gap_and_the_address_stays(
    browser: Browser, interview: Interview, media: Path
) -> None:
    slices = slices_of_recording(seconds=12, count=6)
    browser.send(slices, without=(2,))
    end(interview)
    assemble(interview)
    [before] = playable(interview)

    assert browser.put(2, slices[2]).status_code == 201
    assert interview.recordings.get().state == RecordingState.RECORDING
    step = assemble(interview)

    assert step.message == "0:12 assembled, without gaps."
    [after] = playable(interview)
    assert after.pk == before.pk
    assert after.sha256 != before.sha256
    rows = set(Asset.objects.values_list("key", flat=True))
    assert asset_files(media) == rows


def test_chunk_arriving_during_assembly_is_not_lost(
    browser: Browser, interview: Interview
) -> None:
    slices = slices_of_recording(seconds=12, count=6)
    browser.send(slices, without=(5,))
    end(interview)

    def send_the_rest(point: Point) -> None:
        if point is Point.VERIFIED:
            assert browser.put(5, slices[5]).status_code == 201

    with watched_by(send_the_rest):
        first = assemble(interview)
    assert first.state == StepState.WAITING
    assert first.message == "More of the recording arrived meanwhile."
    assert not Asset.objects.exists()

    assert assemble(interview).message == "0:12 assembled, without gaps."


def test_first_chunk_arriving_while_nothing_is_noted_is_not_lost(
    browser: Browser, interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    slices = slices_of_recording()
    browser.open()
    end(interview)

    def sum_up_slowly(recording: Recording) -> Sums:
        sums = sum_up(recording)
        if not sums.chunks:
            assert browser.put(0, slices[0]).status_code == 201
        return sums

    monkeypatch.setattr(assembly, "sum_up", sum_up_slowly)

    first = assemble(interview)

    assert first.state == StepState.WAITING
    assert first.message == "More of the recording arrived meanwhile."
    assert interview.recordings.get().state == RecordingState.RECORDING


def test_repeated_assembly_gives_the_same_bytes(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording())
    end(interview)
    assemble(interview)
    [first] = playable(interview)
    PipelineStep.objects.update(state=StepState.WAITING)

    assemble(interview)

    [second] = playable(interview)
    assert (second.pk, second.sha256) == (first.pk, first.sha256)
    assert asset_files(media) == set(Asset.objects.values_list("key", flat=True))


def test_worker_that_lost_its_lease_writes_nothing(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording())
    end(interview)

    def take_over(point: Point) -> None:
        if point is Point.READY:
            PipelineStep.objects.update(lease_token="another worker's")

    with watched_by(take_over):
        step = assemble(interview)

    assert step.state == StepState.RUNNING
    assert step.lease_token == "another worker's"
    assert not Asset.objects.exists()


def test_files_that_do_not_read_back_are_tried_again(
    browser: Browser, interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.send(slices_of_recording())
    end(interview)
    monkeypatch.setattr("recordings.media.verify.DURATION_TOLERANCE_MS", -1)

    step = assemble(interview)

    assert step.state == StepState.WAITING
    assert step.message == "The stored recording has another length."
    assert interview.recordings.get().state == RecordingState.FAILED
    monkeypatch.undo()


def test_track_that_fails_does_not_take_the_other_along(
    browser: Browser, interview: Interview
) -> None:
    browser.send(slices_of_recording())
    data = bytearray(record("libx264", "aac", container="mp4"))
    # What a decoder must know before the first picture is gone; every hash is right.
    start = data.index(b"avcC") + 4
    data[start + 8 : start + 30] = bytes(22)
    screen = Browser(browser.client, interview)
    screen.open(track="screen", mime_type="video/mp4")
    for index, piece in enumerate(cut(bytes(data), 4)):
        assert screen.put(index, piece).status_code == 201
    screen.close(4)
    end(interview)

    step = assemble(interview)

    assert (step.state, step.attempts) == (StepState.WAITING, 1)
    assert [asset.recording.track for asset in playable(interview)] == ["camera"]
    states = dict(interview.recordings.values_list("track", "state"))
    assert states == {"camera": "assembled", "screen": "failed"}


def test_abandoned_temporary_files_are_swept(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.send(slices_of_recording())
    end(interview)
    chunk_folder = (media / Chunk.objects.filter(index=0).get().key).parent
    old, fresh = chunk_folder / ".part-old", chunk_folder / ".part-fresh"
    asset_folder = chunk_folder.parents[1] / "assets"
    asset_folder.mkdir()
    left = [old, fresh, asset_folder / ".part-x", asset_folder / "dead-0.webm"]
    for path in left:
        path.write_bytes(b"left behind")
    os.utime(old, (0, 0))

    assemble(interview)

    assert [path.exists() for path in left] == [False, True, False, False]


# S3
