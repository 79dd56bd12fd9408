"""Links: an HMAC over invitation and generation; each way of being wrong is told apart."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.http import HttpResponse

from accounts.models import Outbox
from base.clock import now
from interviews.access import (
    cookie_name,
    find_as_candidate,
    grant_candidate,
)
from interviews.enums import InterviewState
from interviews.errors import (
    ExpiredLinkError,
    InvalidLinkError,
    NotOpenYetError,
    RevokedLinkError,
    WrongStateError,
)
from interviews.models import Candidate, Interview
from interviews.services.clock import PREPARING_GRACE
from interviews.services.invitations import (
    find_by_link,
    invitation_url,
    invite_candidate,
    revoke_invitation,
    send_invitation,
)
from interviews.tokens import make_token
from tests.factories.interviews import AssessmentVersionFactory, InterviewFactory

pytestmark = pytest.mark.django_db


def cookies_for(interview: Interview) -> dict[str, str]:
    response = HttpResponse()
    grant_candidate(response, interview, is_secure=True)
    return {name: morsel.value for name, morsel in response.cookies.items()}


def test_inviting_makes_candidate_interview_and_mail() -> None:
    version = AssessmentVersionFactory.create()

    invitation = invite_candidate(version, email=" Ada@Example.org ", name="Ada")

    interview = Interview.objects.get()
    assert interview.state == InterviewState.INVITED
    assert interview.assessment_version == version
    assert interview.candidate.email == "ada@example.org"
    mail = Outbox.objects.get()
    assert mail.to == "ada@example.org"
    assert invitation_url(invitation) in mail.text


def test_mail_gives_the_window_in_the_candidates_zone_and_says_which() -> None:
    version = AssessmentVersionFactory.create()

    invite_candidate(
        version,
        email="ada@example.org",
        opens_at=datetime(2030, 1, 15, 8, tzinfo=UTC),
        expires_at=datetime(2030, 7, 15, 8, tzinfo=UTC),
        time_zone="Europe/Berlin",
    )

    text = Outbox.objects.get().text
    assert "from Tuesday 15 January 2030, 09:00 (Europe/Berlin, UTC+1)" in text
    assert "to Monday 15 July 2030, 10:00 (Europe/Berlin, UTC+2)" in text
    assert "still have the whole time" in text
    assert "extra time" not in text


def test_mail_of_an_open_link_without_a_zone_says_utc() -> None:
    version = AssessmentVersionFactory.create()

    invite_candidate(
        version,
        email="ada@example.org",
        expires_at=datetime(2130, 1, 15, 8, tzinfo=UTC),
    )

    text = Outbox.objects.get().text
    assert "You can begin until Sunday 15 January 2130, 08:00 UTC" in text


def test_mail_says_the_whole_time_and_what_of_it_was_agreed() -> None:
    version = AssessmentVersionFactory.create(duration_minutes=60)

    invite_candidate(version, email="ada@example.org", time_factor=Decimal("1.5"))

    text = Outbox.objects.get().text
    assert "It takes 90 minutes" in text
    assert "This includes 30 minutes of extra time, as agreed with you." in text
    assert "1.5" not in text


@pytest.mark.parametrize("factor", [Decimal("0.5"), Decimal("4.01")])
def test_factor_out_of_range_is_refused_by_the_database(factor: Decimal) -> None:
    version = AssessmentVersionFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        invite_candidate(version, email="ada@example.org", time_factor=factor)


def test_inviting_the_same_person_again_keeps_one_candidate() -> None:
    version = AssessmentVersionFactory.create()

    invite_candidate(version, email="ada@example.org", name="Ada")
    invite_candidate(version, email="ADA@example.org", name="Ada L.")

    assert Candidate.objects.get().name == "Ada L."
    assert Interview.objects.count() == 2


def test_preview_is_kept_apart_and_mails_nobody() -> None:
    version = AssessmentVersionFactory.create()

    invite_candidate(version, email="rita@example.org", is_preview=True)

    assert Interview.objects.get().is_preview
    assert not Outbox.objects.exists()


def test_link_opens_its_interview_and_changes_nothing() -> None:
    interview = InterviewFactory.create()
    before = Interview.objects.values().get()

    found = find_by_link(make_token(interview.invitation))

    assert found == interview
    assert Interview.objects.values().get() == before


@pytest.mark.parametrize("token", ["", "x", "a~b", "00~", "0" * 200])
def test_mistyped_link_is_invalid(token: str) -> None:
    with pytest.raises(InvalidLinkError):
        find_by_link(token)


def test_link_with_one_letter_changed_is_invalid() -> None:
    token = make_token(InterviewFactory.create().invitation)

    with pytest.raises(InvalidLinkError):
        find_by_link(token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_revoked_link_and_cookie_end_at_once() -> None:
    interview = InterviewFactory.create()
    token, cookies = make_token(interview.invitation), cookies_for(interview)
    assert find_as_candidate(cookies, interview.pk) == interview

    revoke_invitation(interview.invitation)

    with pytest.raises(RevokedLinkError):
        find_by_link(token)
    assert find_as_candidate(cookies, interview.pk) is None
    with pytest.raises(WrongStateError):
        send_invitation(interview.invitation)


def test_started_interview_is_cancelled_not_revoked() -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)

    with pytest.raises(WrongStateError):
        revoke_invitation(interview.invitation)


def test_window_is_kept() -> None:
    interview = InterviewFactory.create()
    invitation = interview.invitation
    token = make_token(invitation)
    invitation.opens_at = now() + timedelta(hours=1)
    invitation.save()
    with pytest.raises(NotOpenYetError):
        find_by_link(token)
    invitation.opens_at = now() - timedelta(hours=2)
    invitation.expires_at = now() - timedelta(hours=1)
    invitation.save()
    with pytest.raises(ExpiredLinkError):
        find_by_link(token)


def test_candidate_who_is_preparing_may_still_begin_for_a_while() -> None:
    interview = InterviewFactory.create(state=InterviewState.PREPARING)
    invitation = interview.invitation
    invitation.expires_at = now() - PREPARING_GRACE + timedelta(minutes=1)
    invitation.save()
    assert find_by_link(make_token(invitation)) == interview

    invitation.expires_at = now() - PREPARING_GRACE - timedelta(minutes=1)
    invitation.save()
    with pytest.raises(ExpiredLinkError):
        find_by_link(make_token(invitation))


def test_running_interview_is_found_after_the_window() -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    invitation = interview.invitation
    invitation.expires_at = now() - timedelta(minutes=1)
    invitation.save()

    assert find_by_link(make_token(invitation)) == interview


def test_cookie_of_another_interview_is_no_good() -> None:
    mine, other = InterviewFactory.create(), InterviewFactory.create()
    stolen = {cookie_name(other.pk): next(iter(cookies_for(mine).values()))}

    assert find_as_candidate(stolen, other.pk) is None
    assert find_as_candidate({}, mine.pk) is None
    assert find_as_candidate({cookie_name(mine.pk): "junk"}, mine.pk) is None


def test_cookie_is_out_of_reach_of_scripts() -> None:
    response = HttpResponse()
    interview = InterviewFactory.create()

    grant_candidate(response, interview, is_secure=True)

    cookie = response.cookies[cookie_name(interview.pk)]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"
