"""What the start of a run costs: the sandbox beside the bare interpreter.

Each start is measured from the request to the first byte of output, over the runner's
socket, beside a bare start right after it: a machine that drifts hits both.
"""

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from bench.database import set_up
from bench.figures import Figure
from runner.bwrap.host import Host

if TYPE_CHECKING:
    from interviews.runner_client import WorkspaceRef

PAIRS = 15
# By then a sandbox waits again in the place of the one that was used.
BETWEEN_SECONDS = 0.6
BASELINE = "the bare interpreter"
_PROGRAM = ("python3", "-c", "print('started', flush=True)")
_PATH = "/usr/local/bin:/usr/bin:/bin"

Start = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class _Files:
    """An interview whose workspace runs happen in, with its documents {path: hash}."""

    interview_id: UUID
    documents: dict[str, str]


def measure() -> list[Figure]:
    """Start on a runner that keeps nothing warm, then on one as it is set up."""
    set_up()
    if Host().tools.missing():
        print("left out: the start of a run (bubblewrap is missing)")
        return []
    files = _make_workspace()
    with _runner("--warm", "0", "--warm-homes", "0"):
        cold = asyncio.run(_compare("start of a run, cold", _start_alone))
    with _runner():
        warm = asyncio.run(_compare_warm(files))
    return [cold, *warm]


@contextmanager
def _runner(*options: str) -> Iterator[None]:
    from tests.fakes.runner_process import open_runner  # noqa: PLC0415 -- after set-up

    former = settings.RUNNER_SOCKET
    with open_runner(*options) as runner:
        settings.RUNNER_SOCKET = str(runner.socket)
        try:
            yield
        finally:
            settings.RUNNER_SOCKET = former


def _make_workspace() -> _Files:
    from interviews.models import Document  # noqa: PLC0415 -- Django must be set up
    from interviews.services.documents import (  # noqa: PLC0415 -- the same
        keep_contents,
        seed_workspace,
    )
    from tests.factories.interviews import InterviewFactory  # noqa: PLC0415 -- the same

    interview = InterviewFactory.create(state="active")
    seed_workspace(interview)
    paths = Document.objects.filter(interview=interview).values_list("path", flat=True)
    return _Files(interview.pk, keep_contents(interview, paths))


async def _compare_warm(files: _Files) -> list[Figure]:
    from interviews.live_workspaces import open_workspace  # noqa: PLC0415 -- as above

    figures = [await _compare("start of a run, warm", _start_alone)]
    async with open_workspace(files.interview_id) as workspace:
        await workspace.sync()
        ref = workspace.claim.ref

        async def start_inside() -> float:
            return await _first_byte(workspace=ref)

        name = "start of a run in a workspace, warm"
        figures.append(await _compare(name, start_inside))

    async def start_whole() -> float:
        return await _start_in_step(files)

    name = "the same with its files brought in step first, as a room asks for it"
    return [*figures, await _compare(name, start_whole)]


async def _compare(name: str, start: Start) -> Figure:
    """Return the medians over pairs, after one that does not count."""
    ours, bare = [], []
    for _pair in range(PAIRS + 1):
        await asyncio.sleep(BETWEEN_SECONDS)
        ours.append(await start())
        await asyncio.sleep(BETWEEN_SECONDS)
        bare.append(_start_bare())
    pairs = list(zip(ours[1:], bare[1:], strict=True))
    return Figure(
        name,
        BASELINE,
        median(ours[1:]),
        median(bare[1:]),
        median(one / other for one, other in pairs),
        f"median of {PAIRS} pairs",
    )


def _start_bare() -> float:
    """Start the interpreter that the sandbox uses, without a sandbox."""
    program = shutil.which(_PROGRAM[0], path=_PATH) or _PROGRAM[0]
    environment = {"PATH": _PATH, "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
    began = perf_counter()
    with subprocess.Popen(
        [program, *_PROGRAM[1:]], stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        seconds = perf_counter() - began
        process.stdout.read()
    return seconds


async def _start_alone() -> float:
    return await _first_byte()


async def _start_in_step(files: _Files) -> float:
    """Do what a run does before it starts, too."""
    from interviews.live_workspaces import open_workspace  # noqa: PLC0415 -- as above

    began = perf_counter()
    async with open_workspace(files.interview_id) as workspace:
        await workspace.sync()
        await workspace.pin(files.documents)
        before = perf_counter() - began
        return before + await _first_byte(workspace=workspace.claim.ref)


async def _first_byte(workspace: "WorkspaceRef | None" = None) -> float:
    """Run the program to its end; return when its first output came."""
    from interviews.runner_client import (  # noqa: PLC0415 -- as above
        RunnerClient,
        RunOutput,
        RunSpec,
    )

    spec = replace(RunSpec(_PROGRAM), workspace=workspace)
    seconds = None
    began = perf_counter()
    async with aclosing(RunnerClient(settings.RUNNER_SOCKET).run(spec)) as frames:
        async for frame in frames:
            if seconds is None and isinstance(frame, RunOutput):
                seconds = perf_counter() - began
    if seconds is None:
        raise RuntimeError("The program printed nothing.")
    return seconds
