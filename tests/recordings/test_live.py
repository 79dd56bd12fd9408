"""Live view: what is stored so far, for who may watch, while the interview runs."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.enums import Role
from accounts.models import AuditEntry, User
from base.clock import at_time, now
from interviews.models import Interview
from recordings.live import media_type
from recordings.models import Chunk
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.factories.recordings import SegmentFactory
from tests.recordings.conftest import Browser, end, slices_of_recording


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(interview: Interview, rest: str = "") -> str:
    return f"/interviews/{interview.pk}/live/{rest}"


@pytest.fixture
def interview(people: People) -> Interview:
    """An interview of the first organisation, under way."""
    made: Interview = InterviewFactory.create(
        state="active", organisation=people.organisation
    )
    return made


def read(client: Client, interview: Interview) -> dict[str, Any]:
    answer = client.get(url(interview))
    assert answer.status_code == 200
    content: dict[str, Any] = answer.json()
    return content


def test_watcher_is_told_what_is_stored_and_gets_its_bytes(
    browser: Browser, interview: Interview, people: People
) -> None:
    slices = slices_of_recording()
    browser.open(started_ms=5000)
    for index in (0, 2):
        browser.put(index, slices[index])
    client = signed_in(people.reviewer)

    found = read(client, interview)

    [track] = found["tracks"]
    [segment] = track["segments"]
    assert (track["track"], segment["type"]) == (
        "camera",
        'video/webm;codecs="vp9,opus"',
    )
    assert [(one["index"], one["start"]) for one in segment["chunks"]] == [
        (0, 5000),
        (2, 9000),
    ]
    assert found["now"] > 0
    base = url(interview, f"{segment['id']}/")
    header = client.get(f"{base}header").content
    assert slices[0].startswith(header)
    part = client.get(f"{base}2", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, slices[2][10:20])
    assert client.get(f"{base}1").status_code == 404


def test_hole_is_told_once_it_is_certain(
    browser: Browser, interview: Interview, people: People
) -> None:
    slices = slices_of_recording()
    browser.open()
    for index in (0, 2):
        browser.put(index, slices[index])
    client = signed_in(people.owner)
    assert read(client, interview)["holes"] == []
    with at_time(now() + timedelta(seconds=40)):
        [hole] = read(client, interview)["holes"]
    assert (hole["start"], hole["end"], hole["reason"]) == (2000, 4000, "missing")


@pytest.mark.parametrize("role", list(Role))
def test_who_may_watch_sees_the_camera(
    browser: Browser, interview: Interview, people: People, role: Role
) -> None:
    browser.open()
    browser.put(0, slices_of_recording()[0])
    member = people.with_role(role)
    paths = ["", f"{browser.segment}/header", f"{browser.segment}/0"]
    part = {"Range": "bytes=0-9"}

    def statuses() -> list[int]:
        client = signed_in(member)
        return [
            client.get(url(interview, path), headers=part).status_code for path in paths
        ]

    may_any = role in {Role.OWNER, Role.RECRUITER, Role.REVIEWER}
    assert statuses() == ([200, 200, 206] if may_any else [404] * 3)
    interview.interviewers.create(user=member)
    may_now = may_any or role == Role.INTERVIEWER
    assert statuses() == ([200, 200, 206] if may_now else [404] * 3)


def test_strangers_and_the_candidate_find_nothing(
    browser: Browser, interview: Interview, people: People
) -> None:
    browser.open()
    browser.put(0, slices_of_recording()[0])
    other = InterviewFactory.create(state="active", organisation=people.organisation)
    foreign = SegmentFactory.create(header=b"x")
    for path in ("", f"{browser.segment}/header", f"{browser.segment}/0"):
        for client in (signed_in(people.stranger), Client(), browser.client):
            assert client.get(url(interview, path)).status_code == 404
    owner = signed_in(people.owner)
    assert owner.get(url(other, f"{browser.segment}/header")).status_code == 404
    assert owner.get(url(interview, f"{foreign.pk}/header")).status_code == 404


def test_nothing_is_live_once_it_is_over(
    browser: Browser, interview: Interview, people: People
) -> None:
    browser.send(slices_of_recording())
    end(interview)
    client = signed_in(people.owner)
    for path in ("", f"{browser.segment}/header", f"{browser.segment}/0"):
        assert client.get(url(interview, path)).status_code == 404


def test_looking_is_one_audit_row_for_each_viewer_and_hour(
    interview: Interview, people: People
) -> None:
    owner = signed_in(people.owner)
    for client in (owner, signed_in(people.reviewer), owner):
        read(client, interview)
    rows = AuditEntry.objects.filter(action="interview.seen_live")
    assert sorted(rows.values_list("actor", flat=True)) == sorted(
        [people.owner.pk, people.reviewer.pk]
    )
    with at_time(now() + timedelta(seconds=3601)):
        read(owner, interview)
    assert rows.count() == 3


def test_only_the_newest_chunks_are_told(
    browser: Browser, interview: Interview, people: People
) -> None:
    browser.open()
    browser.put(0, slices_of_recording()[0])
    segment = browser.stored()
    Chunk.objects.bulk_create(
        Chunk(
            segment=segment,
            index=index,
            size=1,
            sha256="0" * 64,
            start_ms=index * 2000,
            duration_ms=2000,
            key=f"k{index}",
        )
        for index in range(1, 40)
    )
    [track] = read(signed_in(people.owner), interview)["tracks"]
    indexes = [one["index"] for one in track["segments"][0]["chunks"]]
    assert indexes == list(range(28, 40))


@pytest.mark.parametrize(
    ("mime_type", "codecs", "width", "expected"),
    [
        ("video/webm;codecs=vp9,opus", "opus", None, 'audio/webm;codecs="opus"'),
        ("video/webm;codecs=vp8,opus", "vp8,opus", 640, 'video/webm;codecs="vp8,opus"'),
        ("video/mp4;codecs=avc1.42E01E", "h264", 640, "video/mp4;codecs=avc1.42E01E"),
        (
            "video/webm;codecs=av01.0.04M.08",
            "av1",
            640,
            "video/webm;codecs=av01.0.04M.08",
        ),
    ],
    ids=["no-camera", "vp8", "mp4", "av1"],
)
def test_type_is_what_the_header_says(
    db: None, mime_type: str, codecs: str, width: int | None, expected: str
) -> None:
    segment = SegmentFactory.create(mime_type=mime_type, codecs=codecs, width=width)
    assert media_type(segment) == expected
