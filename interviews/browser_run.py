"""Runs a problem's visible tests in the Python of a browser; no process of ours imports it.

Set-up packs it together with pytest; `static/js/lib/pyodideworker.js` calls `run`. What it
tells is a claim of the code it runs beside, and nothing is judged by it.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

HOME = "/home/candidate"
MAX_TESTS = 1_000
MAX_NAME_CHARS = 300
MAX_MESSAGE_CHARS = 4_000

Tell = Callable[[str], object]


class Reporter:
    """Tells of each test once, when its last phase that matters is over."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._told: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A call counts; so do what went wrong before and after it, and skips."""
        if report.when == "call" or report.skipped:
            self._tell_once(report, report.outcome, report.duration)
        elif report.failed:
            self._tell_once(report, "error", report.duration)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that could not be read is an error of its own."""
        if report.failed:
            self._tell_once(report, "error", 0.0)

    def _tell_once(
        self,
        report: pytest.TestReport | pytest.CollectReport,
        outcome: str,
        seconds: float,
    ) -> None:
        key = f"{report.nodeid} {outcome == 'error'}"
        if key in self._told or len(self._told) >= MAX_TESTS:
            return
        self._told.add(key)
        test = {
            "name": name_test(report.nodeid)[:MAX_NAME_CHARS],
            "outcome": outcome,
            "duration_ms": round(seconds * 1000),
            "message": _explain(report, outcome)[:MAX_MESSAGE_CHARS],
        }
        self._tell(json.dumps({"type": "test", "test": test}))


def name_test(node: str) -> str:
    """Name a test as the server does: “test_add › test_sum”."""
    path, *parts = node.split("::", 2)
    stem = PurePosixPath(path).stem
    if not parts:
        return stem or node
    return " › ".join([parts[0] if len(parts) > 1 else stem, parts[-1]])


def _explain(report: pytest.TestReport | pytest.CollectReport, outcome: str) -> str:
    if outcome == "passed":
        return ""
    if outcome == "skipped" and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2])
    return report.longreprtext


def run(request: str, tell: Tell, home: str = HOME) -> int:
    """Write the files, run pytest in their folder, return its exit code.

    `request` is JSON: {"folder", "arguments", "files": {path: text}}; `tell` is given
    one JSON text a test.
    """
    wanted = json.loads(request)
    for name, text in wanted["files"].items():
        path = Path(home, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    folder = Path(home, wanted["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    # As `python3 -m pytest` has it.
    sys.path.insert(0, str(folder))
    arguments = [*wanted["arguments"], "-p", "no:cacheprovider"]
    return int(pytest.main(arguments, plugins=[Reporter(tell)]))
