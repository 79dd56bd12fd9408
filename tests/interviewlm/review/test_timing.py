"""The clock on the desk: every line, every fault, and what is still owed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import AuditEntry
from base.clock import now
from interviews.enums import FaultCause, InterviewState, Origin, TimeEntryKind
from interviews.models import DocumentVersion, Interview
from interviews.services.faults import report_fault
from interviews.timeline.kinds import ClockChangedV2, DocumentLate
from interviews.timeline.log import append_event
from tests.factories.interviews import DocumentFactory, InterviewFactory, ReviewFactory
from tests.factories.people import People
from tests.interviewlm.review.conftest import url
from tests.interviews.candidate.conftest import let_in


def lose(
    interview: Interview,
    began: int,
    seconds: int,
    *,
    cause: str = FaultCause.SANDBOX,
) -> None:
    """Report time lost so many seconds after the start."""
    assert interview.started_at is not None
    began_at = interview.started_at + timedelta(seconds=began)
    report_fault(
        interview.pk,
        cause=cause,
        key=f"{cause}:{began}",
        began_at=began_at,
        ended_at=began_at + timedelta(seconds=seconds),
        detail="It was away.",
    )


def test_ledger_is_shown_to_the_second_with_who_and_why(
    recruiter: Client, interview: Interview, people: People
) -> None:
    interview.time_entries.create(kind=TimeEntryKind.FACTOR, seconds=1800)
    interview.time_entries.create(
        kind=TimeEntryKind.EXTENSION,
        seconds=95,
        reason="fire alarm",
        actor=people.recruiter,
    )

    page = recruiter.get(url(interview)).content.decode()

    assert "<dt>Agreed time</dt><dd" in page
    assert '<dt>Extra time agreed</dt><dd class="number">30 min</dd>' in page
    assert f"1 min 35 s · fire alarm · {people.recruiter}" in page


def test_credit_in_the_list_of_events_is_exact(
    recruiter: Client, interview: Interview
) -> None:
    payload = ClockChangedV2(
        entry="credit",
        seconds=40,
        ends_at="",
        reason="Our server restarted",
        cause="restart",
    )
    append_event(interview, payload, origin=Origin.SYSTEM)

    page = recruiter.get(url(interview)).content.decode()

    assert "Time given back: +40 s" in page


def test_fault_over_its_limit_is_said_clearly(
    recruiter: Client, people: People, settings: Settings
) -> None:
    settings.CREDIT_SECONDS = {**settings.CREDIT_SECONDS, "sandbox": 60}
    running = InterviewFactory.create(organisation=people.organisation, state="active")
    lose(running, 10, 200)

    page = recruiter.get(url(running)).content.decode()

    assert "1 min given back." in page
    assert "2 min 20 s were not given back: the limit is 1 min for this cause" in page
    assert "Faults of ours took 3 min 20 s; the limits let 1 min be given back." in page


def test_time_proven_lost_after_the_end_is_reopened_with_one_button(
    recruiter: Client, interview: Interview
) -> None:
    lose(interview, 100, 200)
    page = recruiter.get(url(interview)).content.decode()
    assert "A fault of ours took 3 min 20 s, proven when the time was up." in page
    assert ">Reopen with 3 min 20 s</button>" in page

    recruiter.post(url(interview, "do", "give-back"))

    interview.refresh_from_db()
    assert interview.state == InterviewState.ACTIVE
    assert interview.ends_at is not None
    assert 198 < (interview.ends_at - now()).total_seconds() <= 200
    assert AuditEntry.objects.get().action == "interview.reopened"


def test_nothing_is_offered_where_nothing_was_lost(
    recruiter: Client, interview: Interview
) -> None:
    assert "give-back" not in recruiter.get(url(interview)).context["offers"]

    answer = recruiter.post(url(interview, "do", "give-back"), follow=True)

    assert "There is no lost time to give back." in answer.content.decode()


@pytest.mark.parametrize("role", ["reviewer", "interviewer", "finance"])
def test_reopening_for_lost_time_follows_the_table(
    client: Client, people: People, interview: Interview, role: str
) -> None:
    lose(interview, 100, 200)
    client.force_login(people.with_role(role))

    assert client.post(url(interview, "do", "give-back")).status_code == 403


def test_stranger_reopens_nothing(
    client: Client, people: People, interview: Interview
) -> None:
    lose(interview, 100, 200)
    client.force_login(people.stranger)

    assert client.post(url(interview, "do", "give-back")).status_code == 404
    interview.refresh_from_db()
    assert interview.state == InterviewState.COMPLETED


def test_work_that_came_too_late_is_said_and_can_be_looked_at(
    recruiter: Client, interview: Interview
) -> None:
    DocumentFactory.create(interview=interview, path="ladder/x.py", text="abc")
    DocumentVersion.objects.create(interview=interview, hash="f" * 64, text="abcd")
    late = DocumentLate(path="ladder/x.py", version=0, seconds=95, hash="f" * 64)
    append_event(interview, late, origin=Origin.CANDIDATE)

    page = recruiter.get(url(interview)).content.decode()
    file = recruiter.get(url(interview, "file") + "?path=ladder/x.py&version=0").json()

    assert "Work arrived after the end; it is kept and not judged: ladder/x.py." in page
    assert "1 min 35 s late, kept and not judged" in page
    assert file["versions"][0]["label"] == "Arrived after the end, not judged"
    assert file["rows"] == [["same", 0, 1, "abcd"]]


def test_admin_page_shows_ledger_and_faults_and_leads_to_the_desk(
    recruiter: Client, interview: Interview
) -> None:
    lose(interview, 100, 200)

    page = recruiter.get(
        reverse("admin:interviews_interview_change", args=[interview.pk])
    ).content.decode()

    assert "Agreed time: <b>1 h</b>" in page
    assert "Code could not be run: <b>3 min 20 s</b>" in page
    assert f'href="{url(interview)}#facts">Reopen with 3 min 20 s' in page


def test_lost_time_is_found_in_the_list_until_somebody_decides(
    recruiter: Client, people: People, interview: Interview
) -> None:
    InterviewFactory.create(organisation=people.organisation, state="completed")
    lose(interview, 100, 200)
    address = reverse("admin:interviews_interview_changelist") + "?needs=owed"
    assert list(recruiter.get(address).context["cl"].result_list) == [interview]

    ReviewFactory.create(interview=interview)

    assert list(recruiter.get(address).context["cl"].result_list) == []


def test_candidate_reads_the_same_lines(
    client: Client, people: People, interview: Interview
) -> None:
    lose(interview, 100, 200)
    interview.time_entries.create(kind=TimeEntryKind.FACTOR, seconds=1800)
    from_candidate = let_in(client, interview)

    page = from_candidate.get(
        reverse("interviews:interview-record", args=[interview.pk])
    ).content.decode()
    data = from_candidate.get(
        reverse("interviews:interview-record-download", args=[interview.pk])
    ).json()

    assert "<dt>Extra time agreed</dt><dd>30 min</dd>" in page
    assert "Code could not be run: 3 min 20 s." in page
    assert "can open the interview again for it" in page
    assert data["faults"][0]["seconds_lost"] == 200
    assert [line["kind"] for line in data["time"]] == ["start", "factor"]
