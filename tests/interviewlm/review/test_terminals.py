"""Terminals on the desk: played again from the timeline, by members who may see them."""

import base64
from datetime import timedelta
from typing import Any

from django.test import Client

from interviewlm.review import terminals
from interviews.enums import Origin
from interviews.models import Interview
from interviews.terminals import pack_chunks
from interviews.timeline.log import NewEvent, append_events
from interviews.timeline.registry import Payload
from interviews.timeline.terminals import (
    TerminalEnded,
    TerminalOutput,
    TerminalRecordingFull,
    TerminalResized,
    TerminalStarted,
)
from tests.factories.people import People
from tests.interviewlm.review.conftest import IMG, url


def play(interview: Interview, *steps: tuple[int, Payload]) -> None:
    """Put events of a terminal on the timeline, at milliseconds since the start."""
    assert interview.started_at is not None
    began = interview.started_at
    append_events(
        interview,
        [
            NewEvent(Origin.SYSTEM, payload, at=began + timedelta(milliseconds=at))
            for at, payload in steps
        ],
    )


def output(data: bytes, name: str = "1", cut: int = 0) -> TerminalOutput:
    return TerminalOutput(
        name=name,
        offset=0,
        started_ms=0,
        data=pack_chunks([(0, data[:1]), (40, data[1:])]),
        size=len(data),
        cut=cut,
    )


STARTED = TerminalStarted(name="1", rows=24, cols=80, generation="runner")


def film(client: Client, interview: Interview, name: str = "1", **query: Any) -> Any:
    return client.get(url(interview, "terminal", name), query).json()


def test_film_has_output_sizes_and_ends_at_their_times(
    recruiter: Client, interview: Interview
) -> None:
    play(
        interview,
        (1000, STARTED),
        (1500, output(b"a\xff", cut=7)),
        (1600, output(b"other", name="2")),
        (1700, TerminalResized(name="1", rows=30, cols=90)),
        (1800, TerminalRecordingFull(kept_bytes=5)),
        (2000, TerminalEnded(name="1", code=3, reason="exit")),
    )

    got = film(recruiter, interview)

    assert got["next"] is None
    kinds = [(item["t"], item["kind"]) for item in got["items"]]
    assert kinds == [
        (1000, "start"),
        (1500, "cut"),
        (1500, "out"),
        (1540, "out"),
        (1700, "size"),
        (1800, "end"),
        (2000, "end"),
    ]
    data = [base64.b64decode(one["data"]) for one in got["items"] if "data" in one]
    assert data == [b"a", b"\xff"]
    assert got["items"][-1]["words"] == "left with code 3"


def test_long_film_comes_in_pieces(recruiter: Client, interview: Interview) -> None:
    block = b"x" * (terminals.PAGE_BYTES // 2)
    play(interview, (0, STARTED), *[(at, output(block)) for at in range(3)])

    found, pieces = b"", 0
    after: int | None = 0
    while after is not None:
        got = film(recruiter, interview, after=after)
        found += b"".join(
            base64.b64decode(one["data"]) for one in got["items"] if "data" in one
        )
        after, pieces = got["next"], pieces + 1

    assert found == block * 3
    assert pieces == 2


def test_desk_names_shells_and_why_they_ended(
    recruiter: Client, interview: Interview
) -> None:
    play(
        interview,
        (1000, STARTED),
        (2000, TerminalEnded(name="1", code=None, reason="idle")),
    )

    page = recruiter.get(url(interview)).content.decode()

    assert "ended: nobody used it" in page
    assert "Opened terminal 1" in page
    assert 'data-film data-url="' in page
    assert "vendor/xterm.css" in page


def test_desk_without_a_terminal_says_so(
    recruiter: Client, interview: Interview
) -> None:
    page = recruiter.get(url(interview)).content.decode()

    assert "No terminal was opened." in page
    assert "lane-terminal" not in page
    assert "vendor/xterm.css" not in page


def test_lane_shows_when_a_terminal_was_busy(
    recruiter: Client, interview: Interview
) -> None:
    play(
        interview,
        (0, STARTED),
        *[(at, output(b"x")) for at in (1000, 5000, 60_000)],
    )

    stretches = [
        (one.start_ms, one.end_ms) for one in terminals.list_stretches(interview)
    ]

    assert stretches == [(1000, 6000), (60_000, 61_000)]
    assert "lane-terminal" in recruiter.get(url(interview)).content.decode()


def test_hostile_output_never_stands_in_the_page(
    recruiter: Client, interview: Interview
) -> None:
    play(interview, (0, STARTED), (10, output(IMG.encode())))

    assert IMG not in recruiter.get(url(interview)).content.decode()
    answer = recruiter.get(url(interview, "terminal", "1"))
    assert answer["Content-Type"] == "application/json"
    assert IMG.encode() not in answer.content


def test_strangers_and_members_without_the_right_get_nothing(
    client: Client, people: People, interview: Interview
) -> None:
    play(interview, (0, STARTED), (10, output(b"secret")))
    address = url(interview, "terminal", "1")

    assert client.get(address).status_code == 302
    client.force_login(people.stranger)
    assert client.get(address).status_code == 404
    client.force_login(people.finance)
    assert client.get(address).status_code == 403


def test_unknown_terminal_is_not_found(recruiter: Client, interview: Interview) -> None:
    assert recruiter.get(url(interview, "terminal", "9")).status_code == 404
