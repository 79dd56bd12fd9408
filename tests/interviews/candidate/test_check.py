"""The device check, and the page that starts the clock."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.candidates import begin_interview
from interviews.views.check import UPLOAD_BYTES
from tests.interviews.candidate.conftest import MakeInterview, let_in

ALL_WELL = {"camera": "ok", "microphone": "ok", "socket": "ok", "upload": "ok"}


def address(interview: Interview, name: str = "check") -> str:
    return reverse(f"interviews:interview-{name}", args=[interview.pk])


@pytest.fixture
def preparing(client: Client, make_interview: MakeInterview) -> Interview:
    """An interview whose candidate has agreed, and their browser."""
    interview = make_interview(InterviewState.PREPARING)
    let_in(client, interview)
    return interview


def payloads(interview: Interview, kind: str) -> list[dict[str, object]]:
    events = interview.events.filter(kind=kind).order_by("seq")
    return [event.payload for event in events]


def test_the_result_is_stored_and_leads_to_the_beginning(
    client: Client, preparing: Interview
) -> None:
    response = client.post(
        address(preparing), ALL_WELL | {"camera": "not_readable", "upload": "slow"}
    )

    preparing.refresh_from_db()
    assert response["Location"] == address(preparing, "begin")
    assert preparing.device_checked_at is not None
    assert payloads(preparing, "device.checked") == [
        {
            "camera": "not_readable",
            "microphone": "ok",
            "socket": "ok",
            "upload": "slow",
        }
    ]


def test_the_same_result_twice_is_one_event(
    client: Client, preparing: Interview
) -> None:
    client.post(address(preparing), ALL_WELL)
    client.post(address(preparing), ALL_WELL)
    client.post(address(preparing), ALL_WELL | {"camera": "not_found"})

    assert len(payloads(preparing, "device.checked")) == 2


@pytest.mark.parametrize(
    "fields",
    [{"camera": "<script>"}, {"socket": ""}, {"upload": "fine"}],
    ids=["markup", "missing", "unknown"],
)
def test_a_result_that_is_none_is_asked_for_again(
    client: Client, preparing: Interview, fields: dict[str, str]
) -> None:
    response = client.post(address(preparing), ALL_WELL | fields)

    preparing.refresh_from_db()
    assert response.status_code == 400
    assert "check once more" in response.content.decode()
    assert preparing.device_checked_at is None
    assert payloads(preparing, "device.checked") == []


@pytest.mark.parametrize(
    "fields",
    [{"is_preview": True}, {"invitation__assessment_version__is_recorded": False}],
    ids=["preview", "not recorded"],
)
def test_devices_nobody_needs_are_skipped(
    client: Client, make_interview: MakeInterview, fields: dict[str, object]
) -> None:
    interview = make_interview(InterviewState.PREPARING, **fields)
    let_in(client, interview)
    page = client.get(address(interview)).content.decode()

    client.post(address(interview), ALL_WELL)

    assert 'data-line="camera"' not in page
    assert 'data-line="socket"' in page
    [result] = payloads(interview, "device.checked")
    assert (result["camera"], result["microphone"]) == ("skipped", "skipped")


@pytest.mark.parametrize("records_screen", [True, False], ids=["screen", "no screen"])
def test_the_screen_is_announced_only_where_it_is_recorded(
    client: Client, make_interview: MakeInterview, records_screen: bool
) -> None:
    interview = make_interview(
        InterviewState.PREPARING,
        invitation__assessment_version__records_screen=records_screen,
    )
    let_in(client, interview)
    check = client.get(address(interview)).content.decode()
    client.post(address(interview), ALL_WELL)
    begin = client.get(address(interview, "begin")).content.decode()

    assert ('data-line="screen"' in check) is records_screen
    assert ("the room asks you to share it" in begin) is records_screen


def test_the_trial_upload_is_counted_and_not_kept(
    client: Client, preparing: Interview
) -> None:
    response = client.post(
        address(preparing, "check-upload"),
        b"x" * 5000,
        content_type="application/octet-stream",
    )

    assert response.json() == {"bytes": 5000}


def test_a_trial_upload_that_is_too_large_is_refused(
    client: Client, preparing: Interview
) -> None:
    response = client.post(
        address(preparing, "check-upload"),
        b"x" * (UPLOAD_BYTES + 1),
        content_type="application/octet-stream",
    )

    assert response.status_code == 413


def test_the_beginning_asks_for_the_check_first(
    client: Client, preparing: Interview
) -> None:
    shown = client.get(address(preparing, "begin"))
    started = client.post(address(preparing, "begin"))

    preparing.refresh_from_db()
    assert shown["Location"] == started["Location"] == address(preparing)
    assert preparing.state == InterviewState.PREPARING


def test_looking_at_the_beginning_does_not_start_the_clock(
    client: Client, preparing: Interview
) -> None:
    client.post(address(preparing), ALL_WELL)

    page = client.get(address(preparing, "begin"))

    preparing.refresh_from_db()
    assert "The clock starts when you press the button" in page.content.decode()
    assert preparing.state == InterviewState.PREPARING
    assert preparing.started_at is None


def test_a_missing_camera_is_said_before_the_start(
    client: Client, preparing: Interview
) -> None:
    client.post(address(preparing), ALL_WELL | {"camera": "not_found"})

    page = client.get(address(preparing, "begin")).content.decode()

    assert "Without your camera" in page
    assert f"{preparing.organisation.name} is told" in page


def test_starting_runs_the_clock_and_puts_the_files_in_place(
    client: Client, preparing: Interview
) -> None:
    client.post(address(preparing), ALL_WELL)

    response = client.post(address(preparing, "begin"))

    preparing.refresh_from_db()
    version = preparing.assessment_version
    expected = {
        f"{section.folder}/{path}"
        for section in version.sections.all()
        for path in section.problem_version.files
    }
    assert response["Location"] == address(preparing, "room")
    assert preparing.state == InterviewState.ACTIVE
    assert preparing.ends_at is not None
    assert 3590 < (preparing.ends_at - now()).total_seconds() <= 3600
    assert set(preparing.documents.values_list("path", flat=True)) == expected


def test_starting_twice_gives_time_and_files_once(
    client: Client, preparing: Interview
) -> None:
    client.post(address(preparing), ALL_WELL)
    first = client.post(address(preparing, "begin"))
    count = preparing.documents.count()

    again = client.post(address(preparing, "begin"))
    begin_interview(preparing.pk)

    assert first["Location"] == again["Location"]
    assert preparing.time_entries.count() == 1
    assert preparing.documents.count() == count


@pytest.mark.parametrize("name", ["check", "begin"])
@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (InterviewState.INVITED, "consent"),
        (InterviewState.ACTIVE, "room"),
        (InterviewState.COMPLETED, "finish"),
        (InterviewState.ABANDONED, "finish"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_at_another_stage_the_page_leads_there(
    client: Client,
    make_interview: MakeInterview,
    name: str,
    state: str,
    stage: str,
    method: str,
) -> None:
    interview = make_interview(state)
    let_in(client, interview)
    send: Callable[..., object] = getattr(client, method)

    response = send(address(interview, name), ALL_WELL)

    interview.refresh_from_db()
    assert response.status_code == 302  # type: ignore[attr-defined]
    assert response["Location"] == address(interview, stage)  # type: ignore[index]
    assert interview.state == state
