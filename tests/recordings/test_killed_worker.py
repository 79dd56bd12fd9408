"""A worker killed while it assembles: the next attempt gives the same, and no litter."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from django.db import connection
from django.test import Client

from base.clock import now
from interviews.enums import InterviewState, StepState
from interviews.models import PipelineStep
from interviews.pipeline import next_step, run_step
from recordings.enums import RecordingState
from recordings.models import Asset, Chunk
from tests.factories.interviews import InterviewFactory
from tests.recordings.conftest import Browser, end, let_in
from tests.recordings.media.recorded import cut, record

ROOT = Path(__file__).parents[2]


def wait_until(is_so: Callable[[], bool], seconds: float = 60) -> None:
    deadline = monotonic() + seconds
    while not is_so():
        assert monotonic() < deadline
        sleep(0.02)


def start_worker(step: PipelineStep, media: Path) -> subprocess.Popen[bytes]:
    database = str(connection.settings_dict["NAME"])
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.recordings.assembly_child",
            str(step.pk),
            database,
            str(media),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


@pytest.mark.django_db(transaction=True)
def test_kill_during_assembly_leaves_a_recording_and_nothing_else(media: Path) -> None:
    interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    browser = Browser(let_in(Client(), interview), interview)
    browser.send(cut(record(seconds=20), 10))
    end(interview)
    step = interview.pipeline_steps.get(name="assemble")
    chunk = media / Chunk.objects.get(index=7).key
    kept = chunk.read_bytes()
    chunk.unlink()
    os.mkfifo(chunk)  # opening it waits: the worker stands in the middle of its work

    def is_under_way() -> bool:
        started = media.rglob("assets/.part-*")
        return any(path.stat().st_size > 0 for path in started)

    worker = start_worker(step, media)
    try:
        wait_until(is_under_way)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(timeout=10)
    chunk.unlink()
    chunk.write_bytes(kept)

    step.refresh_from_db()
    assert step.state == StepState.RUNNING
    assert next_step(interview.pk) is None
    assert not Asset.objects.exists()
    PipelineStep.objects.filter(pk=step.pk).update(
        lease_until=now() - timedelta(seconds=1)
    )
    run_step(step.pk)

    step.refresh_from_db()
    assert (step.state, step.attempts) == (StepState.DONE, 2)
    recording = interview.recordings.get()
    assert (recording.state, recording.holes) == (RecordingState.ASSEMBLED, [])
    rows = set(Asset.objects.values_list("key", flat=True))
    found = {path for path in media.rglob("*") if path.is_file()}
    assert {str(p.relative_to(media)) for p in found if "assets" in p.parts} == rows
    assert len(found) == len(rows) + 10
    assert not list((media.parent / "scratch").iterdir())
