"""Notices when a sandbox uses too much memory, with or without a control group."""

import asyncio
import os
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from runner.bwrap.cgroups import Group

POLL_SECONDS = 0.05
_PAGE = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Polls one sandbox; `peak` is the largest use seen."""

    def __init__(self, pid: int, limit: int, group: Group | None) -> None:
        self._pid = pid
        self._limit = limit
        self._group = group if group is not None and "memory" in group.paths else None
        self._seen = 0

    @property
    def peak(self) -> int:
        if self._group is not None:
            return self._group.peak_memory()
        return self._seen

    def is_exceeded(self) -> bool:
        if self._group is not None:
            return self._group.oom_kills() > 0
        self._seen = max(self._seen, tree_memory(self._pid, self._limit))
        return self._seen > self._limit

    async def until_exceeded(self) -> None:
        """Return when the limit was passed; else run until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)  # the kernel has no event for it
            if self.is_exceeded():
                return


def tree_memory(root: int, limit: int) -> int:
    """Bytes used by a process and all its descendants.

    Resident bytes count what forked processes share once for each, so a sum above
    `limit` is looked at again with shared pages divided, which is slower.
    """
    resident = _tree_resident(root)
    total = sum(resident.values())
    if total <= limit:
        return total
    return sum(_proportional(pid, fallback) for pid, fallback in resident.items())


def _proportional(pid: int, fallback: int) -> int:
    """Return the share of one process; one that ended meanwhile has none."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except PermissionError:
        return fallback
    except OSError:
        return 0
    for line in lines:
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _tree_resident(root: int) -> dict[int, int]:
    """Resident bytes of each process in the tree."""
    children: dict[int, list[int]] = defaultdict(list)
    resident: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            children[int(fields[1])].append(int(entry.name))
            resident[int(entry.name)] = int(fields[21]) * _PAGE
    found: dict[int, int] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        found[pid] = resident.get(pid, 0)
        waiting += children[pid]
    return found
