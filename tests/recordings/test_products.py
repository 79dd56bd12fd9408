"""What is made beside the playable file, and when the chunks may go."""

import json
from datetime import timedelta
from pathlib import Path

import av
import pytest
from pytest_django.fixtures import Settings

from base.clock import now
from interviews.enums import StepState
from interviews.models import Interview, PipelineStep
from recordings.enums import AssetKind, ChunkState, RecordingState
from recordings.models import Asset, Chunk, Recording
from recordings.services.release import may_release_chunks, note_released
from recordings.services.renditions import make_rendition
from tests.recordings.conftest import Browser, end, slices_of_recording
from tests.recordings.media.recorded import FPS, cut, record
from tests.recordings.steps import assemble, asset_files, playable, step_of

FRAME_MS = 1000 // FPS


def asset_of(interview: Interview, kind: str) -> Asset:
    return Asset.objects.get(recording__interview=interview, kind=kind)


@pytest.fixture
def assembled(browser: Browser, interview: Interview) -> Interview:
    """An interview whose recording of eight seconds is put together."""
    browser.send(slices_of_recording())
    end(interview)
    assemble(interview)
    return interview


def test_pictures_and_waveform_lie_beside_the_file(
    assembled: Interview, media: Path
) -> None:
    [played] = playable(assembled)
    sheet = asset_of(assembled, AssetKind.SPRITES)
    index = asset_of(assembled, AssetKind.SPRITE_INDEX)
    waveform = asset_of(assembled, AssetKind.WAVEFORM)

    assert (media / sheet.key).read_bytes().startswith(b"\xff\xd8")
    assert index.mime_type == "text/vtt; charset=utf-8"
    told = (media / index.key).read_text(encoding="utf-8")
    assert f"sprites-{sheet.part}.jpg#xywh=0,0,160,90" in told
    assert (index.part, waveform.part) == (played.part, played.part)
    heard = json.loads((media / waveform.key).read_bytes())
    assert (heard["version"], heard["rate"]) == (1, 10)
    assert abs(len(heard["peaks"]) - 80) <= 1


def mark_of(path: Path, start_ms: int) -> tuple[int | None, int | None]:
    """When, on the interview clock, the flash is seen and the tone is heard."""
    seen = heard = None
    with av.open(str(path), "r") as opened:
        for packet in opened.demux():
            for frame in packet.decode():
                if not isinstance(frame, av.VideoFrame | av.AudioFrame):
                    continue
                at = start_ms + round((frame.time or 0) * 1000)
                if isinstance(frame, av.VideoFrame) and seen is None:
                    plane = frame.planes[0]
                    is_white = sum(bytes(plane)[: plane.width]) > 220 * plane.width
                    seen = at if is_white else None
                elif isinstance(frame, av.AudioFrame) and heard is None:
                    wave = memoryview(frame.planes[0]).cast("B").cast("f")
                    heard = at if max(wave[: frame.samples]) > 0.2 else None
    return seen, heard


def test_camera_and_screen_keep_the_interview_clock(
    browser: Browser, interview: Interview, media: Path
) -> None:
    """A flash and a tone at 9.5 s, seen by a camera that was reloaded and a screen."""
    mark_ms = 9500
    tracks = [
        ("camera", "libopus", 1200, None),
        ("camera", "libopus", 7400, mark_ms - 7400),
        ("screen", None, 3300, mark_ms - 3300),
    ]
    for track, sound, started_ms, marked_ms in tracks:
        sender = Browser(browser.client, interview)
        opened = sender.open(track=track, started_ms=started_ms)
        assert opened.status_code == 201
        data = record(
            audio=sound, seconds=8 if track == "screen" else 5, mark_ms=marked_ms
        )
        for index, piece in enumerate(cut(data, 3)):
            assert sender.put(index, piece).status_code == 201
        sender.close(3)
    end(interview)

    assemble(interview)

    found = {
        asset.recording.track: mark_of(media / asset.key, asset.start_ms)
        for asset in Asset.objects.filter(kind=AssetKind.PLAYABLE).select_related(
            "recording"
        )
    }
    assert found["camera"] == pytest.approx((mark_ms, mark_ms), abs=FRAME_MS)
    assert found["screen"][0] == pytest.approx(mark_ms, abs=FRAME_MS)
    starts = Asset.objects.filter(kind=AssetKind.PLAYABLE).values_list(
        "recording__track", "start_ms"
    )
    assert dict(starts) == {"camera": 1200, "screen": 3300}


def test_rendition_is_made_once_and_again_for_another_file(
    browser: Browser, interview: Interview, media: Path, settings: Settings
) -> None:
    settings.MEDIA_RENDITION = True
    slices = slices_of_recording()
    browser.send(slices, without=(2,))
    end(interview)
    assemble(interview)
    [played] = playable(interview)

    assert make_rendition(played.pk)
    assert not make_rendition(played.pk)

    first = asset_of(interview, AssetKind.RENDITION)
    assert (first.mime_type, first.codecs) == ("video/mp4", "h264,aac")
    assert (first.part, first.source_sha256) == (played.part, played.sha256)
    assert (media / first.key).stat().st_size == first.size

    assert browser.put(2, slices[2]).status_code == 201
    assemble(interview)
    assert not Asset.objects.filter(kind=AssetKind.RENDITION).exists()
    assert make_rendition(playable(interview)[0].pk)
    assert asset_files(media) == set(Asset.objects.values_list("key", flat=True))


def test_rendition_stays_with_a_file_of_the_same_bytes(assembled: Interview) -> None:
    assert make_rendition(playable(assembled)[0].pk)
    PipelineStep.objects.update(state=StepState.WAITING)

    assemble(assembled)

    made = asset_of(assembled, AssetKind.RENDITION)
    assert made.source_sha256 == playable(assembled)[0].sha256


def test_chunks_may_go_only_when_nothing_more_can_come(assembled: Interview) -> None:
    recording = assembled.recordings.get()
    assert not may_release_chunks(recording)
    long_ago = now() - timedelta(hours=73)
    Interview.objects.update(ended_at=long_ago)

    assert may_release_chunks(Recording.objects.get())


@pytest.mark.parametrize(
    "change",
    ["newer chunk", "damaged chunk", "not assembled", "step to do", "reopened"],
)
def test_chunks_stay_while_they_may_be_needed(
    assembled: Interview, change: str
) -> None:
    Interview.objects.update(ended_at=now() - timedelta(hours=73))
    if change == "newer chunk":
        Chunk.objects.filter(index=1).update(stored_at=now() + timedelta(seconds=1))
    elif change == "damaged chunk":
        Chunk.objects.filter(index=1).update(state=ChunkState.DAMAGED)
    elif change == "not assembled":
        Recording.objects.update(state=RecordingState.RECORDING)
    elif change == "step to do":
        PipelineStep.objects.update(state=StepState.WAITING)
    else:
        Interview.objects.update(ended_at=None)

    assert not may_release_chunks(Recording.objects.get())


def test_assembly_after_chunks_went_changes_nothing(assembled: Interview) -> None:
    before = list(Asset.objects.order_by("pk").values())
    note_released(assembled.recordings.get())
    PipelineStep.objects.update(state=StepState.WAITING)

    step = assemble(assembled)

    assert (step.state, step.message) == (StepState.DONE, "Nothing new was recorded.")
    assert list(Asset.objects.order_by("pk").values()) == before
    assert assembled.recordings.get().state == RecordingState.ASSEMBLED


def test_what_is_recorded_after_chunks_went_is_a_file_behind_the_first(
    browser: Browser, assembled: Interview, media: Path
) -> None:
    [first] = playable(assembled)
    recording = assembled.recordings.get()
    assert note_released(recording) == 4
    for chunk in Chunk.objects.all():
        (media / chunk.key).unlink()
    again = Browser(browser.client, assembled)
    again.open(started_ms=0)
    for index, data in enumerate(slices_of_recording()):
        again.put(index, data)
    again.close(4)

    step = assemble(assembled)

    assert (step.state, step_of(assembled).attempts) == (StepState.DONE, 1)
    before, after = playable(assembled)
    assert (before.pk, before.key, before.part) == (first.pk, first.key, 0)
    assert (after.part, after.sha256) == (1, first.sha256)
    sheets = Asset.objects.filter(kind=AssetKind.SPRITES).order_by("part")
    assert [sheet.part for sheet in sheets] == [0, 1]
    assert asset_files(media) == set(Asset.objects.values_list("key", flat=True))
