"""Hidden tests: judged outside, expectations never inside, each step ends once."""

import json
from typing import Any
from uuid import uuid4

import pytest
from pytest_django.fixtures import Settings

from interviews.enums import InterviewState, RunKind, RunState, StepState
from interviews.models import (
    AssessmentSection,
    Document,
    Event,
    Interview,
    PipelineStep,
    ProblemVersion,
    Run,
)
from interviews.pipeline import MAX_ATTEMPTS, StepLostError, run_step
from interviews.services.documents import seed_workspace
from interviews.services.hidden_tests import STEP_NAME, judge_interview
from interviews.services.lifecycle import finish_interview
from tests.factories.interviews import (
    AssessmentVersionFactory,
    InterviewFactory,
    PipelineStepFactory,
    ProblemVersionFactory,
)
from tests.fakes.runner_process import RunnerProcess
from tests.interviews.workspace.windows import open_window

SENTINEL = "expectation-4f1c"
WRONG = "def add(a, b):\n    return 0\n"
RIGHT = "def add(a, b):\n    return a + b\n"


class Lease:
    """A lease that counts how often it was renewed, and may be lost."""

    def __init__(self, lost_after: int = 1000) -> None:
        self.renewed = 0
        self.lost_after = lost_after

    def renew(self) -> None:
        self.renewed += 1
        if self.renewed > self.lost_after:
            raise StepLostError


def call_case(name: str, expected: object, *args: object) -> dict[str, Any]:
    call = {"function": "add", "args": list(args), "kwargs": {}}
    return {"name": name, "call": call, "expected": expected}


def make_interview(**problem: Any) -> Interview:
    """A running interview of one section with this problem."""
    version = AssessmentVersionFactory.create(sections=0)
    problem_version = ProblemVersionFactory.create(
        problem__organisation=version.assessment.organisation, **problem
    )
    AssessmentSection.objects.create(
        assessment_version=version, position=0, problem_version=problem_version
    )
    interview: Interview = InterviewFactory.create(
        state=InterviewState.ACTIVE,
        organisation=version.assessment.organisation,
        invitation__assessment_version=version,
    )
    seed_workspace(interview)
    return interview


def write(interview: Interview, name: str, text: str) -> None:
    folder = interview.assessment_version.sections.get().folder
    Document.objects.update_or_create(
        interview=interview, path=f"{folder}/{name}", defaults={"text": text}
    )


def judge(interview: Interview) -> tuple[str, list[dict[str, Any]]]:
    message = judge_interview(interview, Lease())  # type: ignore[arg-type]
    run = Run.objects.get(interview=interview, kind=RunKind.HIDDEN)
    assert run.state == RunState.FINISHED
    return message, run.tests or []


def outcomes(tests: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(test["name"], test["outcome"]) for test in tests]


CALLS = {
    "kind": "call",
    "module": "solution.py",
    "seconds_per_case": 3,
    "cases": [call_case("small", 3, 1, 2), call_case("none", 0, 0, 0)],
}


def test_hidden_calls_are_judged_by_the_final_files(
    transactional_db: None, real_runner: RunnerProcess
) -> None:
    interview = make_interview(hidden=CALLS)

    message, tests = judge(interview)
    assert message == "1 of 2 hidden tests passed."
    assert outcomes(tests) == [("small", "failed"), ("none", "passed")]

    write(interview, "solution.py", RIGHT)
    message, tests = judge(interview)
    assert message == "2 of 2 hidden tests passed."
    assert all(test["duration_ms"] > 0 for test in tests)
    # The row was used again; the timeline has counts, and no names.
    events = Event.objects.filter(interview=interview, kind="run.finished")
    assert [(e.payload["passed"], e.payload["failed"]) for e in events] == [
        (1, 1),
        (2, 0),
    ]
    assert "small" not in json.dumps([event.payload for event in events])


@pytest.mark.parametrize(
    ("solution", "outcome"),
    [
        ("def add(a, b):\n    raise ValueError('no')\n", "error"),
        ("def add(a, b):\n    while True: pass\n", "error"),
        ("import os\ndef add(a, b):\n    os._exit(0)\n", "error"),
        ("import sys\ndef add(a, b):\n    sys.exit(0)\n", "error"),
        ("def add(a, b):\n    return 'x' * 10**9\n", "error"),
        ("def add(a, b):\n    return True\n", "failed"),
        ("syntax error", "error"),
        ("def other(): pass\n", "error"),
    ],
    ids=["raises", "hangs", "kills", "exits", "memory", "boolean", "syntax", "missing"],
)
def test_hidden_call_of_bad_code_does_not_pass(
    transactional_db: None, real_runner: RunnerProcess, solution: str, outcome: str
) -> None:
    case = call_case("one", 1, 0, 1)
    interview = make_interview(hidden={**CALLS, "seconds_per_case": 2, "cases": [case]})
    write(interview, "solution.py", solution)

    _, tests = judge(interview)

    assert outcomes(tests) == [("one", outcome)]
    assert tests[0]["message"]


def test_hidden_call_cannot_be_hijacked_by_the_candidates_files(
    transactional_db: None, real_runner: RunnerProcess
) -> None:
    """Neither a json.py nor a driver of one's own, nor a result written beforehand."""
    claim = json.dumps({"ok": True, "value": 3})
    interview = make_interview(hidden=CALLS)
    write(interview, "json.py", "raise SystemExit('mine')\n")
    write(interview, "driver.py", f"print({claim!r})\n")
    write(interview, ".result.json", claim)
    write(interview, "result.json", claim)

    _, tests = judge(interview)

    assert outcomes(tests) == [("small", "failed"), ("none", "passed")]


def test_hidden_expectations_never_enter_the_sandbox(
    transactional_db: None, real_runner: RunnerProcess
) -> None:
    """The candidate's code looks everywhere and answers what it found."""
    spy = (
        "import glob, os, sys\n"
        "def add(a, b):\n"
        "    seen = [open(p, errors='replace').read()\n"
        "            for p in glob.glob('/home/candidate/**', recursive=True,\n"
        "                               include_hidden=True)\n"
        "            if os.path.isfile(p)]\n"
        "    frame, texts = sys._getframe(), []\n"
        "    while frame:\n"
        "        texts.append(repr(frame.f_locals) + repr(frame.f_globals))\n"
        "        frame = frame.f_back\n"
        "    everything = ''.join(seen + texts) + repr(os.environ)\n"
        f"    return 'leaked' if {SENTINEL[:8]!r} + {SENTINEL[8:]!r} in everything\\\n"
        "        else 'nothing'\n"
    )
    interview = make_interview(
        hidden={
            **CALLS,
            "cases": [
                call_case("spied", "nothing", 1, 2),
                call_case("secret", SENTINEL, 1, 2),
            ],
        }
    )
    write(interview, "solution.py", spy)

    _, tests = judge(interview)

    assert outcomes(tests) == [("spied", "passed"), ("secret", "failed")]
    assert SENTINEL not in json.dumps(tests)


def test_hidden_stdin_compares_what_is_printed(
    transactional_db: None, real_runner: RunnerProcess
) -> None:
    interview = make_interview(
        hidden={
            "kind": "stdin",
            "command": ["python3", "main.py"],
            "seconds_per_case": 3,
            "cases": [
                {"name": "same", "stdin": "é\n", "expected_stdout": "É\n"},
                {"name": "other", "stdin": "a\n", "expected_stdout": "b\n"},
                {"name": "crash", "stdin": "crash\n", "expected_stdout": "CRASH\n"},
            ],
        }
    )
    write(
        interview,
        "main.py",
        "import sys\ntext = input()\nprint(text.upper(), ' ')\nsys.exit(text == 'crash')\n",
    )

    _, tests = judge(interview)

    assert outcomes(tests) == [
        ("same", "passed"),
        ("other", "failed"),
        ("crash", "error"),
    ]


@pytest.mark.parametrize(
    ("language", "module", "code"),
    [
        ("javascript", "solution.js", "export const add = (a, b) => a + b;\n"),
        (
            "typescript",
            "solution.ts",
            "export const add = (a: number, b: number): number => a + b;\n",
        ),
    ],
)
def test_hidden_calls_of_other_languages(
    transactional_db: None,
    real_runner: RunnerProcess,
    language: str,
    module: str,
    code: str,
) -> None:
    interview = make_interview(language=language, hidden={**CALLS, "module": module})
    write(interview, "package.json", '{"type": "module"}')
    write(interview, module, code)

    message, tests = judge(interview)

    assert message == "2 of 2 hidden tests passed.", tests


def test_hidden_tests_of_nothing_are_skipped(
    transactional_db: None, real_runner: RunnerProcess
) -> None:
    interview = make_interview(hidden={})
    finish_interview(interview.pk)
    step = run_the_step(interview)

    assert step.state == StepState.SKIPPED
    assert step.message == "There are no hidden tests."


def run_the_step(interview: Interview) -> PipelineStep:
    PipelineStep.objects.filter(interview=interview).delete()
    step = PipelineStepFactory.create(interview=interview, name=STEP_NAME, position=0)
    run_step(step.pk)
    step.refresh_from_db()
    assert isinstance(step, PipelineStep)
    return step


def test_step_is_done_with_a_sentence(
    transactional_db: None, real_runner: RunnerProcess
) -> None:
    interview = make_interview(hidden=CALLS)
    finish_interview(interview.pk)

    step = run_the_step(interview)

    assert (step.state, step.message) == (StepState.DONE, "1 of 2 hidden tests passed.")


def test_step_without_a_runner_is_tried_again_and_then_failed(
    transactional_db: None, settings: Settings
) -> None:
    settings.RUNNER_SOCKET = "/nowhere/runner.sock"
    interview = make_interview(hidden=CALLS)
    finish_interview(interview.pk)

    step = run_the_step(interview)
    assert step.state == StepState.WAITING
    assert "the runner does not answer" in step.message

    PipelineStep.objects.filter(pk=step.pk).update(
        attempts=MAX_ATTEMPTS - 1, next_try_at=step.started_at
    )
    run_step(step.pk)
    step.refresh_from_db()
    assert step.state == StepState.FAILED
    assert not Event.objects.filter(kind="run.finished").exists()


def test_step_taken_over_stops_between_cases(
    transactional_db: None, real_runner: RunnerProcess
) -> None:
    interview = make_interview(hidden=CALLS)

    with pytest.raises(StepLostError):
        judge_interview(interview, Lease(lost_after=0))  # type: ignore[arg-type]
    assert Run.objects.get().tests is None

    # Whoever took it over does the whole of it, once.
    judge(interview)
    assert Event.objects.filter(kind="run.finished").count() == 1


async def test_no_frame_of_the_candidate_holds_hidden_tests(
    interview: Interview, folder: str, real_runner: RunnerProcess
) -> None:
    secret = f"name-{uuid4()}"
    version = await ProblemVersion.objects.aget(problem__slug=folder)
    version.hidden = {**CALLS, "cases": [call_case(secret, SENTINEL, 1, 2)]}
    await version.asave()

    async with open_window(interview) as window:
        for entry in window.hello["documents"]:
            await window.ask("document.open", path=entry["path"])
        await window.ask("run.start", section=folder, kind="tests")
        await window.until("run.finished")
        await window.ask("run.start", section=folder, kind="file")
        await window.until("run.finished")
        await window.ask("presence.take")
        everything = json.dumps(window.seen)

    assert "tests" in everything
    assert SENTINEL not in everything
    assert secret not in everything
    assert '"hidden"' not in everything
