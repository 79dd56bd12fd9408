"""Ends whatever is still alive of an account that belongs to one workspace alone."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from runner.errors import SandboxFailedError

_SECONDS = 2.0
_PAUSE_SECONDS = 0.01


def end_survivors(uid: int) -> None:
    """Kill every process of `uid`. A run takes its processes along when it ends; this is
    for the run that could not be stopped. SandboxFailedError when one would not die."""
    ends = time.monotonic() + _SECONDS
    while pids := _find_processes(uid):
        if time.monotonic() > ends:
            raise SandboxFailedError("A sandbox could not be stopped.")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_PAUSE_SECONDS)


def _find_processes(uid: int) -> list[int]:
    """Live processes; one that only waits to be buried holds nothing any more."""
    found: list[int] = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError, IndexError):
                state = Path(entry, "stat").read_text().rpartition(")")[2].split()[0]
                if entry.stat().st_uid == uid and state not in "ZX":
                    found.append(int(entry.name))
    return found
