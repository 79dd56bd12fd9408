"""Facts of presence: disclosed, in plain words, the same for reviewers and candidates."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assistant.scoring import evidence
from interviews.enums import InterviewState, Origin
from interviews.fact_words import FACT_WORDINGS, describe_away, describe_paste
from interviews.models import Interview
from interviews.selectors.facts import read_presence
from interviews.timeline.kinds import DocumentUpdatedV2
from interviews.timeline.log import append_event
from interviews.timeline.presence_kinds import (
    DisplaysTold,
    FactsCut,
    FocusLost,
    FocusRegained,
    ViewportNarrowed,
    WritingMoved,
)
from interviews.timeline.registry import Payload
from tests.factories.interviews import InterviewFactory
from tests.factories.people import People
from tests.interviews.candidate.conftest import let_in

pytestmark = pytest.mark.django_db

FACTS = [
    FocusLost(how="hidden"),
    FocusLost(how="blurred"),
    FocusRegained(away_ms=65_400),
    ViewportNarrowed(width=400, height=0),
    ViewportNarrowed(width=0, height=300),
    DisplaysTold(is_extended=True),
    DisplaysTold(is_extended=False),
    WritingMoved(is_asked=True, place="device"),
    WritingMoved(is_asked=False, place="tab"),
    FactsCut(kept=500),
]
# Words that judge; none of them may ever stand beside a fact.
VERDICTS = re.compile(
    r"cheat|suspic|violat|fraud|dishonest|misconduct|warn|alert|risk|integrity|unfair"
    r"|caught|offence|offense|illegal|forbidden|unauthori|breach|plagiar|score[sd]? lower",
    re.IGNORECASE,
)


def make(people: People, *, notes: bool = True, state: str = "completed") -> Interview:
    interview: Interview = InterviewFactory.create(
        organisation=people.organisation,
        state=state,
        invitation__assessment_version__notes_presence=notes,
    )
    return interview


def add(interview: Interview, *payloads: Payload) -> Interview:
    for payload in payloads:
        append_event(interview, payload, origin=Origin.CANDIDATE)
    return interview


def paste(text: list[str], size: int, **told: Any) -> dict[str, Any]:
    given = {"kind": "paste", "size": size, "source": "outside"} | told
    return {"client": "x", "changes": [[0, *text]], "input": given}


def edit(path: str, *updates: dict[str, Any]) -> DocumentUpdatedV2:
    return DocumentUpdatedV2(path=path, version=1, updates=list(updates), hash="h")


def test_every_fact_has_words_and_none_of_them_judges() -> None:
    said = [FACT_WORDINGS[fact.kind](fact.model_dump()) for fact in FACTS]
    said.append(describe_paste(10, 2, "a.py", is_drop=False))
    said.append(describe_paste(10, 2, "a.py", is_drop=True))
    words = [*[part for pair in said for part in pair], describe_away(3, 70)]

    assert {fact.kind for fact in FACTS} == set(FACT_WORDINGS)
    assert [text for text in words if VERDICTS.search(text)] == []
    assert all(title for title, _detail in said)


def test_no_judge_is_shown_a_fact_of_presence() -> None:
    assert set(FACT_WORDINGS).isdisjoint(evidence._KINDS)


def test_facts_come_in_the_order_of_their_times_with_a_sum(people: People) -> None:
    interview = add(
        make(people),
        FocusLost(how="hidden"),
        FocusRegained(away_ms=65_400),
        ViewportNarrowed(width=400, height=0),
    )
    presence = read_presence(interview)

    assert presence.summary == "Not in front 1 time, together 1 min 5 s."
    assert [(line.title, line.detail) for line in presence.lines] == [
        ("The room was not in front", "another tab, or minimised"),
        ("The room was in front again", "after 1 min 5 s"),
        (
            "The page's area got smaller in a window of the same size",
            "400 pixels narrower; developer tools and sidebars do that",
        ),
    ]


def test_pastes_from_outside_are_read_from_the_files(people: People) -> None:
    interview = add(
        make(people),
        edit("a.py", paste(["one", "two"], 7)),
        # One paste in two updates, then one from inside, then typed text.
        edit("b.py", paste(["x" * 5], 10), paste(["", "x" * 4], 10)),
        edit("b.py", paste(["inside"], 6, source="inside")),
        edit("b.py", {"client": "x", "changes": [[0, '"outside"']]}),
        edit("b.py", paste(["drop"], 4, kind="drop")),
    )

    assert [(line.title, line.detail) for line in read_presence(interview).lines] == [
        ("Pasted from outside the room", "2 lines, 7 characters, into a.py"),
        ("Pasted from outside the room", "2 lines, 10 characters, into b.py"),
        ("Dropped from outside the room", "1 line, 4 characters, into b.py"),
    ]


def test_pastes_are_not_listed_where_nothing_is_noted(people: People) -> None:
    interview = add(make(people, notes=False), edit("a.py", paste(["one"], 3)))
    assert read_presence(interview).lines == ()


@pytest.mark.parametrize("count", [1, 4])
def test_facts_cost_two_queries(
    people: People, count: int, django_assert_num_queries: Any
) -> None:
    interview = add(make(people), *[FocusLost(how="hidden")] * count)
    with django_assert_num_queries(2):
        assert len(read_presence(interview).lines) == count


def test_desk_and_record_show_the_same_lines(people: People, client: Client) -> None:
    interview = add(make(people), FocusLost(how="blurred"), *FACTS[2:4])
    lines = read_presence(interview).lines
    client.force_login(people.reviewer)
    desk = client.get(reverse("admin:interview-review", args=[interview.pk]))
    own = let_in(Client(), interview)
    record = own.get(reverse("interviews:interview-record", args=[interview.pk]))
    address = reverse("interviews:interview-record-download", args=[interview.pk])
    download = own.get(address).json()

    for page in (desk.content.decode(), record.content.decode()):
        for line in lines:
            title = line.title.replace("'", "&#x27;")
            assert title in page
    assert [fact["what"] for fact in download["windows"]["facts"]] == [
        line.title for line in lines
    ]
    section = desk.content.decode().split("data-presence", 1)[1].split("</section>")[0]
    assert VERDICTS.search(section) is None


def test_desk_says_nothing_where_nothing_is_noted(
    people: People, client: Client
) -> None:
    interview = make(people, notes=False)
    client.force_login(people.reviewer)
    desk = client.get(reverse("admin:interview-review", args=[interview.pk]))
    assert "data-presence" not in desk.content.decode()


@pytest.mark.parametrize("notes", [True, False], ids=["noted", "not noted"])
def test_facts_are_disclosed_before_the_interview(people: People, notes: bool) -> None:
    pages = {}
    for state, names in (
        (InterviewState.INVITED, ["consent"]),
        (InterviewState.PREPARING, ["check", "begin"]),
    ):
        interview = make(people, notes=notes, state=state)
        Interview.objects.filter(pk=interview.pk).update(
            device_checked_at=interview.created_at
        )
        client = let_in(Client(), interview)
        for name in names:
            address = reverse(f"interviews:interview-{name}", args=[interview.pk])
            pages[name] = client.get(address).content.decode()

    said = {name: "as developer tools" in page for name, page in pages.items()}
    assert said == {"consent": notes, "check": notes, "begin": notes}


@pytest.mark.parametrize("notes", [True, False], ids=["noted", "not noted"])
def test_room_is_told_whether_to_tell_facts(people: People, notes: bool) -> None:
    interview = make(people, notes=notes, state=InterviewState.ACTIVE)
    address = reverse("interviews:interview-room", args=[interview.pk])
    room = let_in(Client(), interview).get(address)
    assert room.context["config"]["notes_presence"] is notes
