"""What a browser says of its own tests is noted as a claim, and counts for nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from assistant.scoring.evidence import EvidenceBuilder
from interviewlm.review.events import list_events
from interviews import browser_run
from interviews.enums import InterviewState, Origin
from interviews.errors import InterviewEndedError
from interviews.models import Event, Interview
from interviews.services.browser_runs import (
    NOTES_PER_MINUTE,
    find_pytest_arguments,
    note_browser_run,
)
from interviews.workspace.errors import MissingError, RateLimitedError
from tests.factories.interviews import InterviewFactory

NODE = {"command": ["node", "--test", "tests"], "format": "node"}


@pytest.fixture
def interview(db: None) -> Interview:
    """A running interview whose problems are in Python."""
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


def folder_of(interview: Interview) -> str:
    return interview.assessment_version.sections.order_by("position")[0].folder


def note(interview: Interview, client_id: str = "one", **changes: Any) -> None:
    fields = {"folder": folder_of(interview), "passed": 3, "failed": 1, **changes}
    note_browser_run(interview.pk, client_id=client_id, **fields)


def test_claim_is_noted_once_and_marked(interview: Interview) -> None:
    note(interview)
    note(interview)

    event = Event.objects.get(interview=interview, kind="run.in_browser")
    assert event.origin == Origin.CANDIDATE
    assert event.payload == {
        "section": 0,
        "passed": 3,
        "failed": 1,
        "is_verified": False,
    }
    assert interview.runs.count() == 0


def test_claim_is_no_evidence(interview: Interview) -> None:
    before = EvidenceBuilder(interview).build()
    note(interview)

    assert EvidenceBuilder(interview).build() == before


def test_reviewer_reads_that_it_is_unverified(interview: Interview) -> None:
    note(interview)

    line = list_events(interview, with_chat=False)[-1]
    assert line.title == "Ran the tests in the browser"
    assert line.detail == "Unverified: 3 passed, 1 failed, says the browser"


def test_claims_are_limited(interview: Interview) -> None:
    for number in range(NOTES_PER_MINUTE):
        note(interview, f"claim-{number}")

    with pytest.raises(RateLimitedError):
        note(interview, "one more")


def test_claim_about_no_such_problem_is_refused(interview: Interview) -> None:
    with pytest.raises(MissingError):
        note(interview, folder="elsewhere")


def test_claim_about_other_tests_is_refused(interview: Interview) -> None:
    section = interview.assessment_version.sections.order_by("position")[0]
    type(section.problem_version).objects.filter(pk=section.problem_version_id).update(
        tests=NODE
    )

    with pytest.raises(MissingError):
        note(interview)


def test_claim_after_the_end_is_refused(interview: Interview) -> None:
    Interview.objects.filter(pk=interview.pk).update(state=InterviewState.COMPLETED)

    with pytest.raises(InterviewEndedError):
        note(interview)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python3", "-m", "pytest", "-q", "tests"], ["-q", "tests"]),
        (["pytest"], []),
        (["/usr/bin/pytest", "-x"], ["-x"]),
        (["python3", "check.py"], None),
        ([], None),
    ],
    ids=["module", "program", "path", "something else", "nothing"],
)
def test_arguments_are_those_of_pytest(
    command: list[str], expected: list[str] | None
) -> None:
    tests = {"command": command, "format": "pytest"}
    assert find_pytest_arguments(tests) == expected


TESTS = """\
import pytest
from solution import add


def test_good():
    assert add(1, 2) == 3


def test_bad():
    assert add(1, 2) == 4


@pytest.mark.parametrize("value", [1, 2])
def test_many(value):
    pass


@pytest.mark.skip(reason="not today")
def test_later():
    pass


class TestClass:
    def test_inside(self, missing):
        pass
"""
BROWSER = """\
import sys
from pathlib import Path
from interviews.browser_run import run
home = Path(sys.argv[1])
with (home / "told").open("w") as told:
    sys.exit(run(sys.stdin.read(), lambda text: told.write(text + "\\n"), str(home)))
"""


def run_tests(home: Path, files: dict[str, str]) -> tuple[int, list[dict[str, Any]]]:
    """Run as the browser does, in a Python of its own."""
    request = {"folder": "f", "arguments": ["-q", "tests"], "files": files}
    done = subprocess.run(
        [sys.executable, "-c", BROWSER, str(home)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={
            "PYTHONPATH": str(settings.BASE_DIR),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        check=False,
    )
    told = (home / "told").read_text().splitlines()
    return done.returncode, [json.loads(line)["test"] for line in told]


def test_every_test_is_told_with_its_name_and_message(tmp_path: Path) -> None:
    code, told = run_tests(
        tmp_path,
        {
            "f/solution.py": "def add(a, b):\n    return a + b\n",
            "f/tests/test_solution.py": TESTS,
        },
    )

    assert code == 1
    assert [(test["name"], test["outcome"]) for test in told] == [
        ("test_solution › test_good", "passed"),
        ("test_solution › test_bad", "failed"),
        ("test_solution › test_many[1]", "passed"),
        ("test_solution › test_many[2]", "passed"),
        ("test_solution › test_later", "skipped"),
        ("TestClass › test_inside", "error"),
    ]
    messages = {test["name"]: test["message"] for test in told}
    assert "assert 3 == 4" in messages["test_solution › test_bad"]
    assert "not today" in messages["test_solution › test_later"]
    assert "fixture 'missing' not found" in messages["TestClass › test_inside"]
    assert messages["test_solution › test_good"] == ""


def test_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    code, told = run_tests(tmp_path, {"f/tests/test_broken.py": "def f(:\n"})

    assert code == 2
    assert [(test["name"], test["outcome"]) for test in told] == [
        ("test_broken", "error")
    ]
    assert "SyntaxError" in told[0]["message"]


def test_messages_are_cut(tmp_path: Path) -> None:
    code, told = run_tests(
        tmp_path,
        {
            "f/tests/test_long.py": "def test_long():\n    raise ValueError('x' * 9000)\n"
        },
    )

    assert code == 1
    assert len(told[0]["message"]) == browser_run.MAX_MESSAGE_CHARS
