"""Tickets and the manifest: room is kept, a repeat is harmless, a stranger gets none."""

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.models import Chunk, UploadTicket
from recordings.services import tickets as ticket_service
from recordings.services.tickets import sweep_tickets
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.factories.recordings import SegmentFactory
from tests.recordings.conftest import Browser, end, let_in
from tests.recordings.test_uploads import refusal


def limit(settings: Settings, **changes: int) -> None:
    settings.LIMITS = {**settings.LIMITS, **changes}


def left(browser: Browser) -> int:
    room = browser.manifest().json()["room"]
    number: int = room["left"]
    return number


def test_ticket_says_where_to_put_and_the_put_ends_it(browser: Browser) -> None:
    browser.open()
    ticket = browser.ticket(1, b"bytes").json()
    assert ticket["url"] == f"{browser.base}/{browser.segment}/chunks/1"
    assert (ticket["method"], ticket["confirm"]) == ("PUT", False)
    assert browser.put(1, b"bytes").status_code == 201
    assert not UploadTicket.objects.exists()
    assert browser.ticket(1, b"bytes").json()["state"] == "stored"


def test_ticket_keeps_room_until_its_chunk_came_or_it_ran_out(
    browser: Browser, settings: Settings
) -> None:
    limit(settings, recording_bytes=10)
    browser.open()
    assert browser.ticket(1, b"sixsix").status_code == 200
    assert left(browser) == 4
    assert refusal(browser.ticket(2, b"fives")) == (413, "recording_full", False)
    assert refusal(browser.put(2, b"fives")) == (413, "recording_full", False)
    assert browser.ticket(1, b"sixsix").status_code == 200  # its own room is its own
    assert browser.put(1, b"sixsix").status_code == 201
    assert left(browser) == 4

    assert browser.ticket(2, b"four").status_code == 200
    UploadTicket.objects.update(expires_at=now() - timedelta(minutes=2))
    assert sweep_tickets() == 1
    assert left(browser) == 4
    assert browser.ticket(3, b"more").status_code == 200


def test_other_bytes_wait_until_the_ticket_ran_out(browser: Browser) -> None:
    browser.open()
    browser.ticket(1, b"first")
    answer = browser.ticket(1, b"second")
    assert refusal(answer) == (409, "ticket_conflict", True)
    assert 0 < int(answer["Retry-After"]) <= 900
    UploadTicket.objects.update(expires_at=now())
    assert browser.ticket(1, b"second").status_code == 200
    assert UploadTicket.objects.get().size == 6


def test_other_bytes_than_stored_get_no_ticket(browser: Browser) -> None:
    browser.open()
    browser.put(1, b"first")
    assert refusal(browser.ticket(1, b"second")) == (409, "chunk_conflict", False)
    assert refusal(browser.confirm(1, b"second")) == (409, "chunk_conflict", False)
    assert browser.confirm(1, b"first").status_code == 200


def test_put_of_another_size_than_announced_is_refused(browser: Browser) -> None:
    browser.open()
    browser.ticket(1, b"bytes", size=6)
    assert refusal(browser.put(1, b"bytes")) == (400, "wrong_size", True)
    assert not Chunk.objects.exists()


def test_confirmation_without_a_ticket_asks_for_one(browser: Browser) -> None:
    browser.open()
    assert refusal(browser.confirm(1, b"bytes")) == (409, "ticket_unknown", True)


def test_more_tickets_than_a_page_needs_are_refused(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticket_service, "MOST_WAITING", 2)
    browser.open()
    for index in (1, 2, 1):
        assert browser.ticket(index, b"bytes").status_code == 200
    assert refusal(browser.ticket(3, b"bytes")) == (429, "too_many_tickets", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "zz"},
        {"size": 0},
        {"size": -1},
        {"size": "many"},
        {"start_ms": -1},
        {"duration_ms": 10**9},
        {"route": "direct"},
        {"direct_failed": "<script>"},
    ],
    ids=["hash", "empty", "negative", "word", "start", "long", "route", "reason"],
)
def test_odd_ticket_is_refused(browser: Browser, changes: dict[str, object]) -> None:
    browser.open()
    answer = browser.ticket(1, b"bytes", **changes)
    assert refusal(answer) == (400, "bad_request", False)
    assert not UploadTicket.objects.exists()


def test_ticket_beyond_a_limit_is_refused(browser: Browser) -> None:
    browser.open()
    assert refusal(browser.ticket(10_000, b"bytes"))[:2] == (400, "bad_request")
    answer = browser.ticket(1, b"bytes", size=17 * 1024 * 1024)
    assert refusal(answer) == (413, "chunk_too_large", False)


def test_late_ticket_is_refused_with_its_reason(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    end(interview)
    Interview.objects.update(ended_at=now() - timedelta(hours=72, minutes=1))
    assert refusal(browser.ticket(1, b"a"))[:2] == (409, "recording_closed")
    assert refusal(browser.confirm(1, b"a"))[:2] == (409, "recording_closed")
    standing = browser.manifest().json()
    assert not standing["is_taken"]


def test_manifest_tells_what_is_stored(browser: Browser) -> None:
    browser.open(started_ms=500)
    browser.put(1, b"bytes")
    standing = browser.manifest().json()
    [segment] = standing["segments"]
    assert (segment["segment"], segment["state"]) == (str(browser.segment), "open")
    assert (segment["track"], segment["started_ms"]) == ("camera", 500)
    [chunk] = segment["chunks"]
    assert {name: chunk[name] for name in ("index", "size", "start_ms", "state")} == {
        "index": 1,
        "size": 5,
        "start_ms": 2000,
        "state": "stored",
    }
    assert standing["is_taken"]
    assert standing["taken_until"] is None


def test_stranger_gets_no_ticket_and_no_manifest(
    browser: Browser, interview: Interview, people: People
) -> None:
    browser.open()
    browser.ticket(1, b"bytes")
    member = Client()
    member.force_login(people.owner)
    strangers = [
        Client(),
        member,
        let_in(Client(), InterviewFactory.create(state=InterviewState.ACTIVE)),
    ]
    for client in strangers:
        other = Browser(client, interview, browser.segment)
        answers = [
            other.ticket(2, b"bytes"),
            other.confirm(1, b"bytes"),
            other.manifest(),
        ]
        assert [refusal(answer)[:2] for answer in answers] == [(404, "not_found")] * 3
    assert UploadTicket.objects.count() == 1


def test_foreign_segment_gets_no_ticket(browser: Browser) -> None:
    browser.segment = SegmentFactory.create().pk
    answers = [browser.ticket(1, b"bytes"), browser.confirm(1, b"bytes")]
    assert [refusal(answer)[:2] for answer in answers] == [(404, "not_found")] * 2


def test_ticket_needs_the_csrf_token(interview: Interview) -> None:
    strict = Browser(let_in(Client(enforce_csrf_checks=True), interview), interview)
    answers = [strict.ticket(1, b"bytes"), strict.confirm(1, b"bytes")]
    assert [refusal(answer)[:2] for answer in answers] == [(403, "csrf_failed")] * 2
    assert strict.manifest().status_code == 200
