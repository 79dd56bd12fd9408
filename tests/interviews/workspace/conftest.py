"""An interview with a workspace, and what its sockets leave behind."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import sync_to_async
from channels.layers import channel_layers
from django.db import connections
from pytest_django.fixtures import Settings

from base import detached
from interviewlm.threads import _executors
from interviews import availability
from interviews.enums import InterviewState
from interviews.models import Interview
from tests.factories.interviews import InterviewFactory
from tests.fakes.runner import FakeRunner, open_fake_runner
from tests.fakes.runner_process import RunnerProcess, open_runner
from tests.interviews.workspace.filebench import Bench


@pytest.fixture(autouse=True)
async def _clean_sockets(db: None) -> AsyncIterator[None]:
    """Layers belong to one event loop; threads must not keep their connections."""
    channel_layers.backends.clear()
    availability._known.clear()
    yield
    await detached.shut_down()
    loop = asyncio.get_running_loop()
    for executor in _executors():
        await loop.run_in_executor(executor, connections.close_all)
    await sync_to_async(connections.close_all)()


@pytest.fixture
def interview(transactional_db: None) -> Interview:
    """A running interview; its files come with the first window."""
    made: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    return made


@pytest.fixture
def folder(interview: Interview) -> str:
    """The folder of its first section."""
    section = interview.assessment_version.sections.first()
    assert section is not None
    return section.folder


@pytest.fixture(scope="session")
def runner_process() -> Iterator[RunnerProcess]:
    """One real runner for all tests that do it no harm."""
    with open_runner() as runner:
        yield runner


@pytest.fixture
def real_runner(runner_process: RunnerProcess, settings: Settings) -> RunnerProcess:
    """The product speaks to the real runner."""
    settings.RUNNER_SOCKET = str(runner_process.socket)
    return runner_process


@pytest.fixture
async def fake_runner(settings: Settings) -> AsyncIterator[FakeRunner]:
    """The product speaks to a runner that does what the test says."""
    async with open_fake_runner() as runner:
        settings.RUNNER_SOCKET = str(runner.path)
        yield runner


@pytest.fixture
def own_runner(settings: Settings) -> Iterator[RunnerProcess]:
    """A real runner that the test may kill."""
    with open_runner() as runner:
        settings.RUNNER_SOCKET = str(runner.socket)
        yield runner


@pytest.fixture
def bench(interview: Interview, folder: str) -> Bench:
    """An empty workspace."""
    return Bench(interview, folder)


@pytest.fixture
def other_bench(transactional_db: None) -> Bench:
    """The workspace of somebody else's interview."""
    other: Interview = InterviewFactory.create(state=InterviewState.ACTIVE)
    section = other.assessment_version.sections.first()
    assert section is not None
    return Bench(other, section.folder)
