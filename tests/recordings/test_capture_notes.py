"""What the candidate's page tells of its recording, on the timeline."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.test import Client

from interviews.enums import Origin
from interviews.models import Event, Interview
from recordings.services import notes as service
from tests.factories.interviews import InterviewFactory
from tests.recordings.conftest import let_in

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

KIND = "recording.capture_noted"


def note(**changes: Any) -> dict[str, Any]:
    fact = {"id": str(uuid4()), "code": "screen_refused", "track": "screen", "t_ms": 0}
    return {**fact, **changes}


def send(client: Client, interview: Interview, *facts: dict[str, Any]) -> "Response":
    path = f"/api/v1/interviews/{interview.pk}/recordings/notes"
    return client.post(path, {"notes": list(facts)}, content_type="application/json")


def test_notes_stand_on_the_timeline_at_their_moment(interview: Interview) -> None:
    assert interview.started_at is not None
    client = let_in(Client(), interview)
    lowered = note(code="quality_changed", track="camera", detail="full>half", t_ms=-5)
    response = send(client, interview, note(t_ms=3_600_000), lowered)

    assert response.json() == {"stored": 2}
    refused, changed = Event.objects.filter(kind=KIND).order_by("seq")
    assert refused.payload == {
        "code": "screen_refused",
        "track": "screen",
        "detail": "",
    }
    assert refused.origin == Origin.CANDIDATE
    assert changed.payload["detail"] == "full>half"
    assert changed.at == interview.started_at
    assert refused.at - interview.started_at < timedelta(days=1)


def test_notes_sent_again_are_stored_once(interview: Interview) -> None:
    client = let_in(Client(), interview)
    first, second = note(), note(code="screen_shared")
    send(client, interview, first)

    assert send(client, interview, first, second).json() == {"stored": 1}
    assert send(client, interview, first, second).json() == {"stored": 0}
    assert Event.objects.filter(kind=KIND).count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "made_up"},
        {"detail": "x" * 61},
        {"detail": "über"},
        {"track": "phone"},
        {"id": "1"},
        {"t_ms": 10**12},
    ],
    ids=["code", "long", "letters", "track", "id", "time"],
)
def test_notes_of_another_shape_are_refused(
    interview: Interview, changes: dict[str, Any]
) -> None:
    response = send(let_in(Client(), interview), interview, note(**changes))

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert not Event.objects.filter(kind=KIND).exists()


def test_notes_of_a_stranger_are_refused(interview: Interview) -> None:
    stranger = let_in(Client(), InterviewFactory.create())

    assert send(stranger, interview, note()).status_code == 404
    assert send(Client(), interview, note()).status_code == 404


def test_notes_past_their_number_are_refused(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_NOTES", 1)
    client = let_in(Client(), interview)
    send(client, interview, note())

    assert send(client, interview, note()).json()["code"] == "recording_full"
