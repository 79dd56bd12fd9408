"""Records of live sandboxes on disk, so that a new runner can remove leftovers."""

import json
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from runner.bwrap.cgroups import PREFIX, Group

logger = logging.getLogger(__name__)


def record_sandbox(runs: Path, pid: int, group: Group | None) -> Path:
    """Write down what a sandbox consists of; remove the file once it is gone."""
    directories = [] if group is None else [str(path) for path in group.lineage]
    document = {"pid": pid, "start": start_time(pid), "groups": directories}
    path = runs / f"{uuid4().hex}.json"
    path.write_text(json.dumps(document))
    return path


def sweep(runs: Path) -> int:
    """Kill and remove what an earlier runner with this directory left behind."""
    runs.mkdir(mode=0o700, exist_ok=True)
    records = list(runs.glob("*.json"))
    for path in records:
        with suppress(OSError, ValueError, TypeError, KeyError):
            _remove(json.loads(path.read_text()))
        path.unlink(missing_ok=True)
    if records:
        logger.warning("removed %d sandboxes an earlier runner left", len(records))
    return len(records)


def _remove(document: dict[str, object]) -> None:
    pid, groups = document["pid"], document["groups"]
    if (
        isinstance(pid, int)
        and document["start"]
        and start_time(pid) == document["start"]
    ):
        for each in [*_descendants(pid), pid]:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
    for name in groups if isinstance(groups, list) else []:
        directory = Path(str(name))
        if directory.name.startswith(PREFIX):
            _remove_group(Group(version=0, paths={"any": directory}))


def _remove_group(group: Group) -> None:
    for _attempt in range(100):
        if group.remove_empty():
            return
        group.kill()
        os.sched_yield()


def _descendants(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _descendants(int(child))
            yield int(child)


def start_time(pid: int) -> str:
    """When a process began, in clock ticks; empty when there is none."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return ""


@contextmanager
def recorded(runs: Path, pid: int, group: Group | None) -> Iterator[None]:
    path = record_sandbox(runs, pid, group)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
