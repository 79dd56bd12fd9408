"""What a problem may say of its language, checked against the table of languages."""

from typing import Any

import pytest
from pydantic import ValidationError

from interviews.admin.problem_form import ProblemForm
from interviews.enums import Difficulty
from interviews.reports import ReportError, test_command
from interviews.services.catalogue_content import ProblemContent

STDIN = {
    "kind": "stdin",
    "command": ["sql", "-", "main.sql"],
    "cases": [{"name": "one", "stdin": "", "expected_stdout": "1"}],
}
CALL = {
    "kind": "call",
    "module": "main.sql",
    "cases": [{"name": "one", "call": {"function": "add"}, "expected": 1}],
}


def make_content(**changes: Any) -> ProblemContent:
    content: dict[str, Any] = {
        "title": "Ladder",
        "statement": "Sum them.",
        "difficulty": Difficulty.EASY,
        "language": "sql",
        "minutes": 10,
        "entry": "main.sql",
        "files": {"main.sql": "SELECT 1;"},
        "tests": {"command": ["sql-test", "tests"], "format": "sql-test"},
        "hidden": STDIN,
    }
    return ProblemContent.model_validate({**content, **changes})


@pytest.mark.parametrize(
    ("language", "command"),
    [("sql", "sql-test"), ("bash", "sh-test"), ("python", "pytest")],
)
def test_problem_may_be_in_any_language(language: str, command: str) -> None:
    tests = {"command": [command], "format": command}
    columns = make_content(language=language, tests=tests).columns()

    assert (columns["language"], columns["tests"]["format"]) == (language, command)
    assert columns["hidden"]["language"] == language


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"language": "cobol"}, "The language must be one of: bash, javascript"),
        (
            {"tests": {"command": ["prove"], "format": "prove"}},
            "The report must be one of: sh-test",
        ),
        ({"hidden": CALL}, "must be of the kind “stdin”"),
        ({"hidden": {**STDIN, "language": "cobol"}}, "The language must be one of"),
    ],
    ids=["language", "report", "calls", "hidden language"],
)
def test_content_that_cannot_be_run_is_refused(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError) as error:
        make_content(**changes)
    assert complaint in str(error.value)


def test_form_offers_every_language_and_report() -> None:
    form = ProblemForm()
    languages = form.fields["language"].choices  # type: ignore[attr-defined]
    reports = form.fields["tests_format"].choices  # type: ignore[attr-defined]

    assert ("sql", "SQL (SQLite)") in list(languages)
    assert [name for name, _label in reports] == [
        "",
        "sh-test",
        "node",
        "pytest",
        "sql-test",
    ]
    assert "sh-test tests" in str(form.fields["tests_command"].help_text)


def test_own_test_programs_are_asked_for_a_report() -> None:
    command = test_command("sh-test", ["sh-test", "tests"])

    assert command.argv == (
        "sh-test",
        "tests",
        "--report=/home/candidate/.test-report.xml",
    )


def test_tests_of_a_language_that_is_gone_are_refused() -> None:
    with pytest.raises(ReportError):
        test_command("prove", ["prove"])
