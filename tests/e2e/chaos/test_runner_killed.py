"""The runner killed with -9 during a run: said so, and the next run works."""

from pathlib import Path

import pytest

from interviews.enums import RunState
from interviews.models import Interview, Run
from interviews.services.documents import seed_workspace
from tests.e2e.chaos.page import open_page
from tests.e2e.chaos.work import put_code
from tests.e2e.stack import Stack, wait_until

pytestmark = pytest.mark.xdist_group("chaos")

SLOW = "import time\n\ntime.sleep(25)\n"
RIGHT = "def add(a, b):\n    return a + b\n"


def test_runner_killed_during_a_run_is_told_and_the_next_run_works(
    stack: Stack, interview: Interview
) -> None:
    seed_workspace(interview)
    put_code(interview, SLOW)
    stack.start("runner", "web")
    with open_page(stack, interview, "workspace") as page:
        section = page.hello["section"]
        page.send("run.start", section=section, kind="file")
        page.until("run.started")
        runner = stack.pid("runner")
        wait_until(lambda: "python3" in commands(runner), "the program runs")
        sandbox = descendants(runner)
        stack.kill_alone("runner")
        ended = page.until("run.finished")
        assert ended["reason"] == "failed"
        assert ended["message"].endswith(".")
        wait_until(lambda: not alive(sandbox), "nothing of it is left", 5)

        put_code(interview, RIGHT)
        stack.start("runner")
        page.send("run.start", section=section, kind="tests")
        ended = page.until("run.finished", "error")
        assert ended["type"] == "run.finished", ended
        assert [test["outcome"] for test in ended["tests"]] == ["passed"], ended
    states = Run.objects.order_by("created_at").values_list("state", "reason")
    assert list(states) == [
        (RunState.FINISHED, "failed"),
        (RunState.FINISHED, "exited"),
    ]


def descendants(pid: int) -> set[int]:
    """Return the processes that this one started, and theirs."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found |= {int(child), *descendants(int(child))}
    return found


def commands(pid: int) -> set[str]:
    """Return the names of the programs below a process."""
    return {name for child in descendants(pid) if (name := _name(child))}


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def alive(pids: set[int]) -> set[int]:
    """Return those that still run."""
    return {pid for pid in pids if _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] not in {"Z", "X"}
