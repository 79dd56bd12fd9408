"""Playback: by ranges, for members who may watch, for nobody else."""

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.enums import Role
from accounts.models import User
from accounts.permissions import is_allowed
from interviews.enums import InterviewState
from recordings.http_range import LARGEST_ANSWER
from recordings.models import Asset
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.factories.recordings import AssetFactory
from tests.recordings.conftest import let_in

SIZE = LARGEST_ANSWER + 5000
DATA = hashlib.shake_128(b"recording").digest(SIZE)


@pytest.fixture
def asset(people: People, media: Path) -> Asset:
    """A finished file of the first organisation."""
    made: Asset = AssetFactory.create(
        recording__interview=InterviewFactory.create(
            organisation=people.organisation, state=InterviewState.COMPLETED
        ),
        size=SIZE,
        sha256=hashlib.sha256(DATA).hexdigest(),
    )
    path = media / made.key
    path.parent.mkdir(parents=True)
    path.write_bytes(DATA)
    return made


def url(asset: Asset) -> str:
    return f"/interviews/{asset.recording.interview_id}/recordings/{asset.pk}/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body(response: HttpResponseBase) -> bytes:
    return response.content  # type: ignore[attr-defined,no-any-return]


@async_to_sync
async def streamed(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([block async for block in response])


def test_range_is_answered_and_capped(asset: Asset, people: People) -> None:
    client = signed_in(people.reviewer)

    inside = client.get(url(asset), headers={"Range": "bytes=100-199"})
    start = client.get(url(asset), headers={"Range": "bytes=0-"})
    tail = client.get(url(asset), headers={"Range": "bytes=-10"})

    assert (inside.status_code, body(inside)) == (206, DATA[100:200])
    assert inside["Content-Range"] == f"bytes 100-199/{SIZE}"
    assert inside["Content-Type"] == "video/webm"
    assert (start.status_code, body(start)) == (206, DATA[:LARGEST_ANSWER])
    assert body(tail) == DATA[-10:]
    assert start["ETag"] == f'"{asset.sha256}"'
    assert start["Cache-Control"] == "private, no-cache"
    assert start["X-Content-Type-Options"] == "nosniff"


def test_range_behind_the_end_is_refused(asset: Asset, people: People) -> None:
    client = signed_in(people.owner)
    answer = client.get(url(asset), headers={"Range": f"bytes={SIZE}-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


def test_head_tells_the_size(asset: Asset, people: People) -> None:
    answer = signed_in(people.owner).head(url(asset))
    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert answer["Accept-Ranges"] == "bytes"


def test_known_version_is_not_sent_again(asset: Asset, people: People) -> None:
    tag = {"If-None-Match": f'"{asset.sha256}"'}
    assert signed_in(people.owner).get(url(asset), headers=tag).status_code == 304


def test_whole_large_file_is_given_only_where_the_server_waits(
    asset: Asset, people: People, settings: Settings
) -> None:
    client = signed_in(people.owner)

    settings.WEB_SERVER = "daphne"
    refused = client.get(url(asset))
    assert (refused.status_code, refused["Accept-Ranges"]) == (400, "bytes")

    settings.WEB_SERVER = "uvicorn"
    answer = client.get(url(asset))
    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert streamed(answer) == DATA


def test_small_file_is_given_whole(asset: Asset, people: People, media: Path) -> None:
    Asset.objects.update(size=1000)
    (media / asset.key).write_bytes(DATA[:1000])
    answer = signed_in(people.owner).get(url(asset))
    assert answer.status_code == 200
    assert streamed(answer) == DATA[:1000]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(asset: Asset, people: People, method: str) -> None:
    assert getattr(signed_in(people.owner), method)(url(asset)).status_code == 405


@pytest.mark.parametrize("role", list(Role))
def test_role_decides(asset: Asset, people: People, role: Role) -> None:
    client = signed_in(people.with_role(role))
    answer = client.get(url(asset), headers={"Range": "bytes=0-9"})
    expected = 206 if is_allowed(role, "view", "recording") else 403
    assert answer.status_code == expected


def test_strangers_find_nothing(asset: Asset, people: People) -> None:
    candidate = let_in(Client(), asset.recording.interview)
    for client in (signed_in(people.stranger), Client(), candidate):
        for path in (url(asset), f"/interviews/{uuid4()}/recordings/{asset.pk}/"):
            answer = client.get(path, headers={"Range": "bytes=0-9"})
            assert answer.status_code == 404
            assert DATA[:10] not in body(answer)


def test_file_of_another_interview_is_not_found(asset: Asset, people: People) -> None:
    other = InterviewFactory.create(organisation=people.organisation)
    path = f"/interviews/{other.pk}/recordings/{asset.pk}/"
    assert signed_in(people.owner).get(path).status_code == 404


def test_vanished_file_is_not_found(asset: Asset, people: People, media: Path) -> None:
    (media / asset.key).unlink()
    client = signed_in(people.owner)
    answer = client.get(url(asset), headers={"Range": "bytes=0-9"})
    assert answer.status_code == 404
