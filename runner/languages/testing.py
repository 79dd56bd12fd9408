"""For test programs of ours inside the sandbox: finding tests, telling their results."""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

Outcome = Literal["passed", "failed", "error", "skipped"]

SECONDS_PER_TEST = 10.0
# The apps take reports up to 512 KB: names and messages stay well below that.
_MAX_CASES = 1_000
_MAX_NAME = 120
_MAX_MESSAGE = 2_000
_MAX_MESSAGES = 100_000
_TAGS = {"failed": "failure", "error": "error", "skipped": "skipped"}


@dataclass(frozen=True, slots=True)
class Case:
    """How one test went; `file` is where it is from, `name` empty if it is all of it."""

    file: str
    name: str
    outcome: Outcome
    seconds: float
    message: str = ""


def run_all(
    arguments: Sequence[str], suffix: str, run: Callable[[Path], list[Case]]
) -> int:
    """Run every test named, print how each went, write the report that is asked for.

    Exit code 0 when nothing failed, 1 when something did, 2 when there are no tests.
    """
    options = [word for word in arguments if word.startswith("--report=")]
    places = [word for word in arguments if word not in options] or ["tests"]
    tests = list(_find_tests(places, suffix))
    if not tests:
        sys.stderr.write(f"No tests (*{suffix}) in {', '.join(places)}.\n")
        return 2
    cases: list[Case] = []
    for test in tests:
        found = run(test)
        for case in found:
            _tell(case)
        cases += found
    bad = sum(case.outcome in {"failed", "error"} for case in cases)
    sys.stdout.write(f"\n{len(cases)} tests, {bad} failed\n")
    for option in options:
        Path(option.partition("=")[2]).write_text(make_report(cases), encoding="utf-8")
    return 1 if bad else 0


def _find_tests(places: Sequence[str], suffix: str) -> Iterator[Path]:
    """What lies deeper is there for tests to share."""
    for place in map(Path, places):
        if place.is_dir():
            yield from sorted(filter(Path.is_file, place.glob(f"*{suffix}")))
        elif place.is_file():
            yield place


def _tell(case: Case) -> None:
    name = " › ".join(filter(None, [case.file, case.name]))
    sys.stdout.write(f"{case.outcome:<8}{name}\n")
    if case.outcome != "passed" and case.message:
        sys.stdout.writelines(f"    {line}\n" for line in case.message.splitlines())
    sys.stdout.flush()


def make_report(cases: Sequence[Case]) -> str:
    """JUnit XML, a suite a file, as long as the apps take it."""
    parts = ['<?xml version="1.0" encoding="utf-8"?>', "<testsuites>"]
    left = _MAX_MESSAGES
    for case in cases[:_MAX_CASES]:
        message = _clean(case.message[: min(_MAX_MESSAGE, left)])
        left -= len(message)
        name, suite = case.name or case.file, case.file if case.name else ""
        parts.append(
            f"<testsuite name={_quote(suite)}>"
            f'<testcase name={_quote(name)} time="{case.seconds:.3f}">'
        )
        tag = _TAGS.get(case.outcome)
        if tag:
            parts.append(f"<{tag} message={_quote(message)}>{escape(message)}</{tag}>")
        parts.append("</testcase></testsuite>")
    return "\n".join([*parts, "</testsuites>", ""])


def _quote(text: str) -> str:
    return quoteattr(_clean(text[:_MAX_NAME]))


def _clean(text: str) -> str:
    """Without the characters XML has no way to write."""
    return "".join(
        char
        for char in text
        if char in "\t\n"
        or (" " <= char < "\ud800")
        or "\ue000" <= char < "\ufffe"
        or char > "\uffff"
    )
