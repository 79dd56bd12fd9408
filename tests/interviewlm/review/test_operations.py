"""What one does on the review desk: by whom, with which effect, audited."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview, Review
from tests.factories.interviews import (
    InterviewFactory,
    PipelineStepFactory,
    ProblemReportFactory,
)
from tests.factories.people import People
from tests.interviewlm.review.conftest import fill, url


def operations(interview: Interview) -> list[str]:
    step = PipelineStepFactory.create(interview=interview, name="assemble")
    report = ProblemReportFactory.create(interview=interview)
    names = ("decide", "rescore", "extend", "reopen", "cancel", "resend", "revoke")
    return [
        *[url(interview, "do", name) for name in names],
        url(interview, "retry", step.pk),
        url(interview, "resolve", report.pk),
    ]


def snapshot(interview: Interview) -> Any:
    return (
        Interview.objects.filter(pk=interview.pk).values().get(),
        list(interview.pipeline_steps.values()),
        list(interview.problem_reports.values()),
        list(Review.objects.values()),
        AuditEntry.objects.count(),
    )


def test_stranger_finds_nothing(
    client: Client, people: People, interview: Interview
) -> None:
    run = fill(interview).runs.get()
    posts = operations(interview)
    before = snapshot(interview)
    client.force_login(people.stranger)

    gets = [url(interview), url(interview, "state"), url(interview, "output", run.pk)]
    gets.append(url(interview, "file") + "?path=ladder/words.py")

    assert {client.get(one).status_code for one in gets} == {404}
    full = {"decision": "advance", "reason": "x", "minutes": "5"}
    assert {client.post(one, full).status_code for one in posts} == {404}
    assert snapshot(interview) == before


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", 9),
        ("recruiter", 9),
        ("reviewer", 1),
        ("interviewer", 0),
        ("finance", 0),
    ],
)
def test_operations_follow_the_table(
    client: Client, people: People, interview: Interview, role: str, allowed: int
) -> None:
    posts = operations(interview)
    client.force_login(people.with_role(role))

    statuses = [
        client.post(
            one, {"decision": "hold", "reason": "x", "minutes": "5"}
        ).status_code
        for one in posts
    ]

    assert statuses.count(403) == len(posts) - allowed
    assert statuses.count(302) == allowed


def test_signed_out_visitor_is_sent_to_sign_in(
    client: Client, interview: Interview
) -> None:
    answer = client.get(url(interview))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


def test_operations_take_posts_only(recruiter: Client, interview: Interview) -> None:
    assert {recruiter.get(one).status_code for one in operations(interview)} == {405}


def test_decision_is_on_record_with_event_and_audit(
    recruiter: Client, people: People, interview: Interview
) -> None:
    answer = recruiter.post(
        url(interview, "do", "decide"),
        {"decision": "advance", "reason": "Clear thinking."},
        follow=True,
    )

    review = Review.objects.get()
    assert (review.decision, review.reason, review.reviewer) == (
        "advance",
        "Clear thinking.",
        people.recruiter,
    )
    assert interview.events.get().payload == {
        "review": review.pk,
        "decision": "advance",
    }
    assert AuditEntry.objects.get().action == "interview.decided"
    page = answer.content.decode()
    assert "The decision is on record." in page
    assert "Decide anew" in page


def test_decision_without_reason_keeps_what_was_typed(
    recruiter: Client, interview: Interview
) -> None:
    answer = recruiter.post(url(interview, "do", "decide"), {"decision": "reject"})

    assert answer.status_code == 400
    form = answer.context["offers"]["decide"].form
    assert (form["decision"].value(), list(form.errors)) == ("reject", ["reason"])
    assert not Review.objects.exists()


def test_decision_on_a_running_interview_is_refused(
    recruiter: Client, people: People
) -> None:
    running = InterviewFactory.create(organisation=people.organisation, state="active")

    answer = recruiter.post(
        url(running, "do", "decide"), {"decision": "hold", "reason": "x"}, follow=True
    )

    assert "Decide once the interview is over." in answer.content.decode()
    assert not Review.objects.exists()


def test_reopened_interview_goes_on(recruiter: Client, interview: Interview) -> None:
    recruiter.post(
        url(interview, "do", "reopen"), {"minutes": "7", "reason": "Fire drill"}
    )

    interview.refresh_from_db()
    assert interview.state == InterviewState.ACTIVE
    assert interview.ends_at is not None
    assert timedelta(minutes=6) < interview.ends_at - now() <= timedelta(minutes=7)


def test_preview_is_neither_scored_nor_decided(
    recruiter: Client, people: People
) -> None:
    preview = InterviewFactory.create(
        organisation=people.organisation, state="completed", is_preview=True
    )

    for name in ("decide", "rescore"):
        recruiter.post(url(preview, "do", name), {"decision": "hold", "reason": "x"})

    assert not Review.objects.exists()
    assert not preview.pipeline_steps.exists()
    assert set(recruiter.get(url(preview)).context["offers"]) == {"reopen"}
