"""What goes with a recording: the index of its pictures, and captions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from interviews.models import Interview
from recordings.captions import Cue, register_captions, unregister_captions
from recordings.models import Asset
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.factories.recordings import AssetFactory, RecordingFactory
from tests.interviewlm.review.conftest import url as desk

INDEX = """WEBVTT

00:00:00.000 --> 00:00:10.000
sprites-0.jpg#xywh=0,0,160,90

00:00:10.000 --> 00:00:20.000
sprites-7.jpg#xywh=160,0,160,90
"""
CUES = [
    Cue(62_000, 64_500, "second  line\nhere", speaker="candidate"),
    Cue(3000, 4000, "before <b>this</b> file"),
    Cue(59_000, 61_000, "<i>a</i> & 1 --> 2"),
    Cue(200_000, 201_000, "after it"),
]


@pytest.fixture
def asset(people: People) -> Asset:
    """A file that begins a minute into the interview."""
    interview = InterviewFactory.create(
        organisation=people.organisation, state="completed"
    )
    recording = RecordingFactory.create(interview=interview)
    made: Asset = AssetFactory.create(
        recording=recording, start_ms=60_000, duration_ms=30_000
    )
    return made


@pytest.fixture
def transcript() -> Iterator[None]:
    """Somebody who knows what was said."""
    register_captions("test", lambda _interview: CUES)
    yield
    unregister_captions("test")


def url(asset: Asset, name: str) -> str:
    return f"/interviews/{asset.recording.interview_id}/recordings/{asset.pk}/{name}"


def test_index_names_the_addresses_of_its_sheets(
    asset: Asset, people: People, media: Path, client: Client
) -> None:
    recording = asset.recording
    index = AssetFactory.create(recording=recording, kind="sprite_index", key="i.vtt")
    sheet = AssetFactory.create(recording=recording, kind="sprites", part=7)
    media.mkdir()
    (media / "i.vtt").write_text(INDEX)
    client.force_login(people.reviewer)

    answer = client.get(url(index, "sprites.vtt"))

    assert answer["Content-Type"] == "text/vtt; charset=utf-8"
    lines = answer.content.decode().splitlines()
    assert lines[6] == f"{url(sheet, '')}#xywh=160,0,160,90"
    assert lines[3] == "sprites-0.jpg#xywh=0,0,160,90"
    assert client.get(url(asset, "sprites.vtt")).status_code == 404


def test_captions_are_on_the_clock_of_the_file_and_cannot_break_out(
    asset: Asset, people: People, client: Client, transcript: None
) -> None:
    client.force_login(people.reviewer)
    answer = client.get(url(asset, "captions.vtt"))
    assert answer.content.decode() == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:01.000\n&lt;i&gt;a&lt;/i&gt; &amp; 1 --&gt; 2\n\n"
        "00:00:02.000 --> 00:00:04.500\n<v candidate>second line here\n"
    )


def test_player_offers_captions_only_with_a_transcript(
    asset: Asset, people: People, client: Client
) -> None:
    client.force_login(people.reviewer)
    interview: Interview = asset.recording.interview
    assert 'data-do="captions"' not in client.get(desk(interview)).content.decode()
    register_captions("test", lambda _interview: CUES)
    try:
        page = client.get(desk(interview)).content.decode()
    finally:
        unregister_captions("test")
    assert 'data-do="captions"' in page
    assert url(asset, "captions.vtt") in page


@pytest.mark.parametrize("name", ["sprites.vtt", "captions.vtt"])
def test_beside_is_for_who_may_watch(
    asset: Asset, people: People, client: Client, name: str
) -> None:
    client.force_login(people.finance)
    assert client.get(url(asset, name)).status_code == 403
    client.force_login(people.stranger)
    assert client.get(url(asset, name)).status_code == 404
