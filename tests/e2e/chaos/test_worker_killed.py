"""The worker killed with -9 in the middle of a step: each step ends once."""

import json
import os
import urllib.request
from datetime import timedelta

import pytest
from django.test import Client

from assistant.models import ScoreRun
from base.clock import now
from interviews.enums import RunKind, RunState, StepState
from interviews.models import Event, Interview, PipelineStep, Run, Scorecard
from interviews.services.documents import seed_workspace
from interviews.services.lifecycle import finish_interview
from interviews.timeline.kinds import RunFinished
from recordings.enums import AssetKind
from recordings.models import Asset, Chunk
from tests.e2e.chaos.work import put_code
from tests.e2e.stack import Stack, wait_until
from tests.recordings.conftest import Browser, let_in
from tests.recordings.media.recorded import cut, record

pytestmark = pytest.mark.xdist_group("chaos")

SLOW = "import time\n\ntime.sleep(1.5)\n\n\ndef add(a, b):\n    return a + b\n"


def step_of(interview: Interview, name: str) -> PipelineStep:
    return PipelineStep.objects.get(interview=interview, name=name)


def kill_worker_in(stack: Stack, interview: Interview, name: str) -> None:
    """Kill it in this step, and let the time pass that the step was its."""
    step = step_of(interview, name)
    assert (step.state, step.attempts) == (StepState.RUNNING, 1)
    stack.kill("worker")
    PipelineStep.objects.filter(pk=step.pk).update(
        lease_until=now() - timedelta(seconds=1)
    )


def wait_for_the_end(interview: Interview) -> dict[str, tuple[str, int]]:
    """Return state and attempts of every step once all have ended."""
    steps = PipelineStep.objects.filter(interview=interview)
    unended = steps.filter(state__in=[StepState.WAITING, StepState.RUNNING])
    wait_until(lambda: not unended.exists(), "every step has ended", 60)
    return {step.name: (step.state, step.attempts) for step in steps}


def test_worker_killed_during_hidden_tests_judges_once(
    stack: Stack, interview: Interview
) -> None:
    seed_workspace(interview)
    put_code(interview, SLOW)
    finish_interview(interview.pk)
    stack.start("simulator", "runner", "worker")
    hidden = Run.objects.filter(interview=interview, kind=RunKind.HIDDEN)
    is_running = hidden.filter(state=RunState.RUNNING)
    wait_until(is_running.exists, "the hidden tests run")
    kill_worker_in(stack, interview, "hidden_tests")

    stack.start("worker")
    assert wait_for_the_end(interview) == {
        "assemble": (StepState.SKIPPED, 1),
        "hidden_tests": (StepState.DONE, 2),
        "score": (StepState.DONE, 1),
    }
    run = hidden.get()
    assert [test["outcome"] for test in run.tests or []] == ["passed"]
    ends = Event.objects.filter(interview=interview, kind=RunFinished.kind)
    assert ends.count() == 1
    assert Scorecard.objects.count() == 1


@pytest.mark.long
def test_worker_killed_during_scoring_leaves_one_scorecard(
    stack: Stack, interview: Interview
) -> None:
    seed_workspace(interview)
    stack.start("simulator", "runner")
    order_fault(stack, fault="slow", seconds=60)
    finish_interview(interview.pk)
    stack.start("worker")
    wait_until(lambda: not pending_faults(stack), "the judge was asked")
    kill_worker_in(stack, interview, "score")
    assert not Scorecard.objects.exists()

    stack.start("worker")
    ended = wait_for_the_end(interview)
    assert ended["score"] == (StepState.DONE, 2)
    assert ended["hidden_tests"] == (StepState.DONE, 1)
    assert ScoreRun.objects.get().scorecard == Scorecard.objects.get()


@pytest.mark.long
def test_worker_killed_during_assembly_leaves_one_recording(
    stack: Stack, interview: Interview
) -> None:
    seed_workspace(interview)
    browser = Browser(let_in(Client(), interview), interview)
    browser.send(cut(record(seconds=20), 10))
    media = stack.demo.var / "media"
    chunk = media / Chunk.objects.get(index=7).key
    kept = chunk.read_bytes()
    chunk.unlink()
    os.mkfifo(chunk)  # opening it waits: the worker stands in the middle of its work
    finish_interview(interview.pk)
    stack.start("simulator", "runner", "worker")

    def is_under_way() -> bool:
        return any(path.stat().st_size for path in media.rglob("assets/.part-*"))

    wait_until(is_under_way, "the recording is being assembled")
    kill_worker_in(stack, interview, "assemble")
    chunk.unlink()
    chunk.write_bytes(kept)

    stack.start("worker")
    assert wait_for_the_end(interview) == {
        "assemble": (StepState.DONE, 2),
        "hidden_tests": (StepState.DONE, 1),
        "score": (StepState.DONE, 1),
    }
    asset = Asset.objects.get(kind=AssetKind.PLAYABLE)
    assert abs(asset.duration_ms - 20_000) < 1000
    rows = set(Asset.objects.values_list("key", flat=True))
    files = {path for path in media.rglob("assets/*") if path.is_file()}
    assert {str(path.relative_to(media)) for path in files} == rows
    assert Scorecard.objects.count() == 1


def order_fault(stack: Stack, **fault: object) -> None:
    body = json.dumps({"next": [fault]}).encode()
    urllib.request.urlopen(_faults(stack, body), timeout=5).close()


def pending_faults(stack: Stack) -> list[object]:
    with urllib.request.urlopen(_faults(stack), timeout=5) as answer:
        found: list[object] = json.load(answer)["next"]
    return found


def _faults(stack: Stack, body: bytes | None = None) -> urllib.request.Request:
    address = f"http://127.0.0.1:{stack.demo.simulator_port}/simulator/faults"
    return urllib.request.Request(address, data=body)
