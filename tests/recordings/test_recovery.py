"""The recovery page and its mail: for the candidate's own browser, while it is of use."""

import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Outbox
from base.clock import now
from interviews.enums import InterviewState
from interviews.models import Interview
from recordings.models import Chunk, Recording
from recordings.services.recovery import is_incomplete, write_to_candidates
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.recordings.conftest import Browser, end, let_in


def page_of(interview: Interview) -> str:
    return reverse("recordings:recover", args=[interview.pk])


def config_of(html: str) -> dict[str, object]:
    found = re.search(r'id="recover-config"[^>]*>(.*?)</script>', html)
    assert found
    config: dict[str, object] = json.loads(found.group(1))
    return config


def whole(browser: Browser) -> None:
    browser.open()
    for index in range(2):
        browser.put(index + 1, b"bytes")
    Chunk.objects.filter(index=2).update(index=0)
    browser.close(2)


def ended_before(interview: Interview, **ago: float) -> None:
    end(interview)
    Interview.objects.filter(pk=interview.pk).update(ended_at=now() - timedelta(**ago))
    Chunk.objects.update(stored_at=now() - timedelta(**ago))


def links(browser: Browser, interview: Interview) -> list[bool]:
    """Whether the thank-you page and the record lead to the recovery page."""
    names = ["interviews:interview-finish", "interviews:interview-record"]
    pages = [browser.client.get(reverse(name, args=[interview.pk])) for name in names]
    return [page_of(interview) in page.content.decode() for page in pages]


def test_page_gives_its_script_what_it_needs(
    browser: Browser, interview: Interview
) -> None:
    whole(browser)
    ended_before(interview, hours=1)
    answer = browser.client.get(page_of(interview))
    config = config_of(answer.content.decode())
    assert config["base"] == browser.base.removesuffix("/segments")
    assert config["is_complete"] is True
    assert config["csrf"]
    assert links(browser, interview) == [False, False]


def test_pages_after_the_end_lead_there_while_something_is_missing(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    ended_before(interview, hours=1)
    html = browser.client.get(page_of(interview)).content.decode()
    assert config_of(html)["is_complete"] is False
    assert links(browser, interview) == [True, True]
    browser.close(0)
    assert links(browser, interview) == [False, False]


def test_page_closes_after_three_days(browser: Browser, interview: Interview) -> None:
    browser.open()
    ended_before(interview, hours=72, minutes=1)
    answer = browser.client.get(page_of(interview))
    assert answer.status_code == 410
    assert "recover-config" not in answer.content.decode()
    assert links(browser, interview) == [False, False]


def test_stranger_finds_no_recovery(interview: Interview, people: People) -> None:
    end(interview)
    member = Client()
    member.force_login(people.owner)
    other = let_in(Client(), InterviewFactory.create(state=InterviewState.ACTIVE))
    for client in (Client(), member, other):
        assert client.get(page_of(interview)).status_code == 404


@pytest.mark.parametrize(
    ("missing", "expected"),
    [("nothing", False), ("close", True), ("chunk", True), ("sound", True)],
)
def test_recording_is_incomplete_where_a_browser_may_hold_more(
    browser: Browser, interview: Interview, missing: str, expected: bool
) -> None:
    whole(browser)
    if missing == "close":
        Browser(browser.client, interview).open()
    if missing == "chunk":
        Chunk.objects.filter(index=1).delete()
    if missing == "sound":
        Chunk.objects.filter(index=1).update(state="damaged")
    assert is_incomplete(interview) is expected


def test_candidate_is_written_to_once_when_a_rest_is_missing(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    ended_before(interview, minutes=9)
    assert write_to_candidates() == 0
    ended_before(interview, minutes=11)
    assert [write_to_candidates(), write_to_candidates()] == [1, 0]
    mail = Outbox.objects.get(to=interview.candidate.email)
    assert page_of(interview) in mail.text
    assert "same browser" in mail.text


def test_nobody_is_written_to_while_it_still_arrives(
    browser: Browser, interview: Interview
) -> None:
    browser.open()
    browser.put(1, b"bytes")
    ended_before(interview, minutes=11)
    Chunk.objects.update(stored_at=now())
    assert write_to_candidates() == 0
    Chunk.objects.update(stored_at=now() - timedelta(minutes=3))
    assert write_to_candidates() == 1


def test_candidate_is_written_to_when_nothing_came_at_all(
    interview: Interview,
) -> None:
    ended_before(interview, minutes=11)
    assert [write_to_candidates(), write_to_candidates()] == [1, 0]
    assert Recording.objects.get().state == "empty"


@pytest.mark.parametrize("why", ["whole", "late", "sample", "preview", "unrecorded"])
def test_nobody_is_written_to_without_need(
    browser: Browser, interview: Interview, why: str
) -> None:
    if why == "whole":
        whole(browser)
    ended_before(interview, hours=73 if why == "late" else 1)
    mine = Interview.objects.filter(pk=interview.pk)
    if why == "sample":
        mine.update(is_sample=True)
    if why == "preview":
        mine.update(is_preview=True)
    if why == "unrecorded":
        version = type(interview.assessment_version).objects
        version.filter(pk=interview.assessment_version_id).update(
            is_recorded=False, records_screen=False
        )
    assert write_to_candidates() == 0
    assert not Outbox.objects.exists()
