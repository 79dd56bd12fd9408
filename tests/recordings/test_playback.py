"""Playback: by ranges, for members who may watch, for nobody else."""

import hashlib
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.http import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.enums import Role
from accounts.models import AuditEntry, User
from accounts.permissions import is_allowed
from base.clock import at_time, now
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


def url(asset: Asset, name: str = "") -> str:
    return f"/interviews/{asset.recording.interview_id}/recordings/{asset.pk}/{name}"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(client: Client, asset: Asset) -> str:
    """The signed address this person is given."""
    given = client.get(url(asset, "address")).json()
    return str(given["url"])


def body(response: HttpResponseBase) -> bytes:
    return response.content  # type: ignore[attr-defined,no-any-return]


@async_to_sync
async def streamed(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([block async for block in response])


def test_range_is_answered_and_capped(asset: Asset, people: People) -> None:
    client = signed_in(people.reviewer)

    signed = address(client, asset)
    inside = client.get(signed, headers={"Range": "bytes=100-199"})
    start = client.get(signed, headers={"Range": "bytes=0-"})
    tail = client.get(signed, headers={"Range": "bytes=-10"})

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
    signed = address(client, asset)
    answer = client.get(signed, headers={"Range": f"bytes={SIZE}-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


def test_head_tells_the_size(asset: Asset, people: People) -> None:
    client = signed_in(people.owner)
    answer = client.head(address(client, asset))
    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert answer["Accept-Ranges"] == "bytes"


def test_known_version_is_not_sent_again(asset: Asset, people: People) -> None:
    tag = {"If-None-Match": f'"{asset.sha256}"'}
    client = signed_in(people.owner)
    assert client.get(address(client, asset), headers=tag).status_code == 304


def test_whole_large_file_is_given_only_where_the_server_waits(
    asset: Asset, people: People, settings: Settings
) -> None:
    client = signed_in(people.owner)
    signed = address(client, asset)

    settings.WEB_SERVER = "daphne"
    refused = client.get(signed)
    assert (refused.status_code, refused["Accept-Ranges"]) == (400, "bytes")

    settings.WEB_SERVER = "uvicorn"
    answer = client.get(signed)
    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))
    assert streamed(answer) == DATA


def test_small_file_is_given_whole(asset: Asset, people: People, media: Path) -> None:
    Asset.objects.update(size=1000)
    (media / asset.key).write_bytes(DATA[:1000])
    client = signed_in(people.owner)
    answer = client.get(address(client, asset))
    assert answer.status_code == 200
    assert streamed(answer) == DATA[:1000]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods_are_refused(asset: Asset, people: People, method: str) -> None:
    assert getattr(signed_in(people.owner), method)(url(asset)).status_code == 405


@pytest.mark.parametrize("role", list(Role))
def test_role_decides(asset: Asset, people: People, role: Role) -> None:
    client = signed_in(people.with_role(role))
    part = {"Range": "bytes=0-9"}
    may_view = is_allowed(role, "view", "recording")
    may_download = is_allowed(role, "download", "recording")

    played = client.get(url(asset), headers=part, follow=True)
    given = client.get(url(asset, "address"))
    taken = client.get(url(asset, "download"), headers=part, follow=True)

    assert played.status_code == (206 if may_view else 403)
    assert given.status_code == (200 if may_view else 403)
    assert taken.status_code == (206 if may_download else 403)


@pytest.mark.parametrize(
    "name", ["", "address", "download", "sprites.vtt", "captions.vtt"]
)
def test_strangers_find_nothing(asset: Asset, people: People, name: str) -> None:
    candidate = let_in(Client(), asset.recording.interview)
    signed = address(signed_in(people.owner), asset)
    for client in (signed_in(people.stranger), Client(), candidate):
        for path in (
            url(asset, name),
            f"/interviews/{uuid4()}/recordings/{asset.pk}/{name}",
            signed,
        ):
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
    answer = client.get(address(client, asset), headers={"Range": "bytes=0-9"})
    assert answer.status_code == 404


def test_file_that_cannot_be_read_now_asks_to_come_again(
    asset: Asset, people: People, media: Path
) -> None:
    (media / asset.key).unlink()
    (media / asset.key).mkdir()
    client = signed_in(people.owner)
    answer = client.get(address(client, asset), headers={"Range": "bytes=0-9"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


def test_address_runs_out_after_an_hour(asset: Asset, people: People) -> None:
    client = signed_in(people.reviewer)
    given = client.get(url(asset, "address"))
    content = given.json()
    left = datetime.fromisoformat(content["expires_at"]) - now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert "no-store" in given["Cache-Control"]
    part = {"Range": "bytes=0-9"}
    assert client.get(content["url"], headers=part).status_code == 206

    with at_time(now() + timedelta(seconds=3601)):
        assert client.get(content["url"], headers=part).status_code == 403
        renewed = address(client, asset)
        assert client.get(renewed, headers=part).status_code == 206


@pytest.mark.parametrize(
    ("change", "to"),
    [
        ("signature=", "signature=x"),
        ("until=", "until=9"),
        ("for=play", "for=download"),
    ],
    ids=["signature", "time", "purpose"],
)
def test_address_that_was_changed_is_refused(
    asset: Asset, people: People, change: str, to: str
) -> None:
    client = signed_in(people.owner)
    forged = address(client, asset).replace(change, to)
    assert client.get(forged, headers={"Range": "bytes=0-9"}).status_code == 403


def test_address_of_somebody_else_or_another_file_is_refused(
    asset: Asset, people: People
) -> None:
    signed = address(signed_in(people.owner), asset)
    other = AssetFactory.create(recording=asset.recording, part=1)
    query = signed.partition("?")[2]
    part = {"Range": "bytes=0-9"}

    assert signed_in(people.reviewer).get(signed, headers=part).status_code == 403
    elsewhere = f"{url(other)}?{query}"
    assert signed_in(people.owner).get(elsewhere, headers=part).status_code == 403


def test_member_who_loses_the_right_gets_nothing_more(
    asset: Asset, people: People
) -> None:
    client = signed_in(people.reviewer)
    signed = address(client, asset)
    people.reviewer.memberships.update(role=Role.FINANCE)

    assert client.get(signed, headers={"Range": "bytes=0-9"}).status_code == 403
    assert client.get(url(asset, "address")).status_code == 403


def test_front_server_is_left_the_bytes_after_the_same_check(
    asset: Asset, people: People, settings: Settings
) -> None:
    settings.MEDIA_X_ACCEL = "/media-x/"
    client = signed_in(people.owner)
    answer = client.get(address(client, asset))
    assert (answer.status_code, body(answer)) == (200, b"")
    assert answer["X-Accel-Redirect"] == f"/media-x/{asset.key}"
    assert answer["Content-Type"] == "video/webm"
    assert signed_in(people.stranger).get(url(asset)).status_code == 404


def rows(action: str) -> list[tuple[int | None, str]]:
    entries = AuditEntry.objects.filter(action=action).order_by("pk")
    return list(entries.values_list("actor", "target_id"))


def test_view_is_one_audit_row_for_each_viewer_and_hour(
    asset: Asset, people: People
) -> None:
    second = AssetFactory.create(recording=asset.recording, part=1)
    owner, reviewer = signed_in(people.owner), signed_in(people.reviewer)
    for client in (owner, reviewer, owner):
        signed = address(client, asset)
        client.get(signed, headers={"Range": "bytes=0-9"})
        client.get(signed, headers={"Range": "bytes=10-19"})
    address(owner, second)
    owner.get(url(asset))
    target = str(asset.recording_id)
    assert rows("recording.viewed") == [
        (people.owner.pk, target),
        (people.reviewer.pk, target),
    ]

    with at_time(now() + timedelta(seconds=3601)):
        address(owner, asset)

    assert rows("recording.viewed")[2:] == [(people.owner.pk, target)]


def test_each_download_is_an_audit_row_and_names_nobody(
    asset: Asset, people: People
) -> None:
    client = signed_in(people.recruiter)
    for _time in range(2):
        answer = client.get(
            url(asset, "download"), headers={"Range": "bytes=0-9"}, follow=True
        )
    interview = asset.recording.interview
    assert answer["Content-Disposition"] == (
        f'attachment; filename="{interview.pk}-camera-1.webm"'
    )
    assert body(answer) == DATA[:10]
    row = (people.recruiter.pk, str(asset.recording_id))
    assert rows("recording.downloaded") == [row, row]
    assert rows("recording.viewed") == []


def test_pictures_need_no_signature_and_have_no_address(
    asset: Asset, people: People
) -> None:
    Asset.objects.filter(pk=asset.pk).update(kind="sprites")
    client = signed_in(people.reviewer)
    part = {"Range": "bytes=0-9"}
    assert client.get(url(asset), headers=part).status_code == 206
    assert client.get(url(asset, "address")).status_code == 404
    assert signed_in(people.owner).get(url(asset, "download")).status_code == 404
    assert rows("recording.viewed") == []


@pytest.mark.parametrize(
    ("route", "start"),
    [("direct", "https://store.example/media-bucket/"), ("web", "/interviews/")],
)
def test_bucket_is_read_directly_unless_all_goes_through_us(
    asset: Asset, people: People, settings: Settings, route: str, start: str
) -> None:
    settings.MEDIA_S3_BUCKET = "media-bucket"
    settings.MEDIA_S3_ENDPOINT_URL = "https://store.example"
    settings.MEDIA_S3_ACCESS_KEY = settings.MEDIA_S3_SECRET_KEY = "key"
    settings.MEDIA_PLAY_ROUTE = route
    client = signed_in(people.owner)
    given = address(client, asset)
    assert given.startswith(start)
    assert ("X-Amz-Expires=3600" in given) == (route == "direct")
    taken = client.get(url(asset, "download"))
    assert taken["Location"].startswith(start)
    assert ("camera-1.webm" in taken["Location"]) == (route == "direct")
