"""Runs our own sample problems in plain subprocesses, for the tests beside it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import interviews.hidden
from interviewlm.sample.schema import CallCase, HiddenCalls, Problem, StdinCase
from interviews.hidden.compare import matches, stdout_matches

DRIVERS = Path(interviews.hidden.__file__).parent
PASSED = re.compile(r"^PASSED \S+::(\S+)", re.M)
FAILED = re.compile(r"^FAILED \S+::(\S+)", re.M)
TAP = re.compile(r"^(not )?ok \d+ - (.+)$", re.M)


def write_files(folder: Path, *layers: dict[str, str]) -> Path:
    """Write files, later layers over earlier ones."""
    for files in layers:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return folder


def run_visible(problem: Problem, folder: Path) -> tuple[int, dict[str, str], str]:
    """Return exit code, outcome by test, and output of the visible tests."""
    command = list(problem.tests.command)
    if problem.tests.format == "pytest":
        command.append("-rA")
    else:
        command.append("--test-reporter=tap")
    done = _run(command, folder, seconds=60)
    if problem.tests.format == "pytest":
        outcomes = dict.fromkeys(PASSED.findall(done.stdout), "passed")
        outcomes |= dict.fromkeys(FAILED.findall(done.stdout), "failed")
    else:
        outcomes = {
            name: "failed" if failed else "passed"
            for failed, name in TAP.findall(done.stdout)
        }
    return done.returncode, outcomes, done.stdout


def passes_hidden(problem: Problem, folder: Path, case: CallCase | StdinCase) -> bool:
    """Judge one hidden case as the product does: inputs in, comparison here."""
    hidden = problem.hidden
    try:
        if isinstance(hidden, HiddenCalls):
            assert isinstance(case, CallCase)
            return _passes_call(hidden, folder, case)
        assert isinstance(case, StdinCase)
        done = _run(list(hidden.command), folder, hidden.seconds_per_case, case.stdin)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0 and stdout_matches(case.expected_stdout, done.stdout)


def _passes_call(hidden: HiddenCalls, folder: Path, case: CallCase) -> bool:
    result = folder / ".result.json"
    result.unlink(missing_ok=True)
    request = {
        **case.call.model_dump(mode="json"),
        "module": hidden.module,
        "result_path": result.name,
    }
    is_python = hidden.language == "python"
    driver = DRIVERS / ("driver.py" if is_python else "driver.mjs")
    command = ["python3" if is_python else "node", str(driver)]
    _run(command, folder, hidden.seconds_per_case, json.dumps(request))
    written: dict[str, Any] = json.loads(result.read_text())
    return written["ok"] is True and matches(case.expected, written["value"])


def _run(
    command: list[str], folder: Path, seconds: int, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    program = sys.executable if command[0] == "python3" else shutil.which(command[0])
    assert program, f"{command[0]} is not installed"
    return subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        input=stdin,
        text=True,
        timeout=seconds,
        check=False,
        capture_output=True,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
    )
