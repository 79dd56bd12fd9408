"""“Something is wrong”: stored, told, bounded, with and without JavaScript."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Outbox
from base.clock import now
from interviews.enums import InterviewState
from interviews.forms import DIAGNOSTICS_CHARS, bound_diagnostics
from interviews.models import Interview, ProblemReport
from interviews.services.candidates import REPORTS_AT_ONCE, REPORTS_WINDOW
from interviews.services.invitations import revoke_invitation
from interviews.tokens import make_token
from tests.interviews.candidate.conftest import MakeInterview, let_in


@pytest.fixture
def active(client: Client, make_interview: MakeInterview) -> Interview:
    """A running interview, and its candidate's browser."""
    interview = make_interview(InterviewState.ACTIVE)
    let_in(client, interview)
    return interview


def address(interview: Interview, page: str = "room") -> str:
    path = reverse("interviews:interview-report", args=[interview.pk])
    return f"{path}?page={page}"


def by_link(interview: Interview) -> str:
    return reverse(
        "interviews:candidate-report", args=[make_token(interview.invitation)]
    )


def send(client: Client, url: str, body: object) -> object:
    return client.post(url, body, content_type="application/json")


def test_a_report_is_stored_and_the_company_is_told(
    client: Client, active: Interview
) -> None:
    response = client.post(
        address(active),
        {"message": "  It hangs.\n\nhttps://example.org ", "diagnostics": {"a": 1}},
        content_type="application/json",
    )

    report = ProblemReport.objects.get()
    event = active.events.get(kind="problem.reported")
    mail = Outbox.objects.get()
    assert response.json() == {"ok": True}
    assert report.message == "It hangs.\n\nhttps://example.org"
    assert (report.page, report.diagnostics) == ("room", {"a": 1})
    assert event.payload == {"report": report.pk, "page": "room"}
    assert mail.to == active.organisation.contact_email
    assert "> It hangs." in mail.text
    assert 'href="https://example.org"' not in mail.html


def test_a_report_without_javascript_is_confirmed(
    client: Client, active: Interview
) -> None:
    response = client.post(
        address(active, "check"), {"message": "It hangs."}, follow=True
    )

    assert "has arrived" in response.content.decode()
    assert ProblemReport.objects.get().page == "check"


def test_an_empty_report_is_asked_for_again(client: Client, active: Interview) -> None:
    form = client.post(address(active), {"message": "   "})
    json = client.post(
        address(active), {"message": "   "}, content_type="application/json"
    )

    assert form.status_code == json.status_code == 400
    assert "Write a line" in form.content.decode()
    assert "Write a line" in json.json()["message"]
    assert not ProblemReport.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"message": "a", "diagnostics": []}', 400),
        (b'{"message": "\\ud800"}', 400),
        (b'{"message": "' + b"a" * 4001 + b'"}', 400),
        (b'{"message": "' + b"a" * 70_000 + b'"}', 413),
    ],
    ids=["no json", "no object", "no facts", "half a letter", "too long", "huge"],
)
def test_absurd_reports_are_refused(
    client: Client, active: Interview, body: bytes, status: int
) -> None:
    response = client.post(address(active), body, content_type="application/json")

    assert response.status_code == status
    assert not ProblemReport.objects.exists()


def test_unstorable_text_is_made_storable(client: Client, active: Interview) -> None:
    body = b'{"message": "a\\u0000b", "diagnostics": {"x\\u0000": "\\u0000"}}'

    response = client.post(address(active), body, content_type="application/json")

    report = ProblemReport.objects.get()
    assert response.status_code == 200
    assert "\x00" not in report.message + str(report.diagnostics)


def test_diagnostics_are_bounded() -> None:
    facts = {f"fact {number}": "x" * 5000 for number in range(100)}

    bounded = bound_diagnostics({"deep": [{"a": ["b"]}], "ok": True, **facts})

    assert bounded["deep"] == '[{"a": ["b"]}]'
    assert bounded["ok"] is True
    assert bounded["truncated"] is True
    assert len(str(bounded)) < DIAGNOSTICS_CHARS


def test_an_odd_page_name_is_not_stored(client: Client, active: Interview) -> None:
    client.post(address(active, "<b>"), {"message": "It hangs."})

    assert ProblemReport.objects.get().page == "unknown"


def test_many_reports_at_once_are_refused_until_later(
    client: Client, active: Interview
) -> None:
    for _ in range(REPORTS_AT_ONCE):
        client.post(address(active), {"message": "Again."})

    json = client.post(
        address(active), {"message": "Again."}, content_type="application/json"
    )
    form = client.post(address(active), {"message": "My words."})
    with time_machine.travel(now() + REPORTS_WINDOW + timedelta(seconds=1)):
        later = client.post(address(active), {"message": "Still."})

    assert (json.status_code, json.json()["code"]) == (429, "rate_limited")
    assert form.status_code == 429
    assert "My words." in form.content.decode()
    assert later.status_code == 302


@pytest.mark.parametrize(
    "state",
    [InterviewState.INVITED, InterviewState.PREPARING, InterviewState.COMPLETED],
)
def test_reports_are_taken_at_every_stage(
    client: Client, make_interview: MakeInterview, state: str
) -> None:
    interview = make_interview(state)
    let_in(client, interview)

    client.post(address(interview), {"message": "It hangs."})

    assert interview.problem_reports.count() == 1


def test_the_page_of_the_link_takes_reports_without_a_cookie(
    interview: Interview,
) -> None:
    client = Client(enforce_csrf_checks=True)

    json = client.post(
        by_link(interview), {"message": "It hangs."}, content_type="application/json"
    )
    form = client.post(by_link(interview), {"message": "Still."}, follow=True)

    assert json.json() == {"ok": True}
    assert "has arrived" in form.content.decode()
    assert not client.cookies
    assert [report.page for report in interview.problem_reports.all()] == ["entry"] * 2


def test_a_withdrawn_link_still_takes_reports(interview: Interview) -> None:
    url = by_link(interview)
    revoke_invitation(interview.invitation)

    Client().post(url, {"message": "Why?"})

    assert interview.problem_reports.get().message == "Why?"


def test_a_mistyped_link_takes_none(interview: Interview) -> None:
    response = Client().post(
        reverse("interviews:candidate-report", args=["nothing"]), {"message": "Hm."}
    )

    assert response.status_code == 404
    assert not ProblemReport.objects.exists()


def test_behind_the_cookie_a_foreign_form_is_refused(active: Interview) -> None:
    client = let_in(Client(enforce_csrf_checks=True), active)

    response = client.post(address(active), {"message": "It hangs."})

    assert response.status_code == 403
    assert not ProblemReport.objects.exists()
