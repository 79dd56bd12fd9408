"""Finishing, the receipt, and the candidate's own record."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from base.clock import now
from interviews import room_panels
from interviews.enums import InterviewState, RunKind, RunState, TimeEntryKind
from interviews.models import Interview
from interviews.room_panels import ReceiptLine, RecordEntry, RecordPart
from interviews.selectors.records import read_receipt
from interviews.services.lifecycle import reopen_interview
from interviews.templatetags.interview_text import duration
from tests.factories.interviews import (
    ConsentFactory,
    DocumentFactory,
    ProblemReportFactory,
    RunFactory,
    ScorecardFactory,
)
from tests.interviews.candidate.conftest import MakeInterview, let_in


def address(interview: Interview, name: str = "finish") -> str:
    return reverse(f"interviews:interview-{name}", args=[interview.pk])


@pytest.fixture
def registered() -> Iterator[None]:
    """A receipt line and a record part of another app, gone afterwards."""
    registries = (room_panels._receipts, room_panels._records)
    before = [dict(registry) for registry in registries]
    room_panels.register_receipt(
        "film", lambda _interview: [ReceiptLine("Film", "12 of 14 stored")]
    )
    room_panels.register_record(
        "film",
        lambda _interview: RecordPart(
            "Film", [RecordEntry("Reel 1", "<b>text</b>", now())], {"reels": 1}
        ),
    )
    yield
    for registry, kept in zip(registries, before, strict=True):
        registry.clear()  # type: ignore[attr-defined]
        registry.update(kept)  # type: ignore[attr-defined]


def test_finishing_ends_the_interview_and_thanks(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.ACTIVE)
    let_in(client, interview)

    response = client.post(address(interview), follow=True)

    interview.refresh_from_db()
    page = response.content.decode()
    assert interview.state == InterviewState.COMPLETED
    assert response.redirect_chain == [(address(interview), 302)]
    assert "Thank you" in page
    assert "5 min" in page
    assert "of 1 h" in page
    assert interview.organisation.contact_email in page
    assert address(interview, "record") in page


def test_finishing_twice_ends_it_once(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.ACTIVE)
    let_in(client, interview)

    client.post(address(interview))
    again = client.post(address(interview))

    assert again["Location"] == address(interview)
    assert interview.events.filter(kind="interview.state_changed").count() == 1


def test_looking_at_the_finish_ends_nothing(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.ACTIVE)

    response = let_in(client, interview).get(address(interview))

    interview.refresh_from_db()
    assert response["Location"] == address(interview, "room")
    assert interview.state == InterviewState.ACTIVE


@pytest.mark.parametrize(
    ("state", "stage"),
    [(InterviewState.INVITED, "consent"), (InterviewState.PREPARING, "check")],
)
def test_an_interview_that_has_not_begun_cannot_be_finished(
    client: Client, make_interview: MakeInterview, state: str, stage: str
) -> None:
    interview = make_interview(state)

    response = let_in(client, interview).post(address(interview))

    interview.refresh_from_db()
    assert response["Location"] == address(interview, stage)
    assert interview.state == state


def test_the_receipt_counts_the_time_worked_and_the_last_visible_tests(
    make_interview: MakeInterview,
) -> None:
    interview = make_interview(InterviewState.COMPLETED)
    interview.time_entries.create(kind=TimeEntryKind.EXTENSION, seconds=300)
    folder = interview.assessment_version.sections.get(position=0).folder
    DocumentFactory.create(interview=interview, path=f"{folder}/solution.py")
    results = [{"outcome": "passed"}, {"outcome": "failed"}]
    for at, kind, tests in (
        (3, RunKind.TESTS, results[1:]),
        (2, RunKind.TESTS, results),
        (1, RunKind.HIDDEN, results[:1]),
    ):
        RunFactory.create(
            interview=interview,
            kind=kind,
            state=RunState.FINISHED,
            tests=tests,
            created_at=now() - timedelta(minutes=at),
        )

    receipt = read_receipt(interview)

    first, second = receipt.sections
    assert (receipt.seconds_used, receipt.seconds_given) == (3600, 3900)
    assert (first.file_count, first.passed, first.total) == (1, 1, 2)
    assert (second.file_count, second.passed, second.total) == (0, None, None)


def test_time_while_the_interview_was_closed_does_not_count(
    make_interview: MakeInterview,
) -> None:
    interview = make_interview(InterviewState.COMPLETED)
    interview = reopen_interview(interview.pk, seconds=600, reason="", actor=None)

    receipt = read_receipt(interview)

    assert 3595 <= receipt.seconds_used <= 3605
    assert receipt.seconds_given == 4200


def test_time_left_at_an_early_finish_is_not_time_used(
    make_interview: MakeInterview,
) -> None:
    interview = make_interview(InterviewState.COMPLETED)
    start = now() - timedelta(minutes=30)
    Interview.objects.update(
        started_at=start,
        ended_at=start + timedelta(minutes=20),
        ends_at=start + timedelta(minutes=60),
    )

    interview = reopen_interview(interview.pk, seconds=300, reason="", actor=None)

    receipt = read_receipt(interview)
    assert 1195 <= receipt.seconds_used <= 1205
    assert receipt.seconds_given == 25 * 60


@pytest.mark.usefixtures("registered")
def test_other_apps_add_to_receipt_and_record(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.COMPLETED)
    let_in(client, interview)

    thanks = client.get(address(interview)).content.decode()
    record = client.get(address(interview, "record")).content.decode()
    download = client.get(address(interview, "record-download")).json()

    assert "12 of 14 stored" in thanks
    assert "&lt;b&gt;text&lt;/b&gt;" in record
    assert download["film"] == {"reels": 1}


def test_the_record_holds_what_is_stored_and_no_judgement(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.COMPLETED)
    let_in(client, interview)
    ConsentFactory.create(interview=interview, text="I agree to being seen.")
    DocumentFactory.create(interview=interview, path="a/x.py", text="<i>mine</i>")
    ProblemReportFactory.create(interview=interview, message="It was dark.")
    RunFactory.create(interview=interview, output="VISIBLE-OUTPUT")
    RunFactory.create(interview=interview, kind=RunKind.HIDDEN, output="HIDDEN-OUTPUT")
    ScorecardFactory.create(interview=interview, summary="SCORE-SUMMARY")

    page = client.get(address(interview, "record")).content.decode()
    response = client.get(address(interview, "record-download"))

    data = response.json()
    assert "I agree to being seen." in page
    assert "&lt;i&gt;mine&lt;/i&gt;" in page
    assert "It was dark." in page
    assert data["files"] == {"a/x.py": "<i>mine</i>"}
    assert data["consents"][0]["text"] == "I agree to being seen."
    assert [run["output"] for run in data["runs"]] == ["VISIBLE-OUTPUT"]
    assert data["problem_reports"][0]["message"] == "It was dark."
    assert "attachment" in response["Content-Disposition"]
    for secret in ("HIDDEN-OUTPUT", "SCORE-SUMMARY"):
        assert secret not in page
        assert secret not in response.content.decode()


@pytest.mark.parametrize("state", [InterviewState.INVITED, InterviewState.ACTIVE])
def test_the_record_is_there_from_the_beginning(
    client: Client, make_interview: MakeInterview, state: str
) -> None:
    interview = make_interview(state)
    let_in(client, interview)

    assert client.get(address(interview, "record")).status_code == 200
    assert client.get(address(interview, "record-download")).json()["state"] == state


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (61, "1 min 1 s"), (120, "2 min"), (3600, "1 h"), (3900, "1 h 5 min")],
)
def test_durations_are_words(seconds: int, words: str) -> None:
    assert duration(seconds) == words
