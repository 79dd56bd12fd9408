"""Every sample problem: its starter fails, its reference passes, its text is there."""

import ast
import re
from itertools import islice
from pathlib import Path

import pytest

from interviewlm.sample.content import load_problems
from interviewlm.sample.schema import HiddenCalls, Problem
from tests.sample.workspace import passes_hidden, run_visible, write_files

PROBLEMS = load_problems()
EACH = pytest.mark.parametrize("problem", PROBLEMS, ids=[one.slug for one in PROBLEMS])


@EACH
def test_starter_fails_a_visible_test(problem: Problem, tmp_path: Path) -> None:
    write_files(tmp_path, problem.files)

    code, outcomes, output = run_visible(problem, tmp_path)

    assert code != 0, output
    assert {"passed", "failed"} == set(outcomes.values())


@EACH
def test_reference_passes_the_visible_tests(problem: Problem, tmp_path: Path) -> None:
    write_files(tmp_path, problem.files, problem.reference)

    code, outcomes, output = run_visible(problem, tmp_path)

    assert code == 0, output
    assert set(outcomes.values()) == {"passed"}
    assert len(outcomes) >= 8


@EACH
def test_reference_passes_the_hidden_cases(problem: Problem, tmp_path: Path) -> None:
    write_files(tmp_path, problem.files, problem.reference)

    failed = [
        case.name
        for case in problem.hidden.cases
        if not passes_hidden(problem, tmp_path, case)
    ]

    assert failed == []


@EACH
def test_starter_fails_two_hidden_cases(problem: Problem, tmp_path: Path) -> None:
    write_files(tmp_path, problem.files)

    failing = (
        case
        for case in problem.hidden.cases
        if not passes_hidden(problem, tmp_path, case)
    )

    assert len(list(islice(failing, 2))) == 2


@EACH
def test_hidden_cases_are_between_eight_and_fourteen(problem: Problem) -> None:
    assert 8 <= len(problem.hidden.cases) <= 14


@EACH
def test_hidden_calls_name_an_exported_function(problem: Problem) -> None:
    if not isinstance(problem.hidden, HiddenCalls):
        return
    source = {**problem.files, **problem.reference}[problem.hidden.module]
    if problem.language == "python":
        names = {
            node.name
            for node in ast.parse(source).body
            if isinstance(node, ast.FunctionDef)
        }
    else:
        names = set(re.findall(r"^export function (\w+)", source, re.M))

    assert {case.call.function for case in problem.hidden.cases} <= names


@EACH
def test_reference_holds_only_what_it_changes(problem: Problem) -> None:
    same = [
        path
        for path, text in problem.reference.items()
        if problem.files.get(path) == text
    ]

    assert same == []
    assert not [path for path in problem.reference if path.startswith("tests/")]


@EACH
def test_readme_is_as_long_as_a_candidate_can_bear(problem: Problem) -> None:
    assert problem.statement.startswith(f"# {problem.title}\n")
    assert 250 <= len(problem.statement.split()) <= 510


@EACH
def test_hints_grow_towards_the_solution(problem: Problem) -> None:
    assert 3 <= len(problem.hints) <= 5
    assert len(problem.hints[-1]) > len(problem.hints[0])


def test_problems_cover_both_languages_and_both_kinds_of_judging() -> None:
    languages = sorted(problem.language for problem in PROBLEMS)
    kinds = {problem.hidden.kind for problem in PROBLEMS}

    assert languages == ["javascript", "javascript", "python", "python"]
    assert kinds == {"call", "stdin"}
