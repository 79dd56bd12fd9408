"""Every hostile program ends contained, the web answers meanwhile, and nothing stays.

`make test` runs a part of them all at once; the long run takes each on its own, and then
all of them together.
"""

import asyncio
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from interviews.runner_client import (
    LimitRequest,
    RunnerUnavailable,
    RunSpec,
    WorkspaceRef,
)
from tests.runner.hostile import exhausting, forging, reaching
from tests.runner.hostile.stage import Stage, open_stage
from tests.runner.hostile.table import Program
from tests.runner.hostile.terminals import ATTACKS, GROUP, Attack, sit_down
from tests.runner.hostile.trees import TREES, Tree

PROGRAMS = (*exhausting.PROGRAMS, *reaching.PROGRAMS, *forging.PROGRAMS)
SHORT = tuple(each for each in PROGRAMS if each.is_short)
ROOT_FOLDER = "part"
# Of the answers while everything runs at once, beside other tests on the same cores; the
# long form, one program at a time, allows none.
LATE_ALLOWED = 0.03


@pytest.fixture(scope="module")
def stage(sandbox_available: None) -> Iterator[Stage]:
    """Where every account may look, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory(prefix="stage-") as folder:
        Path(folder).chmod(0o755)
        with open_stage(Path(folder)) as opened:
            yield opened


async def find_fault(stage: Stage, program: Program) -> str:
    if program.needs and not shutil.which(program.needs):
        return ""
    try:
        result = await stage.client.run_to_end(program.spec(stage.facts))
    except RunnerUnavailable as error:
        return f"could not be run: {error.message}"
    return program.find_fault(result, stage.secrets)


async def find_faults(stage: Stage, programs: Sequence[Program]) -> dict[str, str]:
    faults = await asyncio.gather(*(find_fault(stage, each) for each in programs))
    found = zip(programs, faults, strict=True)
    return {program.id: fault for program, fault in found if fault}


async def leave_tree(stage: Stage, tree: Tree) -> str:
    """Run the program in a workspace while it is listed and read; say what is wrong."""
    ref = WorkspaceRef(uuid4(), 1)
    argv = tuple(_fill(word, stage) for word in tree.argv)
    spec = RunSpec(
        argv,
        env={stage.facts["MARK"]: stage.facts["MARK"]},
        limits=LimitRequest(wall_seconds=20),
        workspace=ref,
    )
    async with stage.client.workspace(ref, roots=[ROOT_FOLDER]) as session:
        running = asyncio.create_task(stage.client.run_to_end(spec))
        seen = b""
        while True:
            was_over = running.done()
            async with asyncio.timeout(20):
                entries = await session.scan()
                paths = [each.path for each in entries if each.kind == "text"]
                seen += b"".join((await session.read(paths)).values())[:100_000]
            if was_over:
                break
        await session.close_workspace()
    result = await running
    found = (repr(entries) + repr(seen) + repr(result)).encode()
    if any(secret.encode() in found for secret in stage.secrets):
        return "saw a secret"
    return "" if result.reason in {"exited", "cancelled"} else result.reason


def _fill(word: str, stage: Stage) -> str:
    for name, value in stage.facts.items():
        word = word.replace(f"@{name}@", value)
    return word


def late_share(stage: Stage, since: float) -> float:
    """The share of answers of /healthz that were late or wrong."""
    took = time.monotonic() - since
    return len(stage.slow_answers(since)) / max(took / 0.025, 1)


async def test_attacks_at_once_are_contained(stage: Stage) -> None:
    began = time.monotonic()

    faults = await find_faults(stage, SHORT)
    for tree in TREES:
        if tree.is_short and (fault := await leave_tree(stage, tree)):
            faults[tree.name] = fault

    assert faults == {}
    assert stage.leftovers() == {}
    assert late_share(stage, began) <= LATE_ALLOWED


@pytest.mark.long
@pytest.mark.parametrize("program", PROGRAMS, ids=[each.id for each in PROGRAMS])
async def test_program_is_contained(stage: Stage, program: Program) -> None:
    began = time.monotonic()

    assert await find_fault(stage, program) == ""
    assert stage.slow_answers(began) == []
    assert stage.leftovers() == {}


@pytest.mark.long
@pytest.mark.parametrize("tree", TREES, ids=[each.name for each in TREES])
async def test_tree_is_listed_and_read_without_harm(stage: Stage, tree: Tree) -> None:
    began = time.monotonic()

    assert await leave_tree(stage, tree) == ""
    assert stage.slow_answers(began) == []
    assert stage.leftovers() == {}


async def test_attacks_at_terminals_are_contained(stage: Stage) -> None:
    began = time.monotonic()

    faults = await asyncio.gather(*(sit_down(stage, each) for each in ATTACKS))

    assert [fault for fault in faults if fault] == []
    assert stage.leftovers() == {}
    assert late_share(stage, began) <= LATE_ALLOWED


@pytest.mark.long
@pytest.mark.parametrize("attack", ATTACKS, ids=[each.id for each in ATTACKS])
async def test_attack_at_a_terminal_is_contained(stage: Stage, attack: Attack) -> None:
    began = time.monotonic()

    assert await sit_down(stage, attack) == ""
    assert stage.slow_answers(began) == []
    assert stage.leftovers() == {}


@pytest.mark.long
async def test_all_programs_at_once_are_contained(stage: Stage) -> None:
    began = time.monotonic()

    faults = await find_faults(stage, PROGRAMS)

    assert faults == {}
    assert stage.leftovers() == {}
    assert late_share(stage, began) <= LATE_ALLOWED


def test_table_is_large_and_names_are_unique() -> None:
    names = Counter(
        [each.id for each in PROGRAMS]
        + [each.id for each in ATTACKS]
        + [each.name for each in TREES]
    )

    assert len(names) >= 60
    assert [name for name, count in names.items() if count > 1] == []
    groups = {each.group for each in PROGRAMS} | {GROUP}
    assert groups >= {*range(1, 22), 25, 26, 27, 28}
