"""What candidates and recruiters read about watching, before it happens."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from interviews.consent_text import fill_consent
from interviews.timeline.kinds import InterviewerJoined
from interviews.timeline.log import append_event
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory
from tests.factories.people import People


@pytest.mark.parametrize("may_type", [False, True])
def test_consent_says_that_people_may_watch_and_whether_they_type(
    people: People, may_type: bool
) -> None:
    version = AssessmentVersionFactory.create(
        organisation=people.organisation, is_interviewer_typing_allowed=may_type
    )

    text = fill_consent(
        version, people.organisation, language="en", is_recorded=True
    ).text

    assert "watch live what you do in the room" in text
    assert ("They may type in your files with you" in text) is may_type


def test_assessment_form_keeps_whether_interviewers_may_type(
    client: Client, people: People
) -> None:
    version = AssessmentVersionFactory.create(organisation=people.organisation)
    client.force_login(people.recruiter)
    url = reverse("admin:interviews_assessment_change", args=[version.assessment_id])
    initial = client.get(url).context["adminform"].form.initial
    data: dict[str, Any] = {
        name: value
        for name, value in initial.items()
        if name != "sections" and value is not None and value is not False
    }
    data["sections-problem"] = [row["problem"] for row in initial["sections"]]

    answer = client.post(url, {**data, "is_interviewer_typing_allowed": "on"})

    assert answer.status_code == 302
    newest = version.assessment.versions.first()
    assert newest is not None
    assert (newest.number, newest.is_interviewer_typing_allowed) == (2, True)


def test_review_desk_says_who_watched(client: Client, people: People) -> None:
    interview = InterviewFactory.create(
        organisation=people.organisation, state="completed"
    )
    joined = InterviewerJoined(actor=people.reviewer.pk, name="Dana Reyes")
    append_event(interview, joined, origin="interviewer")
    client.force_login(people.recruiter)

    page = client.get(reverse("admin:interview-review", args=[interview.pk]))

    assert "Watched by Dana Reyes" in page.content.decode()
