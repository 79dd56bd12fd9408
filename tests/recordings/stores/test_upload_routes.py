"""Both ways of a chunk, through this server and straight into the bucket, everywhere."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from pytest_django.fixtures import Settings

from base.clock import now
from interviews.models import Interview
from recordings.models import Chunk, UploadTicket
from recordings.services.tickets import sweep_tickets
from recordings.storage import MediaStore
from tests.recordings.conftest import Browser, end, slices_of_recording
from tests.recordings.test_uploads import refusal

Route = Callable[[], str]
IN_A_BUCKET = ["moto", pytest.param("swift", marks=pytest.mark.long)]


def put(ticket: dict[str, Any], data: bytes) -> int:
    """What the page's fetch does with a direct ticket."""
    answer = httpx2.request(
        ticket["method"], ticket["url"], headers=ticket["headers"], content=data
    )
    return answer.status_code


def upload(browser: Browser, index: int, data: bytes) -> None:
    """The protocol as the page speaks it, whichever way the ticket names."""
    answer = browser.ticket(index, data)
    assert answer.status_code == 200, answer.content
    ticket = answer.json()
    if ticket["state"] == "stored":
        return
    if ticket["confirm"]:
        assert put(ticket, data) == 200
        assert browser.confirm(index, data).status_code in {200, 201}
        return
    sent = browser.client.generic(
        ticket["method"],
        ticket["url"],
        data,
        content_type=ticket["headers"].pop("Content-Type"),
        headers=ticket["headers"],
    )
    assert sent.status_code in {200, 201}


def read(store: MediaStore, chunk: Chunk) -> bytes:
    with store.open(chunk.key) as stored:
        return stored.read()


def expire() -> None:
    UploadTicket.objects.update(expires_at=now() - timedelta(minutes=2))


@pytest.mark.parametrize("route", ["web", "direct"])
def test_segment_arrives_whole(
    browser: Browser, store: MediaStore, settings: Settings, route: str
) -> None:
    settings.MEDIA_UPLOAD_ROUTE = route
    slices = slices_of_recording()
    browser.open()
    for index in (1, 0, 3, 2, 1):
        upload(browser, index, slices[index])
    browser.close(4)

    chunks = list(Chunk.objects.order_by("index"))
    assert [read(store, chunk) for chunk in chunks] == slices
    segment = browser.stored()
    assert segment.header
    assert slices[0].startswith(bytes(segment.header))
    assert (segment.width, segment.height, segment.codecs) == (160, 120, "vp9,opus")
    assert not UploadTicket.objects.exists()
    [standing] = browser.manifest().json()["segments"]
    assert standing["state"] == "closed"
    assert [one["state"] for one in standing["chunks"]] == ["stored"] * 4


@pytest.fixture(params=IN_A_BUCKET)
def bucket(request: pytest.FixtureRequest, settings: Settings) -> MediaStore:
    """A bucket that browsers put into themselves."""
    settings.MEDIA_UPLOAD_ROUTE = "direct"
    made: MediaStore = request.getfixturevalue(f"{request.param}_store")
    return made


def announce(browser: Browser, index: int, data: bytes) -> dict[str, Any]:
    """Open the segment and ask for a direct ticket."""
    browser.open()
    ticket: dict[str, Any] = browser.ticket(index, data).json()
    assert ticket["confirm"]
    assert ticket["method"] == "PUT"
    return ticket


def test_confirmation_before_the_chunk_is_early(
    browser: Browser, bucket: MediaStore
) -> None:
    ticket = announce(browser, 1, b"bytes")
    assert refusal(browser.confirm(1, b"bytes")) == (409, "not_arrived", True)
    put(ticket, b"bytes")
    answers = [browser.confirm(1, b"bytes") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert Chunk.objects.count() == 1


def test_other_bytes_than_announced_are_never_taken(
    browser: Browser, bucket: MediaStore
) -> None:
    """Swift refuses them itself; a store that does not is looked at."""
    ticket = announce(browser, 1, b"bytes")
    for data, code in ((b"wrong", "hash_mismatch"), (b"longer", "wrong_size")):
        is_taken = put(ticket, data) == 200
        expected = code if is_taken else "not_arrived"
        assert refusal(browser.confirm(1, b"bytes"))[1:] == (expected, True)
        assert list(bucket.list_objects("")) == []
    assert not Chunk.objects.exists()

    upload(browser, 1, b"bytes")
    assert read(bucket, Chunk.objects.get()) == b"bytes"


def test_first_chunk_in_the_bucket_must_be_a_recording(
    browser: Browser, bucket: MediaStore
) -> None:
    page = b"<html>" * 100
    put(announce(browser, 0, page), page)
    assert refusal(browser.confirm(0, page)) == (415, "format_unsupported", False)
    assert list(bucket.list_objects("")) == []
    assert not UploadTicket.objects.exists()


def test_confirmation_after_the_ticket_ran_out_still_counts(
    browser: Browser, bucket: MediaStore
) -> None:
    put(announce(browser, 1, b"bytes"), b"bytes")
    expire()
    assert browser.confirm(1, b"bytes").status_code == 201


def test_what_came_unconfirmed_is_taken_and_what_never_came_given_up(
    browser: Browser, bucket: MediaStore
) -> None:
    put(announce(browser, 1, b"came"), b"came")
    announce(browser, 2, b"never")
    expire()

    assert sweep_tickets() == 2

    assert Chunk.objects.get().index == 1
    assert not UploadTicket.objects.exists()
    assert refusal(browser.confirm(2, b"never")) == (409, "ticket_unknown", True)
    assert browser.ticket(1, b"came").json()["state"] == "stored"


def test_chunk_whose_answers_were_lost_is_found_by_the_next_ticket(
    browser: Browser, bucket: MediaStore
) -> None:
    put(announce(browser, 1, b"bytes"), b"bytes")
    assert browser.ticket(1, b"bytes").json()["state"] == "stored"
    assert Chunk.objects.get().size == 5


def test_late_chunk_in_the_bucket_is_refused_and_removed(
    browser: Browser, bucket: MediaStore, interview: Interview
) -> None:
    put(announce(browser, 1, b"bytes"), b"bytes")
    end(interview)
    Interview.objects.update(ended_at=now() - timedelta(hours=73))
    for answer in (browser.confirm(1, b"bytes"), browser.ticket(2, b"more")):
        assert refusal(answer)[:2] == (409, "recording_closed")
    expire()
    sweep_tickets()
    assert list(bucket.list_objects("")) == []
    assert not Chunk.objects.exists()


def test_browser_that_cannot_reach_the_bucket_goes_through_the_server(
    browser: Browser, bucket: MediaStore, caplog: pytest.LogCaptureFixture
) -> None:
    announce(browser, 1, b"bytes")
    answer = browser.ticket(1, b"bytes", route="web", direct_failed="unreachable")
    ticket = answer.json()
    assert (ticket["confirm"], ticket["url"][:8]) == (False, "/api/v1/")
    assert "cannot reach the bucket (unreachable)" in caplog.text
    assert browser.put(1, b"bytes").status_code == 201
    assert read(bucket, Chunk.objects.get()) == b"bytes"


def test_damaged_chunk_is_wanted_again(browser: Browser, bucket: MediaStore) -> None:
    browser.open()
    upload(browser, 1, b"bytes")
    chunk = Chunk.objects.get()
    bucket.delete(chunk.key)
    Chunk.objects.update(state="damaged")
    assert browser.manifest().json()["segments"][0]["chunks"][0]["state"] == "damaged"

    upload(browser, 1, b"bytes")

    chunk.refresh_from_db()
    assert (chunk.state, read(bucket, chunk)) == ("stored", b"bytes")
