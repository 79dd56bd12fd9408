"""Work that was on its way when the time was up: taken for a moment, then kept."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from base.clock import at_time, now
from interviews.enums import InterviewState, Origin
from interviews.models import Document, Event, Interview
from interviews.services.clock import GRACE
from interviews.services.documents import change_document
from interviews.services.late_work import MOST_KEPT, TAKEN_FOR
from interviews.services.lifecycle import (
    cancel_interview,
    end_overdue_interview,
    extend_interview,
    finish_interview,
)
from interviews.timeline.kinds import DocumentLate, DocumentUpdatedV2
from interviews.timeline.log import append_event
from interviews.workspace.batches import Update
from tests.factories.interviews import DocumentFactory
from tests.interviews.candidate.conftest import MakeInterview, let_in

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


@pytest.fixture
def interview(make_interview: MakeInterview) -> Interview:
    """An interview that is about to be over, with one file."""
    made = make_interview(InterviewState.ACTIVE)
    Interview.objects.update(last_seen_at=made.ends_at)
    DocumentFactory.create(interview=made, path="ladder/x.py", text="abc")
    return made


@pytest.fixture
def document(interview: Interview) -> Document:
    return interview.documents.get()


def end_of(interview: Interview) -> datetime:
    assert interview.ends_at is not None
    return interview.ends_at


def frame(document: Document, /, **changed: Any) -> dict[str, Any]:
    """What a page sends that could not store a letter typed at the end of the text."""
    return {
        "type": "document.update",
        "id": "late-1",
        "path": document.path,
        "document": document.pk,
        "version": document.version,
        "updates": [{"client": "page.1", "changes": [3, [0, "d"]]}],
        **changed,
    }


def send(
    client: Client, interview: Interview, after: timedelta, body: dict[str, Any]
) -> "Response":
    """Send so long after the end of the time, which is noticed by then."""
    address = reverse("interviews:interview-late-work", args=[interview.pk])
    with at_time(end_of(interview) + after):
        end_overdue_interview(interview.pk)
        return let_in(client, interview).post(
            address, body, content_type="application/json"
        )


def stored_elsewhere(document: Document, client_id: str, *updates: Update) -> None:
    """Store updates as another window, or the socket, did."""
    change_document(document, updates)
    payload = DocumentUpdatedV2(
        path=document.path,
        version=document.version,
        updates=[update.as_json() for update in updates],
        hash=document.hash,
    )
    append_event(
        document.interview, payload, origin=Origin.CANDIDATE, client_id=client_id
    )


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "after", [timedelta(0), GRACE], ids=["at the end", "as late as may be"]
)
def test_work_on_its_way_is_taken_and_marked(
    client: Client, interview: Interview, document: Document, after: timedelta
) -> None:
    answer = send(client, interview, after, frame(document))

    assert answer.json() == {"state": "stored"}
    document.refresh_from_db()
    assert (document.text, document.version) == ("abcd", 1)
    updated, late = Event.objects.filter(kind__startswith="document.").order_by("seq")
    assert updated.payload["updates"] == [
        {"client": "page.1", "changes": [3, [0, "d"]]}
    ]
    assert late.payload["is_applied"]
    assert late.payload["seconds"] == after.total_seconds()


def test_work_that_comes_later_is_kept_and_not_applied(
    client: Client, interview: Interview, document: Document
) -> None:
    answer = send(client, interview, GRACE + SECOND, frame(document))

    assert answer.json() == {"state": "kept"}
    document.refresh_from_db()
    assert (document.text, document.version) == ("abc", 0)
    late = Event.objects.get(kind=DocumentLate.kind).payload
    assert (late["is_applied"], late["seconds"]) == (False, 11)
    assert late["updates"] == [{"client": "page.1", "changes": [3, [0, "d"]]}]
    assert interview.document_versions.get(hash=late["hash"]).text == "abcd"


def test_sending_again_changes_nothing(
    client: Client, interview: Interview, document: Document
) -> None:
    for after in (SECOND, 2 * SECOND, GRACE + SECOND):
        assert send(client, interview, after, frame(document)).json() == {
            "state": "stored"
        }

    document.refresh_from_db()
    assert document.text == "abcd"
    assert Event.objects.filter(kind=DocumentLate.kind).count() == 1


def test_what_was_stored_after_all_is_not_put_in_twice(
    client: Client, interview: Interview, document: Document
) -> None:
    """The socket stored the first of two updates; its acknowledgement was lost."""
    stored_elsewhere(document, "u1", Update("page.1", [3, [0, "d"]]))
    updates = [
        {"client": "page.1", "changes": [3, [0, "d"]]},
        {"client": "page.2", "changes": [4, [0, "e"]]},
    ]

    answer = send(
        client, interview, SECOND, frame(document, version=0, updates=updates)
    )

    assert answer.json() == {"state": "stored"}
    document.refresh_from_db()
    assert (document.text, document.version) == ("abcde", 2)


def test_everything_stored_already_leaves_no_mark(
    client: Client, interview: Interview, document: Document
) -> None:
    stored_elsewhere(document, "u1", Update("page.1", [3, [0, "d"]]))

    answer = send(client, interview, timedelta(hours=1), frame(document, version=0))

    assert answer.json() == {"state": "stored"}
    assert not Event.objects.filter(kind=DocumentLate.kind).exists()


def test_work_goes_on_top_of_what_others_did_meanwhile(
    client: Client, interview: Interview, document: Document
) -> None:
    stored_elsewhere(document, "u1", Update("command.1", [[0, "# ", ""], 3]))

    send(client, interview, SECOND, frame(document, version=0))

    document.refresh_from_db()
    assert document.text == "# \nabcd"


@pytest.mark.parametrize(
    "changed",
    [{"document": 0}, {"version": 9}, {"document": None, "path": "ladder/gone.py"}],
    ids=["no such document", "a version that never was", "no such path"],
)
def test_work_of_no_document_is_kept(
    client: Client, interview: Interview, document: Document, changed: dict[str, Any]
) -> None:
    updates = [{"client": "page.1", "changes": [3, [0, "d\ud800"]]}]
    body = frame(document, updates=updates, **changed)

    answer = send(client, interview, SECOND, body)

    assert answer.json() == {"state": "kept"}
    late = Event.objects.get(kind=DocumentLate.kind).payload
    assert (late["updates"][0]["changes"], late["hash"]) == ([3, [0, "d\ufffd"]], "")


def test_file_that_grows_too_large_is_kept(
    client: Client, interview: Interview, document: Document
) -> None:
    updates = [{"client": "page.1", "changes": [3, [0, "x" * 1_000_000]]}]

    answer = send(client, interview, SECOND, frame(document, updates=updates))

    assert answer.json() == {"state": "kept"}
    document.refresh_from_db()
    assert document.text == "abc"


def test_whoever_finished_early_has_no_moment_more(
    client: Client, interview: Interview, document: Document
) -> None:
    with at_time(end_of(interview) - timedelta(minutes=5)):
        finish_interview(interview.pk)

    answer = send(client, interview, timedelta(minutes=-5) + SECOND, frame(document))

    assert answer.json() == {"state": "kept"}


def test_nothing_is_late_while_there_is_time(
    client: Client, interview: Interview, document: Document
) -> None:
    extend_interview(interview.pk, seconds=60, reason="x", actor=None)

    answer = send(client, interview, SECOND, frame(document))

    assert answer.status_code == 409
    assert not Event.objects.filter(kind=DocumentLate.kind).exists()


def test_nothing_is_taken_for_ever_or_without_end(
    client: Client, interview: Interview, document: Document
) -> None:
    for number in range(MOST_KEPT):
        late = DocumentLate(path="x", version=number, seconds=60)
        append_event(interview, late, origin=Origin.CANDIDATE)

    much = send(client, interview, timedelta(minutes=1), frame(document))
    old = send(client, interview, TAKEN_FOR + SECOND, frame(document))

    assert (much.status_code, old.status_code) == (413, 409)


def test_cancelled_interview_takes_nothing(
    client: Client, interview: Interview, document: Document
) -> None:
    cancel_interview(interview.pk, reason="", actor=None)

    assert send(client, interview, SECOND, frame(document)).status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"updates": []},
        {"updates": [{"client": "x", "changes": [3, {"a": 1}]}]},
        {"updates": [{"client": "x", "changes": [400]}]},
        {"version": -1},
        {"id": "no spaces"},
        {"type": "file.delete"},
    ],
    ids=["none", "no changes", "too long", "version", "id", "another frame"],
)
def test_nonsense_is_refused(
    client: Client, interview: Interview, document: Document, changed: dict[str, Any]
) -> None:
    answer = send(client, interview, SECOND, frame(document, **changed))

    assert answer.status_code == 400
    assert not Event.objects.filter(kind__startswith="document.").exists()


def test_stranger_is_refused(
    stranger: Client, interview: Interview, document: Document
) -> None:
    address = reverse("interviews:interview-late-work", args=[interview.pk])
    with at_time(end_of(interview)):
        answer = stranger.post(
            address, frame(document), content_type="application/json"
        )

    assert answer.status_code == 404
    assert now() < end_of(interview)
