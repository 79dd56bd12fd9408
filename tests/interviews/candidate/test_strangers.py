"""Nobody but the candidate opens a candidate's page: everybody else gets 404."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from interviews import urls
from interviews.enums import InterviewState
from interviews.models import Interview
from interviews.services.invitations import revoke_invitation
from tests.factories.people import People
from tests.interviews.candidate.conftest import MakeInterview, let_in

# The pages of members have tests of their own: tests/interviews/watch.
OF_MEMBERS = {"interview-watch"}
NAMES = [
    pattern.name
    for pattern in urls.urlpatterns
    if "interview_id" in str(pattern.pattern) and pattern.name not in OF_MEMBERS
]
STATES = [
    InterviewState.INVITED,
    InterviewState.PREPARING,
    InterviewState.ACTIVE,
    InterviewState.COMPLETED,
]


def snapshot(interview: Interview) -> tuple[object, ...]:
    interview.refresh_from_db()
    return (
        interview.state,
        interview.device_checked_at,
        interview.events.count(),
        interview.consents.count(),
        interview.problem_reports.count(),
    )


def assert_closed(client: Client, interview: Interview, name: str | None) -> None:
    url = reverse(f"interviews:{name}", args=[interview.pk])
    data = {"agree": "on", "version": "2026-11", "message": "Hello"}
    before = snapshot(interview)
    for response in (client.get(url), client.post(url, data)):
        assert response.status_code in (404, 405)
        assert interview.assessment_version.title not in response.content.decode()
    assert snapshot(interview) == before


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", NAMES)
def test_a_candidate_of_another_interview_gets_404(
    stranger: Client, make_interview: MakeInterview, state: str, name: str
) -> None:
    assert_closed(stranger, make_interview(state), name)


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_without_a_cookie_gets_404(
    client: Client, make_interview: MakeInterview, name: str
) -> None:
    assert_closed(client, make_interview(InterviewState.ACTIVE), name)


@pytest.mark.parametrize("name", NAMES)
def test_a_signed_in_member_is_no_candidate(
    client: Client, people: People, make_interview: MakeInterview, name: str
) -> None:
    interview = make_interview(InterviewState.ACTIVE, organisation=people.organisation)
    client.force_login(people.owner)

    assert_closed(client, interview, name)


@pytest.mark.parametrize("name", NAMES)
def test_a_revoked_link_closes_the_pages_it_opened(
    client: Client, make_interview: MakeInterview, name: str
) -> None:
    interview = make_interview(InterviewState.PREPARING)
    let_in(client, interview)
    revoke_invitation(interview.invitation)

    assert_closed(client, interview, name)


@pytest.mark.parametrize("name", NAMES)
def test_an_interview_that_never_was_looks_the_same(
    stranger: Client, name: str
) -> None:
    url = reverse(f"interviews:{name}", args=[uuid.uuid4()])

    assert stranger.get(url).status_code in (404, 405)


def test_a_forged_cookie_opens_nothing(
    client: Client, make_interview: MakeInterview
) -> None:
    mine, other = make_interview(), make_interview(InterviewState.ACTIVE)
    let_in(client, mine)
    [(_name, morsel)] = client.cookies.items()
    client.cookies[f"candidate_{other.pk.hex[:12]}"] = morsel.value

    assert_closed(client, other, "interview-room")
