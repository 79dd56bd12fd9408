"""Turns the reports of test runners into results, and asks for such reports.

A report is written beside the candidate's code and is their claim: it is shown, never
used for a verdict.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal
from xml.parsers import expat

from interviews.languages import find_test_runner

Outcome = Literal["passed", "failed", "error", "skipped"]

REPORT_PATH = ".test-report.xml"
WORKSPACE = "/home/candidate"

MAX_REPORT_BYTES = 512 * 1024
MAX_TESTS = 1_000
MAX_NAME_CHARS = 300
MAX_MESSAGE_CHARS = 4_000
_MAX_DEPTH = 32
_MAX_MS = 24 * 3600 * 1000

_OUTCOMES: dict[str, Outcome] = {
    "failure": "failed",
    "error": "error",
    "skipped": "skipped",
}


class ReportError(ValueError):
    """The report is missing, damaged or hostile."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test went; `message` is plain text of the candidate's making."""

    __test__ = False

    name: str
    outcome: Outcome
    duration_ms: int
    message: str


@dataclass(frozen=True, slots=True)
class TestCommand:
    """What to run, and the file to collect (relative to the workspace root)."""

    __test__ = False

    argv: tuple[str, ...]
    collect: str


def test_command(
    report_format: str,
    command: Sequence[str],
    *,
    files: Sequence[str] = (),  # noqa: PT028 - no test, only named like one
) -> TestCommand:
    """`command` with what makes it write a report beside its ordinary output.

    `report_format` names a test runner of the languages; `files` are the paths relative
    to the run's folder. Raises ReportError for a runner that is not known (any more).
    """
    runner = find_test_runner(report_format)
    if runner is None:
        raise ReportError("Nothing here can run these tests.")
    target = f"{WORKSPACE}/{REPORT_PATH}"
    return TestCommand(
        runner.add_report(command, target=target, files=files), REPORT_PATH
    )


test_command.__test__ = False  # type: ignore[attr-defined]


def parse_report(data: bytes) -> list[TestResult]:
    """The results in a JUnit report: every test runner of the languages writes one.

    Raises ReportError for anything damaged; declarations of types and entities are
    refused, so nothing expands and nothing is fetched.
    """
    if len(data) > MAX_REPORT_BYTES:
        raise ReportError("The test report is too large.")
    reader = _Reader()
    try:
        reader.parser.Parse(data, True)  # noqa: FBT003 - expat's own signature
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ReportError("The test report cannot be read.") from error
    return reader.results


@dataclass(slots=True)
class _Case:
    name: str
    duration_ms: int
    outcome: Outcome = "passed"
    message: str = ""
    text: list[str] = field(default_factory=list)
    text_size: int = 0


class _Reader:
    """Collects test cases while expat walks through the report."""

    def __init__(self) -> None:
        self.results: list[TestResult] = []
        self._open: list[str] = []
        self._case: _Case | None = None
        self._suites: list[str] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _MAX_DEPTH:
            raise ReportError("The test report is nested too deeply.")
        self._open.append(tag)
        if tag == "testsuite":
            self._suites.append(attributes.get("name", ""))
        elif tag == "testcase":
            self._case = _Case(
                name=_case_name(attributes, self._suites),
                duration_ms=_milliseconds(attributes.get("time", "")),
            )
        elif self._case is not None and tag in _OUTCOMES:
            self._judge(tag, attributes)

    def _judge(self, tag: str, attributes: dict[str, str]) -> None:
        """A test that failed and then broke in its teardown stays failed."""
        if self._case is not None and self._case.outcome in {"passed", "skipped"}:
            self._case.outcome = _OUTCOMES[tag]
            self._case.message = attributes.get("message", "")[:MAX_MESSAGE_CHARS]

    def _text(self, text: str) -> None:
        case = self._case
        is_kept = case is not None and self._open[-1] in _OUTCOMES
        if case is not None and is_kept and case.text_size < MAX_MESSAGE_CHARS:
            case.text.append(text)
            case.text_size += len(text)

    def _end(self, tag: str) -> None:
        self._open.pop()
        if tag == "testsuite" and self._suites:
            self._suites.pop()
        elif tag == "testcase" and self._case is not None:
            if len(self.results) < MAX_TESTS:
                self.results.append(_finish(self._case))
            self._case = None


def _refuse(*_declaration: object) -> None:
    raise ReportError("The test report declares a document type.")


def _finish(case: _Case) -> TestResult:
    text = "".join(case.text).strip()
    message = text if case.outcome in {"failed", "error"} and text else case.message
    return TestResult(
        name=case.name,
        outcome=case.outcome,
        duration_ms=case.duration_ms,
        message="" if case.outcome == "passed" else message[:MAX_MESSAGE_CHARS],
    )


def _case_name(attributes: dict[str, str], suites: Sequence[str]) -> str:
    """pytest says its module, Node nests suites: both say where a test belongs."""
    name = attributes.get("name", "") or "unnamed"
    place = attributes.get("classname", "")
    if place in {"", "test"}:
        parts = [suite for suite in suites if suite not in {"", "pytest"}]
    else:
        parts = [PurePosixPath(place.replace(".", "/")).name]
    return " › ".join([*parts, name])[:MAX_NAME_CHARS]


def _milliseconds(seconds: str) -> int:
    try:
        value = float(seconds)
    except ValueError:
        return 0
    return min(max(round(value * 1000), 0), _MAX_MS) if math.isfinite(value) else 0
