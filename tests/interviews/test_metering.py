"""Sandbox time is in the ledger: each run once, for who pays, of what was used."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction
from pytest_django.fixtures import Settings

from base.clock import now
from billing.enums import Meter
from billing.models import Usage
from billing.services.ledger import record_quantity
from interviews.enums import InterviewState, Origin, RunKind, RunState
from interviews.errors import RunningUnavailableError
from interviews.live_runs import OWNER, start_live_run
from interviews.models import Event, Interview, Run
from interviews.pipeline import StepLostError
from interviews.runner_client import RunSpec
from interviews.services.documents import seed_workspace
from interviews.services.hidden_tests import judge_interview
from interviews.services.metering import describe_use
from interviews.services.run_commands import build_spec
from interviews.services.runs import (
    LEASE,
    RunOutcome,
    create_run,
    finish_run,
    interrupt_orphaned_runs,
)
from interviews.timeline.kinds import SectionOpened
from interviews.timeline.log import append_event
from runner.protocol import RunQueued
from tests.factories.interviews import InterviewFactory, RunFactory
from tests.fakes.runner import (
    FakeRun,
    HangUpError,
    Script,
    open_fake_runner,
    run_at_once,
)
from tests.interviews.workspace.test_hidden_tests import CALLS, Lease, make_interview


@pytest.fixture
def interview(db: None) -> Interview:
    """An interview under way."""
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


@pytest.fixture
async def _threads_let_go(transactional_db: None) -> AsyncIterator[None]:
    """Threads of the event loop must not keep their connections."""
    yield
    await sync_to_async(connections.close_all)()


def running(interview: Interview, **values: Any) -> Run:
    """A run that a process of this test executes."""
    fields: dict[str, Any] = {
        "kind": RunKind.TESTS,
        "state": RunState.RUNNING,
        "owner": "test",
        "lease_until": now() + LEASE,
    }
    made: Run = RunFactory.create(interview=interview, **fields | values)
    return made


def end(run: Run, duration_ms: int = 1500, reason: str = "exited") -> None:
    outcome = RunOutcome(reason, duration_ms=duration_ms)
    finish_run(run.pk, owner="test", outcome=outcome)


def quantities() -> list[int]:
    rows = Usage.objects.filter(meter=Meter.SANDBOX).order_by("pk")
    return list(rows.values_list("quantity", flat=True))


def test_ended_run_is_in_the_ledger_once(interview: Interview) -> None:
    run = running(interview)

    end(run)
    end(run, 9000)

    usage = Usage.objects.get()
    assert (usage.meter, usage.quantity) == ("sandbox.ms", 1500)
    assert (usage.payer, usage.reference, usage.group) == (
        str(interview.organisation_id),
        str(interview.pk),
        str(interview.assessment_version.assessment_id),
    )
    assert (usage.purpose, usage.provider, usage.model) == ("sandbox", "runner", "")
    assert usage.labels == {
        "assessment_version": str(interview.assessment_version_id),
        "person": str(interview.candidate_id),
        "run": str(run.pk),
    }
    assert not usage.is_simulated


@pytest.mark.parametrize("kind", [RunKind.TESTS, RunKind.FILE])
@pytest.mark.parametrize(
    "reason", ["exited", "timeout", "memory", "output", "cancelled", "failed"]
)
def test_run_takes_the_sandbox_however_it_ends(
    interview: Interview, kind: str, reason: str
) -> None:
    end(running(interview, kind=kind), reason=reason)
    assert quantities() == [1500]


@pytest.mark.parametrize(
    ("marks", "is_simulated"),
    [({}, False), ({"is_preview": True}, False), ({"is_sample": True}, True)],
    ids=["interview", "preview", "sample"],
)
def test_only_the_sample_is_simulated(
    db: None, marks: dict[str, bool], is_simulated: bool
) -> None:
    end(running(InterviewFactory.create(state=InterviewState.ACTIVE, **marks)))
    assert Usage.objects.get().is_simulated is is_simulated


def test_each_organisation_pays_for_its_own(db: None) -> None:
    first, second = InterviewFactory.create_batch(2, state=InterviewState.ACTIVE)

    end(running(first), 100)
    end(running(second), 250)
    end(running(first), 30)

    rows = Usage.objects.order_by("pk").values_list("payer", "reference", "quantity")
    assert list(rows) == [
        (str(first.organisation_id), str(first.pk), 100),
        (str(second.organisation_id), str(second.pk), 250),
        (str(first.organisation_id), str(first.pk), 30),
    ]


@pytest.mark.parametrize(
    ("state", "seconds", "expected"),
    [
        (RunState.RUNNING, 7, [7000]),
        (RunState.RUNNING, 600, [30_000]),
        (RunState.QUEUED, 7, []),
    ],
    ids=["running", "beyond-the-limit", "never-begun"],
)
def test_run_of_a_dead_process_counts_until_it_was_last_heard_of(
    interview: Interview, state: str, seconds: int, expected: list[int]
) -> None:
    asked_at = now() - timedelta(hours=1)
    running(
        interview,
        state=state,
        created_at=asked_at,
        lease_until=asked_at + timedelta(seconds=seconds) + LEASE,
    )

    assert interrupt_orphaned_runs() == 1

    assert quantities() == expected


async def wait_in_line(run: FakeRun) -> None:
    await run.send(RunQueued(run.request.run, 1))
    raise HangUpError


async def begin_and_die(run: FakeRun) -> None:
    await run.start()
    await asyncio.sleep(0.02)
    raise HangUpError


def ask_for_run(interview: Interview) -> tuple[Run, RunSpec]:
    """What the room does before a run is executed."""
    seed_workspace(interview)
    section = interview.assessment_version.sections.first()
    assert section is not None
    run, _is_new = create_run(
        interview.pk,
        client_id="run",
        kind="file",
        folder=section.folder,
        path=None,
        owner=OWNER,
    )
    return run, build_spec(run)


@pytest.mark.parametrize(
    ("script", "least", "most"),
    [(run_at_once, 5, 5), (wait_in_line, 0, 0), (begin_and_die, 20, 30_000)],
    ids=["runner-says", "only-waited", "lost-on-the-way"],
)
@pytest.mark.usefixtures("_threads_let_go")
async def test_waiting_for_the_sandbox_is_not_metered(
    interview: Interview, settings: Settings, script: Script, least: int, most: int
) -> None:
    run, spec = await sync_to_async(ask_for_run)(interview)
    async with open_fake_runner() as runner:
        runner.script = script
        settings.RUNNER_SOCKET = str(runner.path)
        await start_live_run(run, spec).over.wait()

    assert await Event.objects.filter(kind="run.finished").acount() == 1
    metered = await sync_to_async(quantities)()
    assert len(metered) == (1 if most else 0)
    assert least <= sum(metered) <= most


def judge(interview: Interview, lost_after: int = 1000) -> None:
    judge_interview(interview, Lease(lost_after))  # type: ignore[arg-type]


@pytest.mark.usefixtures("_threads_let_go")
async def test_each_judgement_by_hidden_tests_counts_its_cases(
    settings: Settings,
) -> None:
    interview = await sync_to_async(make_interview)(hidden=CALLS)
    async with open_fake_runner() as runner:
        settings.RUNNER_SOCKET = str(runner.path)
        for _judgement in range(2):
            await sync_to_async(judge)(interview)

    assert await Run.objects.acount() == 1
    assert await sync_to_async(quantities)() == [10, 10]


@pytest.mark.usefixtures("_threads_let_go")
async def test_judgement_that_breaks_off_counts_the_cases_before(
    settings: Settings,
) -> None:
    interview = await sync_to_async(make_interview)(hidden=CALLS)
    async with open_fake_runner() as runner:

        async def die_at_the_second(run: FakeRun) -> None:
            if len(runner.runs) == 2:
                raise HangUpError
            await run_at_once(run)

        runner.script = die_at_the_second
        settings.RUNNER_SOCKET = str(runner.path)
        with pytest.raises(RunningUnavailableError):
            await sync_to_async(judge)(interview)
        with pytest.raises(StepLostError):
            await sync_to_async(judge)(interview, lost_after=0)
        await sync_to_async(judge)(interview)

    assert await sync_to_async(quantities)() == [5, 5, 10]


def test_runs_of_one_organisation_end_together_while_it_goes_on(
    transactional_db: None,
) -> None:
    """Timeline before account, everywhere: nobody waits for somebody who waits."""
    first = InterviewFactory.create(state=InterviewState.ACTIVE)
    second = InterviewFactory.create(
        state=InterviewState.ACTIVE, organisation=first.organisation
    )
    runs = {one: [running(one) for _number in range(12)] for one in (first, second)}
    start = Barrier(4)

    def end_all(interview: Interview) -> None:
        start.wait()
        for run in runs[interview]:
            end(run, 100)

    def end_answers(interview: Interview) -> None:
        call = describe_use(interview, provider="test", purpose="chat")
        start.wait()
        for number in range(12):
            key = f"{interview.pk}:{number}"
            with transaction.atomic():
                payload = SectionOpened(section=number)
                append_event(interview, payload, origin=Origin.ASSISTANT)
                record_quantity(call, Meter.EGRESS, 1, idempotency_key=key)

    def work(part: tuple[Callable[[Interview], None], Interview]) -> None:
        try:
            part[0](part[1])
        finally:
            connection.close()

    parts = [(do, one) for do in (end_all, end_answers) for one in (first, second)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, parts))

    assert quantities() == [100] * 24
    for interview in (first, second):
        numbers = Event.objects.filter(interview=interview).order_by("seq")
        assert list(numbers.values_list("seq", flat=True)) == list(range(1, 25))
