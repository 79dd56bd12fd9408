"""Control groups, nested under the runner's own: the hard limits of a sandbox."""

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from runner.limits import Limits
from runner.sandbox import Levels

logger = logging.getLogger(__name__)

PREFIX = "iv-sbx-"
CONTROLLERS = ("memory", "pids", "cpu")
# The outer launcher, bwrap's own two processes and the supervisor.
PROCESS_OVERHEAD = 4
_CPU_PERIOD_US = 100_000
_REMOVAL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """Where sandboxes may make groups: one directory per controller (all one on v2)."""

    version: int = 0
    parents: dict[str, Path] = field(default_factory=dict)

    @property
    def levels(self) -> Levels:
        def level(controller: str) -> str:
            return "hard" if controller in self.parents else "soft"

        return Levels(
            memory=level("memory"),
            pids=level("pids"),
            cpu=level("cpu"),
            workspace="hard",
        )

    def create(
        self, limits: Limits, *, outer: "Group | None" = None, dies_whole: bool = True
    ) -> "Group":
        """A fresh group holding `limits`, inside `outer` if that is given; OSError when
        the kernel refuses. `dies_whole`: where memory runs out, everything in it dies,
        as far as the kernel can (version 2)."""
        name = f"{PREFIX}{uuid4().hex}"
        parents = self.parents if outer is None else outer.paths
        paths = {key: path / name for key, path in parents.items()}
        group = Group(self.version, paths, outer, dies_whole)
        try:
            group.make(limits)
        except OSError:
            group.remove_empty()
            raise
        return group


@dataclass(frozen=True, slots=True)
class Group:
    """The control groups of one sandbox."""

    version: int
    paths: dict[str, Path]
    outer: "Group | None" = None
    dies_whole: bool = True

    @property
    def directories(self) -> list[Path]:
        return list(dict.fromkeys(self.paths.values()))

    @property
    def lineage(self) -> list[Path]:
        """The directories, and those of the groups around them, inner ones first."""
        around = [] if self.outer is None else self.outer.lineage
        return [*self.directories, *around]

    def hand_on(self) -> None:
        """Let groups inside this one have limits of their own (version 2 asks for it)."""
        if self.version == 2:
            words = " ".join(f"+{name}" for name in self.paths)
            for path in self.directories:
                (path / "cgroup.subtree_control").write_text(words)

    @property
    def procs_files(self) -> list[str]:
        return [str(path / "cgroup.procs") for path in self.directories]

    def make(self, limits: Limits) -> None:
        for path in self.directories:
            path.mkdir()
        self._set(limits)
        self._forbid_swap(limits)

    def change(self, limits: Limits) -> None:
        """Hold other limits from now on; OSError when the kernel refuses."""
        # The limit with swap may never be the lower one, so it goes up first.
        with suppress(OSError):
            self._forbid_swap(limits)
        self._set(limits)
        self._forbid_swap(limits)

    def _set(self, limits: Limits) -> None:
        settings = self._settings_v2 if self.version == 2 else self._settings_v1
        for controller, name, value in settings(limits):
            if controller in self.paths:
                (self.paths[controller] / name).write_text(value)

    def _settings_v1(self, limits: Limits) -> list[tuple[str, str, str]]:
        return [
            ("memory", "memory.limit_in_bytes", str(limits.memory_bytes)),
            ("pids", "pids.max", str(limits.processes + PROCESS_OVERHEAD)),
            ("cpu", "cpu.cfs_period_us", str(_CPU_PERIOD_US)),
            ("cpu", "cpu.cfs_quota_us", str(_CPU_PERIOD_US)),
        ]

    def _settings_v2(self, limits: Limits) -> list[tuple[str, str, str]]:
        return [
            ("memory", "memory.max", str(limits.memory_bytes)),
            ("memory", "memory.oom.group", f"{self.dies_whole:d}"),
            ("pids", "pids.max", str(limits.processes + PROCESS_OVERHEAD)),
            ("cpu", "cpu.max", f"{_CPU_PERIOD_US} {_CPU_PERIOD_US}"),
        ]

    def _forbid_swap(self, limits: Limits) -> None:
        """Not every kernel accounts swap; where it does, none is given."""
        if "memory" not in self.paths:
            return
        name, value = (
            ("memory.swap.max", "0")
            if self.version == 2
            else ("memory.memsw.limit_in_bytes", str(limits.memory_bytes))
        )
        target = self.paths["memory"] / name
        if target.exists():
            target.write_text(value)

    def oom_kills(self) -> int:
        """How many processes the kernel killed for memory in this group."""
        if "memory" not in self.paths:
            return 0
        name = "memory.events" if self.version == 2 else "memory.oom_control"
        return _read_key(self.paths["memory"] / name, "oom_kill")

    def peak_memory(self) -> int:
        if "memory" not in self.paths:
            return 0
        name = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        with suppress(OSError, ValueError):
            return int((self.paths["memory"] / name).read_text())
        return 0

    def forget_peak(self) -> None:
        """Count the peak from now, where the kernel can (version 1)."""
        if "memory" in self.paths and self.version == 1:
            with suppress(OSError):
                (self.paths["memory"] / "memory.max_usage_in_bytes").write_text("0")

    def hurry(self) -> None:
        """Let it use any processor, to die: what is killed still has to free all it
        held, and would wait for its share of time."""
        name, value = (
            ("cpu.max", "max") if self.version == 2 else ("cpu.cfs_quota_us", "-1")
        )
        if "cpu" in self.paths:
            with suppress(OSError):
                (self.paths["cpu"] / name).write_text(value)

    def processes(self) -> set[int]:
        found: set[int] = set()
        for path in self.procs_files:
            with suppress(OSError):
                found.update(map(int, Path(path).read_text().split()))
        return found

    def kill(self) -> None:
        """SIGKILL everything inside, also what left its process group."""
        for path in self.directories:
            switch = path / "cgroup.kill"
            if switch.exists():
                with suppress(OSError):
                    switch.write_text("1")
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, 9)

    def remove_empty(self) -> bool:
        """True when no directory of the group is left."""
        for path in self.directories:
            with suppress(OSError):
                path.rmdir()
        return not any(path.exists() for path in self.directories)

    async def remove(self) -> bool:
        """Kill what is left and remove the group; False when it would not go."""
        deadline = asyncio.get_running_loop().time() + _REMOVAL_SECONDS
        pause = 0.002
        while not self.remove_empty():
            if asyncio.get_running_loop().time() > deadline:
                logger.error("a control group of a sandbox could not be removed")
                return False
            self.kill()
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.1)
        return True


def _read_key(path: Path, key: str) -> int:
    with suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == key:
                return int(value)
    return 0
