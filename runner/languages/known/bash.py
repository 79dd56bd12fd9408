"""Bash; its tests are scripts of their own, judged by exit code or by the TAP they print."""

import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic

from runner.languages.base import Language, TestRunner
from runner.languages.testing import SECONDS_PER_TEST, Case, Outcome, run_all

_MAX_OUTPUT = 1_000_000
_SHOWN = 1_500
_POINT = re.compile(
    # A number or a dash is asked for: a script may well say just "ok".
    r"(?P<is_bad>not )?ok(?= +[\d-])(?: +\d+\b)?(?: +-)? *(?P<name>[^#]*)"
    r"(?:# *(?P<directive>skip|todo)\S* *(?P<reason>.*))?",
    re.IGNORECASE,
)
_PLAN = re.compile(r"1\.\.(\d+)")


def run_tests(arguments: Sequence[str]) -> int:
    """`sh-test [--report=FILE] [PLACE…]`: every `*.sh` there with Bash, one by one."""
    return run_all(arguments, ".sh", run_script)


def run_script(script: Path) -> list[Case]:
    """One case per line of TAP; without TAP one for the script, by its exit code."""
    began = monotonic()
    code, stdout, stderr = _execute(script)
    seconds = monotonic() - began
    name = str(script)
    shown = (stdout + stderr).strip()[-_SHOWN:]
    if code is None:
        message = f"stopped after {SECONDS_PER_TEST:.0f} s\n{shown}"
        return [Case(name, "", "error", seconds, message)]
    cases = read_tap(name, stdout, seconds)
    if not cases:
        outcome: Outcome = "passed" if code == 0 else "failed"
        message = "" if code == 0 else f"exit code {code}\n{shown}"
        return [Case(name, "", outcome, seconds, message)]
    if code != 0 and all(case.outcome in {"passed", "skipped"} for case in cases):
        cases.append(Case(name, "exit code", "error", 0, f"exit code {code}\n{shown}"))
    return cases


def _execute(script: Path) -> tuple[int | None, str, str]:
    """Exit code (None when it took too long) and output.

    Output goes to files: a process left behind would keep a pipe open.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(  # noqa: S603 - the sandbox's own bash
            ["/usr/bin/bash", str(script)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            code: int | None = process.wait(SECONDS_PER_TEST)
        except subprocess.TimeoutExpired:
            code = None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read(_MAX_OUTPUT).decode(errors="replace"))
    return code, texts[0], texts[1]


def read_tap(file: str, text: str, seconds: float) -> list[Case]:
    """The points of TAP in what a script printed; none where it printed no TAP.

    The lines between two points explain the one before them. A plan that was not kept
    and "Bail out!" are errors.
    """
    cases: list[Case] = []
    notes: list[str] = []
    planned: int | None = None
    for line in text.splitlines():
        point, plan = _POINT.fullmatch(line), _PLAN.match(line)
        if point:
            _explain(cases, notes)
            cases.append(_read_point(file, len(cases) + 1, point))
        elif plan:
            planned = int(plan[1])
        elif line.startswith("Bail out!"):
            cases.append(Case(file, "Bail out!", "error", 0, line[9:].strip()))
        else:
            notes.append(line.removeprefix("# "))
    _explain(cases, notes)
    if planned == 0 and not cases:
        return [Case(file, "", "skipped", seconds, "all skipped")]
    if planned is not None and len(cases) != planned:
        message = f"{planned} tests were planned, {len(cases)} were run"
        cases.append(Case(file, "plan", "error", 0, message))
    return cases


def _read_point(file: str, number: int, point: re.Match[str]) -> Case:
    name = point["name"].strip() or f"test {number}"
    if point["directive"]:
        return Case(file, name, "skipped", 0, point["reason"].strip())
    return Case(file, name, "failed" if point["is_bad"] else "passed", 0)


def _explain(cases: list[Case], notes: list[str]) -> None:
    """Give the last point the lines that followed it."""
    if cases and cases[-1].outcome == "failed":
        last = cases[-1]
        message = "\n".join(notes).strip()[-_SHOWN:]
        cases[-1] = Case(last.file, last.name, "failed", last.seconds, message)
    notes.clear()


LANGUAGES = (
    Language(
        name="bash",
        label="Bash",
        programs={".sh": "bash", ".bash": "bash"},
        version=("bash", "-c", "echo $BASH_VERSION"),
        needs="bash under /usr",
        test_runners=(TestRunner("sh-test", "sh-test", "sh-test tests"),),
        helpers={"sh-test": run_tests},
    ),
)
