"""The room's page: its configuration, and nothing a candidate must not have."""

import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from interviews import room_panels
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.interviews.candidate.conftest import MakeInterview, let_in

SECRETS = ("reference", "hidden", "hints", "expected")


@pytest.fixture
def active(client: Client, make_interview: MakeInterview) -> Interview:
    """A running interview, and its candidate's browser."""
    interview = make_interview(InterviewState.ACTIVE)
    let_in(client, interview)
    return interview


@pytest.fixture
def panels() -> Iterator[None]:
    """A registered panel that is gone afterwards."""
    before = dict(room_panels._panels)
    room_panels.register_panel(
        "weather", lambda interview: {"for": str(interview.candidate)}
    )
    yield
    room_panels._panels.clear()
    room_panels._panels.update(before)


def room(interview: Interview) -> str:
    return reverse("interviews:interview-room", args=[interview.pk])


def read_config(page: str) -> dict[str, object]:
    match = re.search(r'id="room-config"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert match
    config: dict[str, object] = json.loads(match.group(1))
    return config


def test_the_configuration_names_the_problems_in_order(
    client: Client, active: Interview
) -> None:
    config = read_config(client.get(room(active)).content.decode())

    rows = list(active.assessment_version.sections.order_by("position"))
    sections = config["sections"]
    assert isinstance(sections, list)
    assert [section["folder"] for section in sections] == [row.folder for row in rows]
    assert sections[0]["entry"] == f"{rows[0].folder}/{rows[0].problem_version.entry}"
    assert config["interview"] == str(active.pk)
    assert config["finish_url"] == reverse(
        "interviews:interview-finish", args=[active.pk]
    )


def test_the_page_holds_no_solution_no_hidden_test_and_no_hint(
    client: Client, active: Interview
) -> None:
    for row in active.assessment_version.sections.all():
        problem = row.problem_version
        problem.reference = {"solution.py": "REFERENCE-SECRET"}
        problem.hidden = {"cases": [{"expected": "HIDDEN-SECRET"}]}
        problem.hints = ["HINT-SECRET"]
        problem.save()

    response = client.get(room(active))

    page = response.content.decode()
    assert response.status_code == 200
    assert "-SECRET" not in page
    assert not set(SECRETS) & set(read_config(page))


def test_the_statement_is_markdown_made_safe(client: Client, active: Interview) -> None:
    row = active.assessment_version.sections.first()
    assert row
    row.problem_version.statement = (
        "# Sum\n\n**add** `a`\n\n<script>alert(1)</script>\n\n"
        "[x](javascript:alert(1)) ![i](https://example.org/i.png)"
    )
    row.problem_version.save()

    sections = read_config(client.get(room(active)).content.decode())["sections"]

    assert isinstance(sections, list)
    html = sections[0]["statement_html"]
    assert "<strong>add</strong> <code>a</code>" in html
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert "<img" not in html


@pytest.mark.usefixtures("panels")
def test_another_app_adds_its_part(client: Client, active: Interview) -> None:
    config = read_config(client.get(room(active)).content.decode())

    assert config["weather"] == {"for": str(active.candidate)}


def test_a_preview_is_not_recorded(
    client: Client, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.ACTIVE, is_preview=True)

    page = let_in(client, interview).get(room(interview)).content.decode()

    config = read_config(page)
    assert (config["is_recorded"], config["is_preview"]) == (False, True)


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (InterviewState.INVITED, "consent"),
        (InterviewState.PREPARING, "check"),
        (InterviewState.COMPLETED, "finish"),
        (InterviewState.ABANDONED, "finish"),
    ],
)
def test_outside_the_active_state_the_room_leads_elsewhere(
    client: Client, make_interview: MakeInterview, state: str, stage: str
) -> None:
    interview = make_interview(state)

    response = let_in(client, interview).get(room(interview))

    assert response["Location"] == reverse(
        f"interviews:interview-{stage}", args=[interview.pk]
    )
    assert "no-store" in response["Cache-Control"]


def test_the_room_opens_with_a_constant_number_of_queries(
    client: Client,
    make_interview: MakeInterview,
    django_assert_max_num_queries: object,
) -> None:
    for count in (1, 3):
        interview = make_interview(
            InterviewState.ACTIVE, invitation__assessment_version__sections=count
        )
        let_in(client, interview)
        with django_assert_max_num_queries(8):  # type: ignore[operator]
            client.get(room(interview))
