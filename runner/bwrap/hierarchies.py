"""Finds the control groups this process may nest sandboxes under."""

import logging
import os
import re
from contextlib import suppress
from pathlib import Path

from runner.bwrap.cgroups import CONTROLLERS, PREFIX, Hierarchies

logger = logging.getLogger(__name__)

_RUNNER_LEAF = "iv-runner"
_OCTAL = re.compile(r"\\([0-7]{3})")


def find_hierarchies(proc: Path = Path("/proc/self")) -> Hierarchies:
    """The writable hierarchies, v2 first; empty when limits can only be soft.

    On v2 this moves the runner into a leaf of its own group, because a group with
    processes may not hand controllers to its children.
    """
    mounts = _read_mounts(proc / "mountinfo")
    own = _read_own(proc / "cgroup")
    return _find_v2(mounts, own) or _find_v1(mounts, own) or Hierarchies()


def _find_v1(
    mounts: list[tuple[str, str, Path, set[str]]], own: dict[str, str]
) -> Hierarchies | None:
    parents = {}
    for kind, root, point, options in mounts:
        for controller in CONTROLLERS:
            if kind != "cgroup" or controller not in options or controller not in own:
                continue
            parent = _own_directory(root, point, own[controller])
            if parent and _can_nest(parent, _V1_FILES[controller]):
                parents[controller] = parent
    return Hierarchies(version=1, parents=parents) if parents else None


def _find_v2(
    mounts: list[tuple[str, str, Path, set[str]]], own: dict[str, str]
) -> Hierarchies | None:
    for kind, root, point, _options in mounts:
        parent = _own_directory(root, point, own[""]) if "" in own else None
        if kind != "cgroup2" or parent is None:
            continue
        if parent.name == _RUNNER_LEAF:
            parent = parent.parent
        offered = set(_read_words(parent / "cgroup.controllers"))
        wanted = [name for name in CONTROLLERS if name in offered]
        if wanted and _delegate(parent, wanted):
            return Hierarchies(version=2, parents=dict.fromkeys(wanted, parent))
    return None


_V1_FILES = {
    "memory": "memory.limit_in_bytes",
    "pids": "pids.max",
    "cpu": "cpu.cfs_quota_us",
}


def _can_nest(parent: Path, limit_file: str) -> bool:
    """Make and remove a group, as a sandbox would."""
    probe = parent / f"{PREFIX}check-{os.getpid()}"
    try:
        probe.mkdir()
    except OSError:
        return False
    usable = os.access(probe / limit_file, os.W_OK)
    with suppress(OSError):
        probe.rmdir()
    return usable


def _delegate(parent: Path, wanted: list[str]) -> bool:
    control = parent / "cgroup.subtree_control"
    if not os.access(control, os.W_OK):
        return False
    if set(wanted) <= set(_read_words(control)):
        return _can_nest(parent, "pids.max")
    others = {int(pid) for pid in _read_words(parent / "cgroup.procs")} - {os.getpid()}
    if others:
        logger.warning("the runner's control group is shared, so limits are soft")
        return False
    try:
        (parent / _RUNNER_LEAF).mkdir(exist_ok=True)
        (parent / _RUNNER_LEAF / "cgroup.procs").write_text(str(os.getpid()))
        control.write_text(" ".join(f"+{name}" for name in wanted))
    except OSError:
        return False
    return True


def _own_directory(root: str, point: Path, own: str) -> Path | None:
    """Our group below a mount that may show only a part of the hierarchy."""
    if root != "/" and own != root and not own.startswith(root + "/"):
        return None
    relative = own.removeprefix(root if root != "/" else "").lstrip("/")
    directory = point / relative
    return directory if directory.is_dir() and ".." not in relative else None


def _read_words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _read_own(path: Path) -> dict[str, str]:
    own = {}
    for line in _read_lines(path):
        _number, controllers, directory = line.split(":", 2)
        for controller in controllers.split(","):
            own[controller] = directory
    return own


def _read_mounts(path: Path) -> list[tuple[str, str, Path, set[str]]]:
    """(type, root within the hierarchy, mount point, options) of every cgroup mount."""
    mounts = []
    for line in _read_lines(path):
        left, _, right = line.partition(" - ")
        fields, tail = left.split(), right.split()
        if tail and tail[0] in {"cgroup", "cgroup2"}:
            point = _OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4])
            mounts.append((tail[0], fields[3], Path(point), set(tail[-1].split(","))))
    return mounts


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
