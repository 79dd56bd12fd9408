"""Finds failing tests and their assertions in pytest and node output."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SUMMARY = re.compile(r"^(?:FAILED|ERROR)\s+(\S+)(?:\s+-\s+(.*))?$", re.MULTILINE)
_SECTION = re.compile(r"^_{3,}\s+(.+?)\s+_{3,}$", re.MULTILINE)
_E_LINE = re.compile(r"^E\s+(\S.*)$", re.MULTILINE)
_NOT_OK = re.compile(
    r"^[ \t]*(?:not ok \d+ -|✖)[ \t]+([^\n#]+?)(?:[ \t]+\([\d.]+ms\))?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
_NODE_ERROR = re.compile(
    r"^[ \t]*(?:error:[ \t]*(?!\|-)(?P<yaml>.+)|(?P<thrown>\w*Error\b.*))$",
    re.MULTILINE,
)
_COUNTS = {
    "passed": (r"(\d+) passed", r"^[#ℹ] pass (\d+)"),
    "failed": (r"(\d+) (?:failed|errors?\b)", r"^[#ℹ] fail (\d+)"),
}
_NOT_TESTS = ("failing tests:",)


@dataclass(frozen=True)
class Failure:
    name: str
    detail: str


@dataclass(frozen=True)
class TestReport:
    passed: int
    failed: int
    failures: tuple[Failure, ...]

    @property
    def total(self) -> int:
        return self.passed + self.failed


def read_report(
    text: str, passed: int | None = None, failed: int | None = None
) -> TestReport:
    """Counts given by the caller win over those found in the text."""
    failures = _pytest_failures(text) or _node_failures(text)
    return TestReport(
        passed=passed if passed is not None else _count("passed", text) or 0,
        failed=failed
        if failed is not None
        else _count("failed", text) or len(failures),
        failures=failures,
    )


def looks_like_tests(text: str) -> bool:
    return bool(
        _count("passed", text) is not None
        or _count("failed", text) is not None
        or _pytest_failures(text)
        or _node_failures(text)
    )


def _count(kind: str, text: str) -> int | None:
    for pattern in _COUNTS[kind]:
        found = re.findall(pattern, text, re.MULTILINE)
        if found:
            return int(found[-1])
    return None


def _pytest_failures(text: str) -> tuple[Failure, ...]:
    details = _section_details(text)
    failures = []
    for match in _SUMMARY.finditer(text):
        name = match[1].rpartition("::")[2] or match[1]
        detail = details.get(name) or (match[2] or "").strip()
        failures.append(Failure(name, detail))
    if failures:
        return tuple(failures)
    return tuple(Failure(name, detail) for name, detail in details.items())


def _section_details(text: str) -> dict[str, str]:
    """The first `E` line under each `____ test ____` headline."""
    parts = _SECTION.split(text)
    details = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=False):
        line = _E_LINE.search(body)
        if line:
            details[name.rpartition(".")[2]] = line[1].strip()
    return details


def _node_failures(text: str) -> tuple[Failure, ...]:
    matches = list(_NOT_OK.finditer(text))
    failures: dict[str, Failure] = {}
    for index, match in enumerate(matches):
        name = match[1].strip()
        if name in _NOT_TESTS or name.endswith((".js", ".mjs", ".ts")):
            continue
        end = matches[index + 1].start() if index + 1 < len(matches) else len(text)
        error = _NODE_ERROR.search(text, match.end(), end)
        detail = (error["yaml"] or error["thrown"]).strip("'\" ") if error else ""
        if name not in failures or (detail and not failures[name].detail):
            failures[name] = Failure(name, detail)
    return tuple(failures.values())
