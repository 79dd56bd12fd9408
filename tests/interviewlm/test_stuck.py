"""The list of live interviews that need a look: reasons, whose they are, its queries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.access import Standing
from accounts.enums import Role
from base.clock import now
from interviews.enums import InterviewState, Origin, RunKind, RunState
from interviews.models import Attendance, Interview, WebProcess
from interviews.selectors.stuck import name_error, read_stuck
from interviews.timeline.kinds import DocumentUpdated
from interviews.timeline.log import append_event
from interviews.timeline.presence_kinds import FocusLost, FocusRegained
from tests.factories.interviews import (
    InterviewerFactory,
    InterviewFactory,
    RunFactory,
)
from tests.factories.people import People

pytestmark = pytest.mark.django_db

PAGE = "stuck:stuck-show"


def ago(**span: float) -> datetime:
    return now() - timedelta(**span)


@pytest.fixture
def live(people: People) -> Callable[..., Interview]:
    """Make a live interview of somebody who is at work; keywords change that."""

    def make(*, typed: float = 0.5, ran: float | None = 1, **fields: Any) -> Interview:
        defaults = {
            "organisation": people.organisation,
            "state": InterviewState.ACTIVE,
            "started_at": ago(minutes=30),
            "last_seen_at": now(),
        }
        interview: Interview = InterviewFactory.create(**defaults | fields)
        edit = DocumentUpdated(path="a.py", version=1, updates=[], hash="h")
        at = ago(minutes=typed)
        append_event(interview, edit, origin=Origin.CANDIDATE, at=at)
        if ran is not None:
            run(interview, minutes=ran)
        return interview

    return make


def run(interview: Interview, *, minutes: float, **fields: Any) -> None:
    defaults = {"state": RunState.FINISHED, "exit_code": 0, "reason": "exited"}
    RunFactory.create(
        interview=interview, created_at=ago(minutes=minutes), **defaults | fields
    )


def standing(people: People, role: str = Role.RECRUITER) -> Standing:
    return Standing(people.with_role(role), people.organisation, Role(role))


def reasons(people: People) -> list[str]:
    rows = read_stuck(standing(people)).stuck
    return [reason.name for row in rows for reason in row.reasons]


def test_somebody_at_work_is_not_listed(
    people: People, live: Callable[..., Interview]
) -> None:
    live()
    found = read_stuck(standing(people))
    assert (found.running, found.stuck) == (1, ())


@pytest.mark.parametrize(
    ("fields", "name", "minutes"),
    [
        ({"typed": 6}, "keystroke", 6),
        ({"ran": 21}, "run", 21),
        ({"ran": None}, "run", 30),
        ({"last_seen_at": None}, "away", 30),
    ],
    ids=["no keystroke", "no run", "never ran", "never came"],
)
def test_reason_says_since_when(
    people: People,
    live: Callable[..., Interview],
    fields: dict[str, Any],
    name: str,
    minutes: float,
) -> None:
    live(**fields)
    (row,) = read_stuck(standing(people)).stuck
    (reason,) = row.reasons
    assert reason.name == name
    assert abs(reason.since - ago(minutes=minutes)) < timedelta(seconds=30)


def test_somebody_who_lost_the_connection_is_listed(
    people: People, live: Callable[..., Interview]
) -> None:
    live(last_seen_at=ago(minutes=1))
    assert reasons(people) == ["away"]


def test_somebody_whose_page_keeps_coming_back_has_a_poor_connection(
    people: People, live: Callable[..., Interview]
) -> None:
    process = WebProcess.objects.create(
        id="0" * 32, started_at=ago(minutes=40), heartbeat_at=now()
    )
    poor, well = live(), live()
    for interview, count in ((poor, 4), (well, 3)):
        for number in range(count):
            Attendance.objects.create(
                interview=interview, process=process, token=f"{interview.pk}{number}"
            )
    (row,) = read_stuck(standing(people)).stuck
    assert row.interview == poor
    assert [reason.name for reason in row.reasons] == ["poor"]


FAILED = {"kind": RunKind.FILE, "exit_code": 1}


@pytest.mark.parametrize(
    ("outputs", "listed"),
    [
        (["NameError: x", "NameError: x", "NameError: x"], True),
        (["NameError: x", "NameError: x", "TypeError: y"], False),
        (["NameError: x", "NameError: x"], False),
    ],
    ids=["same", "another before", "only two"],
)
def test_error_that_repeats_is_named(
    people: People, live: Callable[..., Interview], outputs: list[str], listed: bool
) -> None:
    interview = live(ran=15)
    for number, output in enumerate(outputs, 1):
        text = f"Traceback\n{output}\n"
        run(interview, minutes=number, output=text, **FAILED)
    found = read_stuck(standing(people)).stuck
    assert [row.reasons[0].detail for row in found] == ["NameError: x"] * listed


def test_run_that_went_well_ends_a_repeated_error(
    people: People, live: Callable[..., Interview]
) -> None:
    interview = live(ran=0.2)
    for number in range(1, 5):
        run(interview, minutes=number, output="NameError: x", **FAILED)
    assert reasons(people) == []


@pytest.mark.parametrize(
    ("run", "error"),
    [
        ({"tests": [{"name": "test_a", "outcome": "passed"}]}, ""),
        (
            {"tests": [{"name": "t", "outcome": "failed", "message": "1 != 2\nmore"}]},
            "t: 1 != 2",
        ),
        ({"tests": None, "exit_code": 0}, ""),
        ({"tests": None, "exit_code": 1, "end": "a\nboom\n\n"}, "boom"),
        ({"tests": None, "exit_code": None, "reason": "timeout"}, "timeout"),
    ],
    ids=["passed", "failed test", "well", "last line", "no output"],
)
def test_error_of_a_run_is_one_line(run: dict[str, Any], error: str) -> None:
    defaults = {"end": "", "reason": "exited", "exit_code": 1, "tests": None}
    assert name_error(defaults | run) == error


def test_room_not_in_front_is_told_until_it_is_back(
    people: People, live: Callable[..., Interview]
) -> None:
    interview = live()
    lost, back = FocusLost(how="hidden"), FocusRegained(away_ms=1)
    append_event(interview, lost, origin=Origin.CANDIDATE, at=ago(minutes=6))
    assert reasons(people) == ["front"]
    append_event(interview, back, origin=Origin.CANDIDATE)
    assert reasons(people) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"state": InterviewState.COMPLETED},
        {"state": InterviewState.PREPARING},
        {"is_preview": True},
        {"ends_at": now() - timedelta(minutes=1)},
    ],
    ids=["completed", "preparing", "preview", "over"],
)
def test_only_live_interviews_are_looked_at(
    people: People, live: Callable[..., Interview], fields: dict[str, Any]
) -> None:
    live(typed=20, **fields)
    assert read_stuck(standing(people)).running == 0


def count_queries(client: Client) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(reverse(PAGE)).status_code == 200
    return len(queries)


def test_page_costs_the_same_for_one_and_for_three(
    people: People, client: Client, live: Callable[..., Interview]
) -> None:
    client.force_login(people.recruiter)
    live(typed=10)
    client.get(reverse(PAGE))
    one = count_queries(client)
    for _time in range(2):
        run(live(typed=10), minutes=2)
    assert count_queries(client) == one


def test_page_names_the_reason_and_leads_to_the_watch_page(
    people: People, client: Client, live: Callable[..., Interview]
) -> None:
    interview = live(typed=10)
    interview.candidate.name = "<b>Ada</b>"
    interview.candidate.save(update_fields=["name"])
    client.force_login(people.recruiter)
    page = client.get(reverse(PAGE)).content.decode()
    rows = client.get(reverse(PAGE), {"part": "rows"}).content.decode()

    watch = reverse("interviews:interview-watch", args=[interview.pk])
    for text in (page, rows):
        assert f'href="{watch}"' in text
        assert 'data-reason="keystroke"' in text
        assert "&lt;b&gt;Ada" in text
        assert "<b>Ada" not in text
    assert "<html" not in rows


def test_strangers_see_only_their_own(
    people: People, client: Client, live: Callable[..., Interview]
) -> None:
    interview = live(typed=10)
    client.force_login(people.stranger)
    page = client.get(reverse(PAGE)).content.decode()
    assert str(interview.pk) not in page
    assert "Nobody is being interviewed" in page


def test_interviewer_sees_those_they_are_asked_to_watch(
    people: People, client: Client, live: Callable[..., Interview]
) -> None:
    asked, other = live(typed=10), live(typed=10)
    InterviewerFactory.create(interview=asked, user=people.interviewer)
    client.force_login(people.interviewer)
    page = client.get(reverse(PAGE)).content.decode()
    assert str(asked.pk) in page
    assert str(other.pk) not in page


def test_finance_may_not_look(people: People, client: Client) -> None:
    client.force_login(people.finance)
    assert client.get(reverse(PAGE)).status_code == 403


def test_nobody_signed_in_is_led_to_the_door(client: Client) -> None:
    answer = client.get(reverse(PAGE))
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_page_refuses_to_be_posted(people: People, client: Client) -> None:
    client.force_login(people.recruiter)
    assert client.post(reverse(PAGE)).status_code == 405
