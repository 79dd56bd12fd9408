"""A runner for all tests of a module, and one to look into."""

import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from interviews.runner_client import RunnerClient
from tests.runner.terminals.desk import (
    Desk,
    InnerDesk,
    open_inner_desk,
    open_workspace,
)
from tests.runner.wire import program

_START_SECONDS = 60


@pytest.fixture(scope="module")
def runner(sandbox_available: None, toolchain: Path) -> Iterator[Path]:
    """The socket of a runner in its own process."""
    with tempfile.TemporaryDirectory(prefix="terminals-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with program(folder, "--warm", "0", "--toolchain", str(toolchain)) as process:
            ends = time.monotonic() + _START_SECONDS
            while not (folder / "s").is_socket():
                assert process.poll() is None, "the runner did not start"
                assert time.monotonic() < ends, "the runner is not ready"
                time.sleep(0.02)
            yield folder / "s"


@pytest.fixture
async def desk(runner: Path) -> AsyncIterator[Desk]:
    """A workspace of one's own on that runner."""
    desk = Desk(RunnerClient(runner), await open_workspace(runner))
    yield desk
    await desk.close_workspace()


@pytest.fixture
async def inner_desk(
    sandbox_available: None, tmp_path: Path
) -> AsyncIterator[InnerDesk]:
    """One on a runner in this process."""
    async with open_inner_desk(tmp_path) as each:
        yield each
