"""Reads the sample organisation's content from disk and checks all of it."""

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from interviewlm.sample.schema import Content, Organisation, Problem
from interviewlm.sample.script import (
    Ask,
    Edit,
    FinishedInterview,
    OpenSection,
    Run,
    Step,
)

ROOT = Path(__file__).resolve().parent
Model = TypeVar("Model", bound=Content)


class ContentError(Exception):
    """A file of the sample that cannot be used; the text names it and the fault."""


@cache
def load_problems(root: Path = ROOT) -> tuple[Problem, ...]:
    """Return the sample's problems in the order of their folders."""
    folders = sorted(path for path in (root / "problems").iterdir() if path.is_dir())
    return tuple(_load_problem(folder) for folder in folders)


@cache
def load_organisation(root: Path = ROOT) -> Organisation:
    """Return the organisation; its assessments name problems that exist."""
    path = root / "organisation.toml"
    organisation = _validated(path, Organisation, _read_toml(path))
    known = {problem.slug for problem in load_problems(root)}
    for assessment in organisation.assessments:
        unknown = sorted(set(assessment.sections) - known)
        if unknown:
            raise ContentError(
                f"{path.name}: {assessment.slug}: no problem {', '.join(unknown)}"
            )
    return organisation


@cache
def load_finished(root: Path = ROOT) -> FinishedInterview:
    """Return the script of the finished interview, consistent with the rest."""
    path = root / "finished.toml"
    finished = _validated(path, FinishedInterview, _read_toml(path))
    try:
        _check_finished(finished, root)
    except ValueError as fault:
        raise ContentError(f"{path.name}: {fault}") from fault
    return finished


def _load_problem(folder: Path) -> Problem:
    data = _read_toml(folder / "problem.toml")
    hints = _read_toml(folder / "hints.toml").get("hint", [])
    hidden = {**data.get("hidden", {}), **_read_json(folder / "hidden.json")}
    problem = _validated(
        folder / "problem.toml",
        Problem,
        {
            **data,
            "hidden": hidden,
            "hints": [hint.get("text") for hint in hints],
            "statement": _read_text(folder / "README.md"),
            "files": _read_tree(folder / "starter"),
            "reference": _read_tree(folder / "reference"),
        },
    )
    if problem.slug != folder.name:
        raise ContentError(f"{folder.name}/problem.toml: the slug is {problem.slug}")
    return problem


def _check_finished(finished: FinishedInterview, root: Path) -> None:
    organisation = load_organisation(root)
    if finished.candidate not in {one.email for one in organisation.candidates}:
        raise ValueError(f"no candidate {finished.candidate}")
    found = [one for one in organisation.assessments if one.slug == finished.assessment]
    if not found:
        raise ValueError(f"no assessment {finished.assessment}")
    problems = {
        problem.slug: problem
        for problem in load_problems(root)
        if problem.slug in found[0].sections
    }
    if finished.duration_seconds > found[0].duration_minutes * 60:
        raise ValueError("the interview is longer than its assessment")
    _check_paths(finished.steps, problems)
    cases = [
        (problem.slug, case.name)
        for problem in problems.values()
        for case in problem.hidden.cases
    ]
    given = [(result.section, result.case) for result in finished.hidden]
    if sorted(cases) != sorted(given):
        raise ValueError("hidden must list every hidden case of its sections once")


def _check_paths(steps: tuple[Step, ...], problems: dict[str, Problem]) -> None:
    """Refuse a step about a section or file that is not there at that moment."""
    paths = {f"{slug}/{name}" for slug, one in problems.items() for name in one.files}
    may_create = {
        f"{slug}/{name}" for slug, one in problems.items() for name in one.reference
    }
    opened: set[str] = set()
    for step in steps:
        if isinstance(step, OpenSection):
            if step.section not in problems:
                raise ValueError(f"second {step.at}: no section {step.section}")
            opened.add(step.section)
        elif isinstance(step, Run):
            if step.section not in opened:
                raise ValueError(f"second {step.at}: {step.section} is not open")
        elif isinstance(step, Edit):
            if step.path not in paths | may_create:
                raise ValueError(f"second {step.at}: no file {step.path}")
            if step.path.split("/")[0] not in opened:
                raise ValueError(f"second {step.at}: its section is not open")
            paths.add(step.path)
        elif isinstance(step, Ask) and not set(step.files) <= paths:
            raise ValueError(f"second {step.at}: asks about a file that is not there")


def _validated(path: Path, model: type[Model], data: dict[str, Any]) -> Model:
    """Check data as strictly as JSON allows, so that arrays become tuples."""
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ContentError(f"{_name(path)}: {faults}") from error


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{_name(path)}: {error}") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(_read_text(path))
    except json.JSONDecodeError as error:
        raise ContentError(f"{_name(path)}: {error}") from error
    if not isinstance(data, dict):
        raise ContentError(f"{_name(path)}: must hold an object")
    return data


def _read_tree(folder: Path) -> dict[str, str]:
    ignored = {"__pycache__", ".pytest_cache", "node_modules"}
    return {
        path.relative_to(folder).as_posix(): _read_text(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not ignored & set(path.parts)
    }


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8"
        raise ContentError(f"{_name(path)}: {reason}") from error


def _name(path: Path) -> str:
    """Return a path short enough for a message: folder and file."""
    return f"{path.parent.name}/{path.name}"
