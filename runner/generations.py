"""One directory per running generation, so that a new runner starts beside an old one.

Each holds a lock in its directory for as long as it lives. What a dead one left is
swept by whoever starts next; a live one is never touched.
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from runner.bwrap.leftovers import sweep
from runner.errors import RunnerError
from runner.workspaces.disks import Disks

logger = logging.getLogger(__name__)

_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Generation:
    """One runner among those of a state directory."""

    name: str
    directory: Path

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While no other generation of the state directory comes or goes."""
        with _open_lock(self.directory.parent) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def hold_generation(state_dir: Path) -> Iterator[Generation]:
    """A directory of our own, after the leftovers of dead generations are gone.

    Others may pass through both, since the homes of workspaces are bound as the
    accounts they belong to, but see nothing in them.
    """
    try:
        _make_folder(state_dir)
        name = uuid4().hex
        generation = Generation(name, state_dir / name)
        with generation.alone():
            _sweep_dead(state_dir)
            _make_folder(generation.directory)
            lock = _open_lock(generation.directory)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        message = f"The runner's state directory cannot be used: {error.strerror}."
        raise RunnerError(message) from error
    with lock:
        (generation.directory / "runs").mkdir(mode=0o700)
        try:
            yield generation
        finally:
            with generation.alone():
                _remove(generation.directory)


def _sweep_dead(state_dir: Path) -> None:
    """Kill and remove what generations that have died left behind."""
    for directory in state_dir.iterdir():
        if directory.is_symlink() or not (directory / _LOCK).is_file():
            continue
        with _open_lock(directory) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            sweep(directory / "runs")
            _remove(directory)
            logger.warning("swept what an earlier runner left")


def _remove(directory: Path) -> None:
    """The directory and its workspaces, wherever those had to be."""
    disks = Disks(directory, is_root=os.geteuid() == 0)
    try:
        disks.prepare()
        disks.close()
        shutil.rmtree(directory)
    except (OSError, RunnerError):
        logger.exception("the directory of a runner could not be removed")


def _open_lock(directory: Path) -> TextIO:
    return (directory / _LOCK).open("w")


def _make_folder(directory: Path) -> None:
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700, parents=True)
    directory.chmod(0o711)
