"""Who keeps the files on a runner's disk, and for how long."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from pytest_django.fixtures import Settings

from base.clock import now
from interviews.enums import InterviewState, RunKind, RunState
from interviews.errors import InterviewEndedError
from interviews.live_workspaces import (
    close_ended_workspaces,
    open_workspace,
    prepare_workspace,
    recover_workspaces,
)
from interviews.models import Document, Interview, WorkspaceLease
from interviews.runner_client import RunnerUnavailable
from interviews.services.documents import seed_workspace
from interviews.services.lifecycle import finish_interview
from interviews.services.workspaces import WorkspaceLostError, claim_workspace
from runner.protocol import RunQueued
from tests.factories.interviews import RunFactory
from tests.fakes.runner import FakeRun, FakeRunner, open_fake_runner
from tests.interviews.workspace.windows import open_window


@pytest.fixture
def seeded(interview: Interview) -> Interview:
    seed_workspace(interview)
    return interview


async def find_lease(interview: Interview) -> WorkspaceLease:
    return await WorkspaceLease.objects.aget(interview=interview)


async def end(interview: Interview) -> None:
    await sync_to_async(finish_interview)(interview.pk)


async def test_whoever_comes_later_keeps_the_workspace_alone(
    seeded: Interview, fake_runner: FakeRunner
) -> None:
    async with open_workspace(seeded.pk) as former:
        await former.sync()
        async with open_workspace(seeded.pk) as later:
            assert later.claim.epoch == former.claim.epoch + 1
            with pytest.raises(RunnerUnavailable) as refused:
                await former.sync()
            await later.sync()

    assert refused.value.code == "stale_epoch"


async def test_what_was_claimed_anew_is_refused_by_the_database_too(
    seeded: Interview, fake_runner: FakeRunner
) -> None:
    async with open_workspace(seeded.pk) as former:
        await sync_to_async(claim_workspace)(seeded.pk, runner="elsewhere")
        with pytest.raises(WorkspaceLostError):
            await former.sync()

    workspace = fake_runner.workspaces.open[str(seeded.pk)]
    assert workspace.files == {}


async def test_workspace_is_not_prepared_while_a_run_keeps_it(
    seeded: Interview, fake_runner: FakeRunner
) -> None:
    await sync_to_async(RunFactory.create)(
        interview=seeded,
        kind=RunKind.FILE,
        state=RunState.QUEUED,
        lease_until=now() + timedelta(minutes=1),
    )
    await prepare_workspace(seeded.pk)

    assert fake_runner.workspaces.requests == []
    assert not await WorkspaceLease.objects.aexists()


async def test_workspace_of_an_interview_that_is_over_is_opened_no_more(
    seeded: Interview, fake_runner: FakeRunner
) -> None:
    await end(seeded)
    with pytest.raises(InterviewEndedError):
        await prepare_workspace(seeded.pk)

    assert fake_runner.workspaces.requests == []


async def test_workspace_is_closed_when_the_interview_is_over(
    seeded: Interview, fake_runner: FakeRunner
) -> None:
    await prepare_workspace(seeded.pk)
    assert await close_ended_workspaces() == 0
    await end(seeded)

    assert await close_ended_workspaces() == 1
    assert fake_runner.workspaces.open == {}
    assert await close_ended_workspaces() == 0
    assert await Document.objects.filter(interview=seeded).acount() > 0


async def test_workspace_is_not_closed_under_a_run(
    seeded: Interview, fake_runner: FakeRunner
) -> None:
    await prepare_workspace(seeded.pk)
    await end(seeded)
    run = await sync_to_async(RunFactory.create)(
        interview=seeded,
        kind=RunKind.FILE,
        state=RunState.RUNNING,
        lease_until=now() + timedelta(minutes=1),
    )
    assert await close_ended_workspaces() == 0
    run.state = RunState.FINISHED
    await run.asave()
    assert await close_ended_workspaces() == 1


async def test_closing_waits_for_a_runner_but_not_for_ever(
    seeded: Interview, settings: Settings
) -> None:
    async with open_fake_runner() as runner:
        settings.RUNNER_SOCKET = str(runner.path)
        await prepare_workspace(seeded.pk)
    await end(seeded)

    assert await close_ended_workspaces() == 0
    assert (await find_lease(seeded)).generation != ""
    long_ago = now() - timedelta(hours=2)
    await WorkspaceLease.objects.aupdate(updated_at=long_ago)
    assert await close_ended_workspaces() == 0
    assert (await find_lease(seeded)).generation == ""


async def test_reopened_interview_gets_a_workspace_with_a_newer_epoch(
    seeded: Interview, fake_runner: FakeRunner
) -> None:
    await prepare_workspace(seeded.pk)
    await end(seeded)
    await close_ended_workspaces()
    before = (await find_lease(seeded)).epoch
    await Interview.objects.filter(pk=seeded.pk).aupdate(state=InterviewState.ACTIVE)
    await prepare_workspace(seeded.pk)

    assert (await find_lease(seeded)).epoch > before
    documents = Document.objects.filter(interview=seeded)
    paths = {document.path async for document in documents}
    assert {*fake_runner.workspaces.open[str(seeded.pk)].files} == paths


async def test_files_move_to_a_runner_that_answers(
    seeded: Interview, settings: Settings
) -> None:
    async with open_fake_runner() as first, open_fake_runner() as second:
        settings.RUNNERS = [f"unix:{first.path}", f"unix:{second.path}"]
        await prepare_workspace(seeded.pk)
        away, left = (first, second) if first.workspaces.open else (second, first)
        settings.RUNNERS = [f"unix:{left.path}"]
        await prepare_workspace(seeded.pk)

    key = str(seeded.pk)
    assert left.workspaces.open[key].files == away.workspaces.open[key].files != {}
    lease = await find_lease(seeded)
    assert lease.runner == f"unix:{left.path}"


async def test_place_in_line_is_told_again_after_a_reload(
    interview: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    moves: asyncio.Queue[int] = asyncio.Queue()

    async def wait_in_line(run: FakeRun) -> None:
        while place := await moves.get():
            await run.send(RunQueued(run.request.run, place))
        await run.start()
        await run.finish()

    fake_runner.script = wait_in_line
    await moves.put(3)
    async with open_window(interview) as window:
        await window.ask("run.start", section=folder, kind="file")
        await window.until("run.queued", position=3)
    async with open_window(interview) as window:
        live = window.hello["live_run"]
        assert (live["state"], live["position"]) == ("queued", 3)
        await window.send(frame="run.resume", run=live["run"], offset=0)
        await window.until("run.queued", position=3)
        await moves.put(1)
        await window.until("run.queued", position=1)
        await moves.put(0)
        await window.until("run.started")
        assert (await window.until("run.finished"))["exit_code"] == 0


async def test_place_in_line_of_a_run_of_another_process_is_told(
    interview: Interview,
) -> None:
    run = await sync_to_async(RunFactory.create)(
        interview=interview,
        kind=RunKind.FILE,
        state=RunState.QUEUED,
        owner="another process",
        lease_until=now() + timedelta(minutes=1),
    )
    await cache.aset(f"run-place:{run.pk}", 4)
    async with open_window(interview) as window:
        assert window.hello["live_run"]["position"] == 4
        await window.send(frame="run.resume", run=str(run.pk), offset=0)
        await window.until("run.queued", position=4)
        await cache.aset(f"run-place:{run.pk}", 2)
        await window.until("run.queued", position=2)
        run.state = RunState.RUNNING
        await run.asave()
        await window.until("run.started")
        run.state = RunState.FINISHED
        await run.asave()
        await window.until("run.finished")


async def test_what_a_run_of_a_dead_process_wrote_is_not_lost(
    seeded: Interview, folder: str, fake_runner: FakeRunner
) -> None:
    path = f"{folder}/solution.py"
    await prepare_workspace(seeded.pk)
    run = await sync_to_async(RunFactory.create)(
        interview=seeded,
        kind=RunKind.FILE,
        state=RunState.RUNNING,
        lease_until=now() - timedelta(seconds=1),
    )
    disk = fake_runner.workspaces.open[str(seeded.pk)]
    disk.files[path] += b"# by the command\n"

    assert await recover_workspaces() == 1
    assert await recover_workspaces() == 0

    document = await Document.objects.aget(interview=seeded, path=path)
    assert document.text == disk.files[path].decode()
    await run.arefresh_from_db()
    assert run.state == RunState.INTERRUPTED
