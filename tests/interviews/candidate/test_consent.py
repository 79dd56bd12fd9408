"""Consent: what is shown is what is stored, once, and declining stores nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from interviews.consent_text import CURRENT_VERSION, fill_consent, find_text
from interviews.enums import InterviewState, Policy
from interviews.models import Consent, Interview
from interviews.services.candidates import OutdatedConsentError, record_consent
from tests.factories.interviews import AssessmentVersionFactory
from tests.interviews.candidate.conftest import MakeInterview, let_in


def address(interview: Interview, name: str = "consent") -> str:
    return reverse(f"interviews:interview-{name}", args=[interview.pk])


def agree(client: Client, interview: Interview, **fields: str) -> object:
    data = {"agree": "on", "version": CURRENT_VERSION} | fields
    return client.post(address(interview), data)


def kinds_of(interview: Interview) -> list[str]:
    return list(interview.events.order_by("seq").values_list("kind", flat=True))


def test_agreeing_stores_the_text_that_was_shown_and_goes_on(
    client: Client, interview: Interview
) -> None:
    let_in(client, interview)
    page = client.get(address(interview)).content.decode()

    response = client.post(
        address(interview), {"agree": "on", "version": CURRENT_VERSION}
    )

    interview.refresh_from_db()
    consent = interview.consents.get()
    assert response["Location"] == address(interview, "check")
    assert interview.state == InterviewState.PREPARING
    assert (consent.version, consent.language) == (CURRENT_VERSION, "en")
    assert f"{interview.organisation.name} keeps it for 90 days" in consent.text
    for line in consent.text.split("\n\n"):
        assert line in page
    assert kinds_of(interview) == ["consent.given", "interview.state_changed"]
    assert [event.origin for event in interview.events.all()] == ["candidate"] * 2


def test_agreeing_twice_stores_one_consent(
    client: Client, interview: Interview
) -> None:
    let_in(client, interview)

    agree(client, interview)
    again = client.post(address(interview), {"agree": "on", "version": CURRENT_VERSION})

    assert again["Location"] == address(interview, "check")
    assert interview.consents.count() == 1
    assert len(kinds_of(interview)) == 2


def test_the_same_click_at_the_same_time_stores_one_consent(
    interview: Interview,
) -> None:
    first = record_consent(interview.pk, version=CURRENT_VERSION, language="en-gb")
    second = record_consent(interview.pk, version=CURRENT_VERSION, language="en-gb")

    assert first == second
    assert Consent.objects.count() == 1


def test_without_the_tick_nothing_is_stored(
    client: Client, interview: Interview
) -> None:
    let_in(client, interview)

    response = client.post(address(interview), {"version": CURRENT_VERSION})

    interview.refresh_from_db()
    assert response.status_code == 400
    assert "Tick the box" in response.content.decode()
    assert interview.state == InterviewState.INVITED
    assert not Consent.objects.exists()
    assert kinds_of(interview) == []


def test_an_older_text_is_shown_again_in_its_new_wording(
    client: Client, interview: Interview
) -> None:
    let_in(client, interview)

    response = client.post(address(interview), {"agree": "on", "version": "2019-01"})

    assert response.status_code == 409
    assert "has changed" in response.content.decode()
    assert not Consent.objects.exists()


def test_recording_an_unknown_version_is_refused(interview: Interview) -> None:
    with pytest.raises(OutdatedConsentError):
        record_consent(interview.pk, version="2019-01", language="en")


def test_declining_stores_nothing_and_can_be_taken_back(
    client: Client, interview: Interview
) -> None:
    let_in(client, interview)

    page = client.get(address(interview, "declined"))

    interview.refresh_from_db()
    assert interview.organisation.contact_email in page.content.decode()
    assert interview.state == InterviewState.INVITED
    assert kinds_of(interview) == []
    assert client.get(address(interview)).status_code == 200


@pytest.mark.parametrize("name", ["consent", "declined"])
def test_going_back_after_the_consent_leads_to_the_stage(
    client: Client, make_interview: MakeInterview, name: str
) -> None:
    interview = make_interview(InterviewState.PREPARING)
    let_in(client, interview)

    response = client.get(address(interview, name))

    assert response["Location"] == address(interview, "check")
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("fields", "expected", "missing"),
    [
        ({"is_recorded": True}, "Your camera and microphone", "No picture"),
        ({"is_recorded": False}, "No picture and no sound", "Your camera"),
        ({}, "Your screen is not recorded", "asks you to share"),
        ({"records_screen": True}, "asks you to share it", "screen is not recorded"),
        ({}, "went on in another window", "is not in front"),
        ({"notes_presence": True}, "the room is not in front", "\x00"),
        ({"policy": Policy.OFF}, "no assistant", "conversation"),
        ({"policy": Policy.HINTS}, "gives hints", "whole changes"),
        ({"policy": Policy.PAIR}, "as you would ask a colleague", "gives hints"),
        ({"policy": Policy.AGENT}, "whole changes", "gives hints"),
        ({"is_search_allowed": True}, "reading on the web", "No searching"),
        ({"is_search_allowed": False}, "No searching on the web", "reading on"),
        ({"allowed_notes": "Pen {and} paper."}, "Pen {and} paper.", "\x00"),
        ({"retention_days": 1}, "for 1 day after", "1 days"),
        ({}, "copied in this room or outside it", "\x00"),
    ],
)
@pytest.mark.django_db
def test_the_text_says_what_holds_for_this_interview(
    fields: dict[str, object], expected: str, missing: str
) -> None:
    version = AssessmentVersionFactory.create(**fields)

    text = fill_consent(
        version,
        version.assessment.organisation,
        language="en",
        is_recorded=version.is_recorded,
    ).text

    assert expected in text
    assert missing not in text


def test_a_preview_is_not_said_to_be_recorded(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(is_preview=True)

    page = let_in(client, interview).get(address(interview)).content.decode()

    assert "No picture and no sound" in page


def test_an_unknown_language_gets_the_english_text() -> None:
    assert find_text("xx-yy") == find_text("en-gb")
