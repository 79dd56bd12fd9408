"""The list of interviews: flags, filters, scores, cost, and its actions."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEntry, Outbox
from base.clock import now
from interviews.enums import InterviewState, StepState
from interviews.models import EventCursor, Interview, PipelineStep, ProblemReport
from tests.factories.billing import UsageFactory
from tests.factories.interviews import (
    InterviewFactory,
    PipelineStepFactory,
    ProblemReportFactory,
    ReviewFactory,
    ScorecardFactory,
)
from tests.factories.people import People
from tests.factories.recordings import RecordingFactory

LIST = "admin:interviews_interview_changelist"
IMG = "<img src=x onerror=alert(1)>"


def make(people: People, state: str = "completed", **fields: Any) -> Interview:
    interview: Interview = InterviewFactory.create(
        organisation=people.organisation, state=state, **fields
    )
    return interview


def make_stuck(people: People) -> Interview:
    interview = make(people, "active")
    EventCursor.objects.filter(pk=interview.pk).update(
        last_at=now() - timedelta(minutes=6), last_seq=3
    )
    return interview


def shown(client: Client, **query: str) -> set[Any]:
    return {
        row.pk for row in client.get(reverse(LIST), query).context["cl"].result_list
    }


def act(client: Client, action: str, *interviews: Interview, **extra: Any) -> str:
    answer = client.post(
        reverse(LIST),
        {
            "action": action,
            "_selected_action": [str(one.pk) for one in interviews],
            **extra,
        },
        follow=True,
    )
    return answer.content.decode()


def test_filters_answer_the_recruiters_questions(
    recruiter: Client, people: People
) -> None:
    waiting = make(people)
    decided = make(people)
    ReviewFactory.create(interview=decided)
    stuck = make_stuck(people)
    busy = make(people, "active")
    EventCursor.objects.filter(pk=busy.pk).update(last_at=now(), last_seq=3)
    reported = make(people, "invited")
    ProblemReportFactory.create(interview=reported)
    ProblemReportFactory.create(interview=decided, is_resolved=True)
    failed = PipelineStepFactory.create(interview=decided, state=StepState.FAILED)
    gaps = RecordingFactory.create(interview=waiting, holes=[{"start_ms": 1}])
    RecordingFactory.create(interview=decided)
    make(people, is_preview=True)

    assert shown(recruiter, needs="review") == {waiting.pk}
    assert shown(recruiter, needs="stuck") == {stuck.pk}
    assert shown(recruiter, needs="reported") == {reported.pk}
    assert shown(recruiter, needs="failed_step") == {failed.interview_id}
    assert shown(recruiter, needs="gaps") == {gaps.interview_id}
    assert len(shown(recruiter)) == 5
    assert len(shown(recruiter, kind="preview")) == 1


def test_list_finds_a_candidate_by_name(recruiter: Client, people: People) -> None:
    interview = make(people)
    make(people)

    assert shown(recruiter, q=interview.candidate.name) >= {interview.pk}


def test_list_shows_score_cost_and_flags(recruiter: Client, people: People) -> None:
    interview = make(people)
    ScorecardFactory.create(interview=interview, is_simulated=True)
    UsageFactory.create(reference=str(interview.pk), cost_usd=Decimal("0.25"))
    UsageFactory.create(reference=str(interview.pk), cost_usd=None)
    PipelineStepFactory.create(interview=interview, state=StepState.FAILED)

    page = recruiter.get(reverse(LIST)).content.decode()

    assert "70, 80% certain (simulated)" in page
    assert "$0.2500 + unknown" in page
    assert "A step failed" in page
    assert reverse("admin:interview-review", args=[interview.pk]) in page


@pytest.mark.parametrize(
    ("who", "sees_score", "sees_cost"),
    [("owner", True, True), ("reviewer", True, False), ("interviewer", False, False)],
)
def test_list_leaves_out_what_a_role_may_not_see(
    client: Client, people: People, who: str, sees_score: bool, sees_cost: bool
) -> None:
    interview = make(people)
    ScorecardFactory.create(interview=interview)
    UsageFactory.create(reference=str(interview.pk))
    client.force_login(people.with_role(who))

    page = client.get(reverse(LIST)).content.decode()

    assert ("80% certain" in page) == sees_score
    assert ("$0.0011" in page or "$0.0010" in page) == sees_cost


def test_list_costs_the_same_with_three_full_rows(
    recruiter: Client, people: People
) -> None:
    def fill() -> None:
        interview = make(people)
        ScorecardFactory.create(interview=interview)
        UsageFactory.create(reference=str(interview.pk))
        ProblemReportFactory.create(interview=interview)
        RecordingFactory.create(interview=interview, holes=[{"start_ms": 1}])

    fill()
    recruiter.get(reverse(LIST))
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            recruiter.get(reverse(LIST))
        counts.append(len(queries))
        fill()
        fill()
    assert counts[0] == counts[1]


def test_candidate_text_is_escaped_everywhere(
    recruiter: Client, people: People
) -> None:
    interview = make_stuck(people)
    type(interview.candidate).objects.update(name=IMG)
    report = ProblemReportFactory.create(
        interview=interview, message=IMG, page="room", diagnostics={IMG: IMG}
    )
    step = PipelineStepFactory.create(interview=interview, message=IMG)
    urls = [
        reverse("admin:index"),
        reverse(LIST),
        reverse("admin:interviews_invitation_changelist"),
        reverse("admin:interviews_candidate_changelist"),
        reverse("admin:interviews_problemreport_changelist"),
        reverse("admin:interviews_problemreport_change", args=[report.pk]),
        reverse("admin:interviews_pipelinestep_changelist"),
        reverse("admin:interviews_pipelinestep_change", args=[step.pk]),
        reverse("admin:interviews_interview_change", args=[interview.pk]),
        reverse("admin:interviews_candidate_change", args=[interview.candidate_id]),
    ]
    for url in urls:
        answer = recruiter.get(url)
        assert answer.status_code == 200, url
        assert "<img src=x" not in answer.content.decode(), url


def test_extend_gives_minutes_with_a_reason(recruiter: Client, people: People) -> None:
    running, over = make(people, "active"), make(people)
    before = running.ends_at
    assert before is not None

    text = act(recruiter, "extend", running, over, minutes="10", reason="Lost network")

    running.refresh_from_db()
    assert running.ends_at == before + timedelta(minutes=10)
    assert "1 interview is extended." in text
    assert "Only a running interview can be extended." in text
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor) == ("interview.extended", people.recruiter)
    assert entry.details == {"minutes": 10, "reason": "Lost network"}


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"minutes": "10"}, "Give a reason first."),
        ({"reason": "x", "minutes": "0"}, "Say how many minutes, from 1 to 240."),
        ({"reason": "x"}, "Say how many minutes, from 1 to 240."),
    ],
    ids=["reason", "zero", "minutes"],
)
def test_extend_without_what_it_needs_does_nothing(
    recruiter: Client, people: People, extra: dict[str, str], words: str
) -> None:
    running = make(people, "active")

    assert words in act(recruiter, "extend", running, **extra)
    assert not AuditEntry.objects.exists()


def test_reopen_and_cancel_change_states(recruiter: Client, people: People) -> None:
    over, invited = make(people), make(people, "invited")

    act(recruiter, "reopen", over, minutes="5", reason="Power cut")
    act(recruiter, "cancel", invited, reason="Role filled")

    over.refresh_from_db()
    invited.refresh_from_db()
    assert over.state == InterviewState.ACTIVE
    assert invited.state == InterviewState.CANCELLED
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["interview.reopened", "interview.cancelled"]


def test_resend_and_revoke_reach_the_invitation(
    recruiter: Client, people: People
) -> None:
    invited = make(people, "invited")

    act(recruiter, "resend", invited)
    act(recruiter, "revoke", invited)

    invited.invitation.refresh_from_db()
    assert Outbox.objects.count() == 1
    assert invited.invitation.revoked_at is not None


def test_rescore_sets_the_step_back(recruiter: Client, people: People) -> None:
    over = make(people)
    step = PipelineStepFactory.create(
        interview=over, name="score", state=StepState.DONE, attempts=3
    )

    text = act(recruiter, "rescore", over, make(people, "active"))

    step.refresh_from_db()
    assert (step.state, step.attempts) == (StepState.WAITING, 0)
    assert "1 interview will be scored again." in text
    assert "Only an interview that is over can be scored." in text


def test_retry_runs_only_failed_steps_again(recruiter: Client, people: People) -> None:
    over = make(people)
    failed = PipelineStepFactory.create(
        interview=over, name="score", state=StepState.FAILED, attempts=5
    )
    done = PipelineStepFactory.create(
        interview=over, name="assemble", state=StepState.DONE, attempts=1
    )

    assert "1 step will run again." in act(recruiter, "retry_failed", over)

    failed.refresh_from_db()
    done.refresh_from_db()
    assert (failed.state, failed.attempts) == (StepState.WAITING, 0)
    assert done.state == StepState.DONE
    assert AuditEntry.objects.get().action == "pipeline.retried"


def test_step_page_retries_by_post_only(recruiter: Client, people: People) -> None:
    step = PipelineStepFactory.create(
        interview=make(people), state=StepState.FAILED, attempts=5
    )
    url = reverse("admin:interviews_pipelinestep_do", args=[step.pk, "retry"])

    assert recruiter.get(url).status_code == 405
    assert recruiter.post(url).status_code == 302

    assert PipelineStep.objects.get().state == StepState.WAITING


@pytest.mark.parametrize("role", ["reviewer", "interviewer"])
def test_readers_are_offered_no_action(
    client: Client, people: People, role: str
) -> None:
    running = make(people, "active")
    client.force_login(people.with_role(role))

    act(client, "cancel", running, reason="x")

    running.refresh_from_db()
    assert running.state == InterviewState.ACTIVE
    assert client.get(reverse(LIST)).context["action_form"] is None


def test_reports_are_dealt_with(recruiter: Client, people: People) -> None:
    report = ProblemReportFactory.create(interview=make(people))

    for words in ("1 report is dealt with.", "0 reports are dealt with."):
        answer = recruiter.post(
            reverse("admin:interviews_problemreport_changelist"),
            {"action": "resolve", "_selected_action": [report.pk]},
            follow=True,
        )
        assert words in answer.content.decode()

    assert ProblemReport.objects.get().is_resolved
    assert AuditEntry.objects.get().action == "problemreport.resolved"
