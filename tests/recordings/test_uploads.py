"""Uploads: acknowledged means stored, a repeat is harmless, a stranger finds nothing."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from base.clock import now
from interviews.enums import InterviewState, StepState
from interviews.models import EventCursor, Interview
from recordings.enums import ChunkState, RecordingState
from recordings.models import Chunk, Recording
from tests.factories.interviews import InterviewFactory
from tests.factories.recordings import ChunkFactory, SegmentFactory
from tests.recordings.conftest import Browser, end, let_in, slices_of_recording

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


def refusal(response: "Response") -> tuple[int, str, bool]:
    """Status, code, and whether the same may work later."""
    assert response["Content-Type"] == "application/json"
    body = response.json()
    assert body["message"]
    return response.status_code, body["code"], body["retryable"]


def kinds(interview: Interview) -> list[str]:
    return list(interview.events.order_by("seq").values_list("kind", flat=True))


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_segment_is_stored_with_header_size_and_events(
    browser: Browser, interview: Interview, media: Path
) -> None:
    slices = slices_of_recording()

    browser.send(slices)

    segment = browser.stored()
    assert segment.header
    assert slices[0].startswith(bytes(segment.header))
    assert (segment.width, segment.height, segment.codecs) == (160, 120, "vp9,opus")
    assert segment.closed_at is not None
    assert [path.read_bytes() for path in files(media)] == slices
    recording = interview.recordings.get()
    assert (recording.stored_ms, recording.state) == (8000, RecordingState.RECORDING)
    assert kinds(interview) == [
        "recording.segment_opened",
        *["recording.chunk_stored"] * 4,
        "recording.segment_closed",
    ]


def test_repeats_change_nothing(browser: Browser, interview: Interview) -> None:
    slices = slices_of_recording()
    browser.send(slices)
    before = kinds(interview)

    answers = [browser.open(), browser.put(1, slices[1]), browser.close(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert kinds(interview) == before
    assert Chunk.objects.count() == 4


def test_close_again_with_other_words_keeps_the_first(browser: Browser) -> None:
    browser.open()
    browser.close(3)
    first = browser.stored().manifest
    assert browser.close(7).status_code == 200
    assert browser.stored().manifest == first


def test_other_bytes_under_a_number_are_refused(browser: Browser, media: Path) -> None:
    browser.open()
    browser.put(1, b"first")
    before = files(media)

    assert refusal(browser.put(1, b"second")) == (409, "chunk_conflict", False)

    assert files(media) == before
    assert Chunk.objects.get().size == 5


def test_damaged_body_may_be_sent_again(browser: Browser, media: Path) -> None:
    browser.open()
    wrong = hashlib.sha256(b"other").hexdigest()

    answer = browser.put(1, b"bytes", headers={"X-Chunk-Sha256": wrong})

    assert refusal(answer) == (400, "hash_mismatch", True)
    assert files(media) == []
    assert not Chunk.objects.exists()
    assert browser.put(1, b"bytes").status_code == 201


@pytest.mark.parametrize("says_so", [True, False], ids=["announced", "streamed"])
def test_too_large_chunk_is_refused(
    browser: Browser, settings: Settings, media: Path, says_so: bool
) -> None:
    settings.LIMITS = {**settings.LIMITS, "chunk_bytes": 100_000}
    browser.open()
    length = {} if says_so else {"Content-Length": ""}

    answer = browser.put(1, bytes(100_001), headers=length)

    assert refusal(answer) == (413, "chunk_too_large", False)
    assert files(media) == []
    assert browser.put(1, bytes(100_000)).status_code == 201


def test_first_chunk_must_be_a_recording(browser: Browser, media: Path) -> None:
    browser.open()
    answer = browser.put(0, b"<html>" * 100)
    assert refusal(answer) == (415, "format_unsupported", False)
    assert files(media) == []


def test_empty_chunk_is_refused(browser: Browser) -> None:
    browser.open()
    assert refusal(browser.put(1, b"")) == (400, "bad_request", False)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Chunk-Sha256": "zz"},
        {"X-Chunk-Start-Ms": ""},
        {"X-Chunk-Duration-Ms": "-1"},
        {"X-Chunk-Duration-Ms": "99999999"},
        {"X-Chunk-Start-Ms": "1e9"},
    ],
    ids=["hash", "no-start", "negative", "absurd", "float"],
)
def test_chunk_with_odd_headers_is_refused(
    browser: Browser, headers: dict[str, str]
) -> None:
    browser.open()
    answer = browser.put(1, b"bytes", headers=headers)
    assert refusal(answer) == (400, "bad_request", False)


def test_chunk_number_beyond_the_limit_is_refused(browser: Browser) -> None:
    browser.open()
    assert browser.put(9_999, b"bytes").status_code == 201
    assert refusal(browser.put(10_000, b"bytes"))[:2] == (400, "bad_request")


@pytest.mark.parametrize(
    "changes",
    [
        {"segment": "no-uuid"},
        {"mime_type": "text/html"},
        {"mime_type": "video/webm\r\nX: y"},
        {"started_ms": "soon"},
        {"track": "ceiling"},
        {"video": {"width": 0, "height": 1}},
        {"started_ms": 10 * 60 * 60 * 1000},
    ],
    ids=["id", "type", "line-break", "start", "track", "size", "future"],
)
def test_odd_opening_is_refused(browser: Browser, changes: dict[str, object]) -> None:
    assert refusal(browser.open(**changes)) == (400, "bad_request", False)
    assert not Recording.objects.filter(segments__isnull=False).exists()


def test_broken_json_is_refused(browser: Browser) -> None:
    answer = browser.client.post(browser.base, "{", content_type="application/json")
    assert refusal(answer) == (400, "bad_request", False)


def test_huge_json_is_refused(browser: Browser) -> None:
    body = b" " * (3 * 1024 * 1024)
    answer = browser.client.post(browser.base, body, content_type="application/json")
    assert refusal(answer) == (413, "chunk_too_large", False)


def test_segment_id_in_use_for_something_else_is_refused(browser: Browser) -> None:
    browser.open()
    assert refusal(browser.open(mime_type="video/mp4"))[:2] == (409, "segment_conflict")
    foreign = SegmentFactory.create()
    browser.segment = foreign.pk
    assert refusal(browser.open())[:2] == (409, "segment_conflict")


def test_quota_of_an_interview(browser: Browser, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "recording_bytes": 5}
    browser.open()
    assert browser.put(1, b"first").status_code == 201
    assert refusal(browser.put(2, b"second")) == (413, "recording_full", False)
    assert browser.put(1, b"first").status_code == 200


def test_disk_that_refuses_asks_to_try_again(browser: Browser, media: Path) -> None:
    browser.open()
    media.write_text("a file where the folder should be", encoding="utf-8")

    answer = browser.put(1, b"bytes")

    assert refusal(answer) == (503, "storage_unavailable", True)
    assert answer["Retry-After"] == "5"
    media.unlink()
    assert browser.put(1, b"bytes").status_code == 201


def test_damaged_chunk_may_be_stored_again(browser: Browser, media: Path) -> None:
    browser.open()
    browser.put(1, b"bytes")
    files(media)[0].write_bytes(b"rotten")
    Chunk.objects.update(state=ChunkState.DAMAGED)

    assert browser.put(1, b"bytes").status_code == 201

    assert Chunk.objects.get().state == ChunkState.STORED
    assert files(media)[0].read_bytes() == b"bytes"


def test_write_that_failed_is_never_acknowledged(
    browser: Browser, interview: Interview, media: Path
) -> None:
    browser.open()
    browser.client.raise_request_exception = False
    EventCursor.objects.update(last_seq=0)  # the next number is taken

    assert browser.put(1, b"bytes").status_code == 500
    assert not Chunk.objects.exists()

    EventCursor.objects.update(last_seq=1)
    assert browser.put(1, b"bytes").status_code == 201
    assert Chunk.objects.exists()


# Who, and when


def test_stranger_finds_nothing(browser: Browser, interview: Interview) -> None:
    browser.open()
    strangers = [
        Client(),
        let_in(Client(), InterviewFactory.create(state=InterviewState.ACTIVE)),
    ]
    for client in strangers:
        other = Browser(client, interview, browser.segment)
        answers = [other.open(), other.put(1, b"bytes"), other.close(1)]
        assert [refusal(answer)[:2] for answer in answers] == [(404, "not_found")] * 3
    assert not Chunk.objects.exists()


def test_unknown_interview_looks_like_a_foreign_one(browser: Browser) -> None:
    path = f"/api/v1/interviews/{uuid4()}/recordings/segments"
    answer = browser.client.post(path, "{}", content_type="application/json")
    assert refusal(answer)[:2] == (404, "not_found")


def test_foreign_segment_is_not_found(browser: Browser) -> None:
    browser.segment = SegmentFactory.create().pk
    answers = [browser.put(1, b"bytes"), browser.close(1)]
    assert [refusal(answer)[:2] for answer in answers] == [(404, "not_found")] * 2


def test_csrf_token_is_required(browser: Browser, interview: Interview) -> None:
    strict = Browser(let_in(Client(enforce_csrf_checks=True), interview), interview)
    answers = [strict.open(), strict.put(0, b"bytes"), strict.close(1)]
    assert [refusal(answer)[:2] for answer in answers] == [(403, "csrf_failed")] * 3
    assert not Recording.objects.exists()


def test_csrf_token_of_the_page_is_taken(interview: Interview) -> None:
    client = let_in(Client(enforce_csrf_checks=True), interview)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post(
        f"/api/v1/interviews/{interview.pk}/recordings/segments",
        {"segment": str(uuid4()), "mime_type": "video/webm", "started_ms": 0},
        content_type="application/json",
        headers={"X-CSRFToken": "a" * 32},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("method", ["get", "delete", "patch"])
def test_other_methods_are_refused(browser: Browser, method: str) -> None:
    answer = getattr(browser.client, method)(browser.base)
    assert refusal(answer)[:2] == (405, "method_not_allowed")
    assert answer["Allow"] == "POST"


def test_preview_is_not_recorded(db: None) -> None:
    preview = InterviewFactory.create(state=InterviewState.ACTIVE, is_preview=True)
    browser = Browser(let_in(Client(), preview), preview)
    assert refusal(browser.open()) == (409, "not_recorded", False)


def test_assessment_without_recording_takes_none(
    browser: Browser, interview: Interview
) -> None:
    version = interview.assessment_version
    version.is_recorded = False
    type(version).objects.filter(pk=version.pk).update(
        is_recorded=False, records_screen=False
    )
    assert refusal(browser.open()) == (409, "not_recorded", False)


def test_screen_is_taken_only_where_the_assessment_asks_for_it(db: None) -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    browser = Browser(let_in(Client(), interview), interview)

    assert refusal(browser.open(track="screen")) == (409, "not_recorded", False)
    assert not interview.recordings.exists()
    assert browser.open(track="camera").status_code == 201


def test_nothing_is_taken_before_the_start(db: None) -> None:
    waiting = InterviewFactory.create(state=InterviewState.PREPARING)
    browser = Browser(let_in(Client(), waiting), waiting)
    assert refusal(browser.open()) == (409, "recording_closed", False)


def test_late_chunks_are_taken_for_three_days(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    end(interview)
    Interview.objects.update(ended_at=now() - timedelta(hours=71))
    assert browser.put(1, b"bytes").status_code == 201

    Interview.objects.update(ended_at=now() - timedelta(hours=72, minutes=1))
    answers = [browser.open(), browser.put(2, b"bytes"), browser.close(2)]
    assert [refusal(a)[:2] for a in answers] == [(409, "recording_closed")] * 3


def test_recorder_that_began_after_the_end_is_refused(
    browser: Browser, interview: Interview
) -> None:
    end(interview)
    assert refusal(browser.open(started_ms=3_600_000 * 2))[:2] == (400, "bad_request")
    assert browser.open(started_ms=1000).status_code == 201


@pytest.mark.parametrize("state", [StepState.DONE, StepState.SKIPPED, StepState.FAILED])
def test_late_chunk_starts_the_assembly_again(
    browser: Browser, interview: Interview, state: StepState
) -> None:
    browser.open()
    end(interview)
    interview.pipeline_steps.update(state=state, attempts=3)

    browser.put(1, b"bytes")

    step = interview.pipeline_steps.get(name="assemble")
    assert (step.state, step.attempts) == (StepState.WAITING, 0)
    others = interview.pipeline_steps.exclude(name="assemble")
    assert set(others.values_list("state", flat=True)) == {state}


def test_chunks_of_other_interviews_do_not_count(
    browser: Browser, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "recording_bytes": 5}
    ChunkFactory.create(size=100)
    browser.open()
    assert browser.put(1, b"first").status_code == 201
