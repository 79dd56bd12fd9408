"""The frame for Python in the browser: the candidate's alone, without an origin."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from interviews.enums import InterviewState
from interviews.models import Interview
from tests.factories.interviews import ProblemVersionFactory
from tests.factories.people import People
from tests.interviews.candidate.conftest import MakeInterview, let_in
from tests.interviews.candidate.test_room_view import read_config

SCRIPTS = Path(settings.BASE_DIR) / "static" / "js"
IMPORT = re.compile(r"""(?:from|import)\s*\(?["'](\.[^"']+)["']""")


@pytest.fixture
def active(client: Client, make_interview: MakeInterview) -> Interview:
    """A running interview, and its candidate's browser."""
    interview = make_interview(InterviewState.ACTIVE)
    let_in(client, interview)
    return interview


def page(interview: Interview, name: str) -> str:
    return reverse(f"interviews:interview-{name}", args=[interview.pk])


def policy_of(client: Client, path: str) -> dict[str, str]:
    header = client.get(path)["Content-Security-Policy"]
    parts = [part.partition(" ") for part in header.split("; ")]
    return {name: value for name, _blank, value in parts}


def test_frame_has_no_origin_and_reaches_only_python(
    client: Client, active: Interview
) -> None:
    answer = client.get(page(active, "sandbox-frame"))
    static = "http://testserver/static"
    python = f"{static}/vendor/pyodide/"
    scripts = f"{static}/js/lib/pyodideframe.js {static}/js/lib/pyodideworker.js"

    assert policy_of(client, page(active, "sandbox-frame")) == {
        "sandbox": "allow-scripts",
        "default-src": "'none'",
        "script-src": f"'wasm-unsafe-eval' blob: {scripts} {python}",
        "worker-src": "blob:",
        "connect-src": f"{python} {static}/vendor/python/pytest.zip",
        "frame-ancestors": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert answer.content.count(b"<script") == 1
    assert b'data-room="http://testserver"' in answer.content


def test_room_may_show_frames_of_its_own_site_only(
    client: Client, active: Interview
) -> None:
    assert policy_of(client, page(active, "room"))["frame-src"] == "'self'"
    assert "frame-src" not in policy_of(client, page(active, "record"))


@pytest.mark.parametrize(
    "state",
    [InterviewState.INVITED, InterviewState.PREPARING, InterviewState.COMPLETED],
)
def test_frame_is_there_only_during_the_interview(
    client: Client, make_interview: MakeInterview, state: str
) -> None:
    interview = make_interview(state)
    let_in(client, interview)

    assert client.get(page(interview, "sandbox-frame")).status_code == 404


def test_members_browsers_get_no_frame(
    people: People, make_interview: MakeInterview
) -> None:
    interview = make_interview(InterviewState.ACTIVE, organisation=people.organisation)
    browser = Client()
    browser.force_login(people.owner)

    assert browser.get(page(interview, "sandbox-frame")).status_code == 404


def test_room_knows_which_tests_a_browser_can_run(
    client: Client, active: Interview
) -> None:
    first, second = active.assessment_version.sections.order_by("position")
    second.problem_version = ProblemVersionFactory.create(
        language="javascript",
        tests={"command": ["node", "--test", "tests"], "format": "node"},
    )
    second.save()

    config = read_config(client.get(page(active, "room")).content.decode())

    assert config["in_browser"] == {
        "frame_url": page(active, "sandbox-frame"),
        "sections": {first.folder: ["-q", "tests"]},
    }


def reached_from(module: Path) -> set[str]:
    """The names of all modules a page loads."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        current = waiting.pop()
        if current in found or "vendor" in current.parts:
            continue
        found.add(current)
        waiting += [
            (current.parent / target).resolve()
            for target in IMPORT.findall(current.read_text(encoding="utf-8"))
        ]
    return {each.name for each in found}


def test_only_the_candidates_room_can_run_code_in_a_browser() -> None:
    pages = sorted((SCRIPTS / "pages").glob("*.js"))

    able = {each.name for each in pages if "pyodide.js" in reached_from(each)}

    assert len(pages) > 5
    assert able == {"room.js"}
