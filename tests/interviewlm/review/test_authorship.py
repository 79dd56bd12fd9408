"""Who wrote the code, on the review desk: shares, a file's lines, and who may see."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.enums import Role
from accounts.models import Membership
from base.text import content_hash
from interviewlm.review.authorship import MAX_LINES, read_authorship
from interviews.enums import Origin
from interviews.models import Interview
from interviews.timeline.kinds import (
    DocumentApplied,
    DocumentUpdatedV2,
    FileCreated,
    FileDeletedV2,
)
from interviews.timeline.log import append_event
from tests.factories.accounts import MembershipFactory
from tests.factories.people import People
from tests.interviewlm.review.conftest import IMG, url

PATH = "ladder/words.py"


def create(
    interview: Interview, text: str, *, path: str = PATH, source: str = "starter"
) -> int:
    payload = FileCreated(path=path, text=text, hash=content_hash(text), source=source)
    return append_event(interview, payload, origin=Origin.CANDIDATE).seq


def edit(
    interview: Interview,
    changes: list[object],
    *,
    told: dict[str, object] | None = None,
    origin: Origin = Origin.CANDIDATE,
) -> int:
    update = {"client": "editor", "changes": changes, "input": told}
    payload = DocumentUpdatedV2(path=PATH, version=0, updates=[update], hash="0" * 64)
    return append_event(interview, payload, origin=origin).seq


@pytest.fixture
def written(interview: Interview) -> dict[str, int]:
    """A file of every kind of text; the events by what they put in."""
    starter = create(interview, "one\ntwo\n")
    typed = edit(interview, [3, [0, " typed"], 5])
    outside = {"kind": "paste", "length": 7, "source": "outside"}
    pasted = edit(interview, [14, [0, "pasted", ""]], told=outside)
    applied = DocumentApplied(
        path=PATH,
        turn="turn",
        block=0,
        mode="replace",
        version=3,
        changes=[21, [0, "answer", ""]],
        hash="0" * 64,
    )
    taken = append_event(interview, applied, origin=Origin.ASSISTANT).seq
    command = edit(interview, [28, [0, "made", ""]], origin=Origin.SYSTEM)
    return {
        "starter": starter,
        "typed": typed,
        "pasted": pasted,
        "taken": taken,
        "command": command,
    }


def test_desk_shows_shares_in_words_and_numbers(
    recruiter: Client, interview: Interview, written: dict[str, int]
) -> None:
    page = recruiter.get(url(interview)).content.decode()

    expected = (
        "Starter file 24\xa0%, Typed 18\xa0%, Pasted from outside the room 21\xa0%"
    )
    assert f'aria-label="{expected}' in page
    assert f'data-written="{PATH}"' in page
    assert "Without the starter files: Typed 24\xa0%, Pasted" in page


def test_shares_are_in_one_order_and_cover_the_bar(
    interview: Interview, written: dict[str, int]
) -> None:
    bar = read_authorship(interview).bar

    assert bar is not None
    assert [(share.letter, share.units) for share in bar.shares] == [
        ("S", 8),
        ("T", 6),
        ("P", 7),
        ("A", 7),
        ("$", 5),
    ]
    assert bar.units == 33
    assert sum(float(share.width[:-1]) for share in bar.shares) == pytest.approx(
        100, abs=0.01
    )


def test_lines_say_whose_each_part_is_and_when(
    recruiter: Client, interview: Interview, written: dict[str, int]
) -> None:
    answer = recruiter.get(url(interview, "origins"), {"path": PATH}).json()

    assert [(line[2], line[3]) for line in answer["lines"]] == [
        (written["typed"], [["starter", "one"], ["typed", " typed"]]),
        (written["starter"], [["starter", "two"]]),
        (written["pasted"], [["pasted_outside", "pasted"]]),
        (written["taken"], [["assistant", "answer"]]),
        (written["command"], [["command", "made"]]),
    ]
    assert answer["labels"]["assistant"] == "Taken from the assistant"


def test_empty_line_is_whose_its_end_is(
    recruiter: Client, interview: Interview
) -> None:
    create(interview, "\nend", source="upload")

    answer = recruiter.get(url(interview, "origins"), {"path": PATH}).json()

    assert [line[3] for line in answer["lines"]] == [
        [["pasted_outside", ""]],
        [["pasted_outside", "end"]],
    ]


def test_lines_beyond_the_most_shown_are_left_out(
    recruiter: Client, interview: Interview
) -> None:
    create(interview, "line\n" * (MAX_LINES + 2))

    answer = recruiter.get(url(interview, "origins"), {"path": PATH}).json()

    assert len(answer["lines"]) == MAX_LINES
    assert answer["cut"].startswith("2 later lines")


def test_hostile_text_and_path_stay_text(
    recruiter: Client, interview: Interview
) -> None:
    path = f"ladder/{IMG}.py"
    create(interview, IMG, path=path)

    page = recruiter.get(url(interview)).content.decode()
    answer = recruiter.get(url(interview, "origins"), {"path": path})

    assert "<img src=x" not in page
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["lines"][0][3] == [["starter", IMG]]


def test_deleted_file_counts_for_nothing(
    recruiter: Client, interview: Interview
) -> None:
    create(interview, "gone")
    gone = FileDeletedV2(
        path=PATH, hash=content_hash("gone"), document=1, version=0, interviewer=[]
    )
    append_event(interview, gone, origin=Origin.CANDIDATE)

    assert recruiter.get(url(interview, "origins"), {"path": PATH}).status_code == 404
    assert read_authorship(interview).files == []
    assert "There is no text yet" in recruiter.get(url(interview)).content.decode()


def test_timeline_that_does_not_fit_leaves_the_desk_usable(
    recruiter: Client, interview: Interview
) -> None:
    edit(interview, [[0, "nowhere"]])

    answer = recruiter.get(url(interview))

    assert answer.status_code == 200
    assert "the timeline does not fit together" in answer.content.decode()
    assert recruiter.get(url(interview, "origins"), {"path": PATH}).status_code == 404


@pytest.mark.parametrize("role", [*Role], ids=str)
def test_whoever_may_see_the_interview_sees_its_lines(
    people: People, client: Client, interview: Interview, role: Role
) -> None:
    create(interview, "text")
    member: Membership = MembershipFactory.create(
        organisation=people.organisation, role=role
    )
    client.force_login(member.user)
    address = url(interview, "origins")

    page = client.get(url(interview))
    answer = client.get(address, {"path": PATH})

    assert answer.status_code == page.status_code
    assert client.post(address, {"path": PATH}).status_code in {403, 404, 405}


def test_stranger_does_not_find_the_lines(
    people: People, client: Client, interview: Interview
) -> None:
    create(interview, "text")
    client.force_login(people.stranger)

    assert client.get(url(interview, "origins"), {"path": PATH}).status_code == 404


def test_signed_out_is_sent_to_sign_in(client: Client, interview: Interview) -> None:
    assert client.get(url(interview, "origins"), {"path": PATH}).status_code == 302


def test_queries_do_not_grow_with_files_and_edits(
    recruiter: Client, interview: Interview, written: dict[str, int]
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            recruiter.get(url(interview))
            recruiter.get(url(interview, "origins"), {"path": PATH})
        return len(queries)

    recruiter.get(url(interview))
    before = count()
    for number in range(3):
        create(interview, "more", path=f"ladder/more{number}.py")
        edit(interview, [[0, "x"], 33 + number])
    assert count() == before
