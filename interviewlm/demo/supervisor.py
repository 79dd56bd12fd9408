"""Keeps children running until told to stop, then leaves none behind."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from interviewlm.demo.children import Child, Spec
from tools.bootstrap.console import SetupError, say

STOP_SECONDS = 10.0
TICK_SECONDS = 0.2
STEADY_SECONDS = 60.0
LONGEST_WAIT = 30.0
TRIES_BEFORE_READY = 3


@dataclass(slots=True)
class _Watched:
    child: Child
    started_at: float
    failures: int = 0
    restart_at: float | None = None


class Supervisor:
    """Starts children, restarts those that die, stops all of them.

    Start children from the main thread only (see `pdeathsig`).
    """

    def __init__(self, logs: Path, cwd: Path) -> None:
        self._logs = logs
        self._cwd = cwd
        self._watched: list[_Watched] = []
        self._told_to_stop = threading.Event()
        self._raises = False
        self.is_ready = False

    def install_signal_handlers(self) -> None:
        """Have Ctrl-C and SIGTERM end `run_until_told` and every wait."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_stop.set()
        if self._raises:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Have a stop signal interrupt whatever runs inside."""
        self._raises = True
        try:
            yield
        finally:
            self._raises = False

    @property
    def is_stopping(self) -> bool:
        """Return whether it was told to stop."""
        return self._told_to_stop.is_set()

    def stop_soon(self) -> None:
        """Do as if told by a signal."""
        self._told_to_stop.set()

    def start(self, specs: Iterable[Spec]) -> None:
        """Start more children."""
        for spec in specs:
            child = Child(spec, self._logs, self._cwd)
            # Known before it starts: a signal in between must still find it.
            self._watched.append(_Watched(child, time.monotonic()))
            child.start()

    def pids(self) -> dict[str, int | None]:
        """Return the process ids by name."""
        return {watched.child.spec.name: watched.child.pid for watched in self._watched}

    def wait_for(self, is_there: Callable[[], bool], seconds: float) -> bool:
        """Tick until `is_there`, for at most so long; False if not, or told to stop."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.is_stopping:
            if is_there():
                return True
            self._tick()
        return False

    def run_until_told(self) -> None:
        """Keep everything running until told to stop."""
        while not self.is_stopping:
            self._tick()

    def _tick(self) -> None:
        self._told_to_stop.wait(TICK_SECONDS)
        if self.is_stopping:
            return
        for watched in self._watched:
            self._look_after(watched, time.monotonic())

    def _look_after(self, watched: _Watched, now: float) -> None:
        if watched.restart_at is not None:
            if now >= watched.restart_at:
                watched.restart_at = None
                watched.started_at = now
                watched.child.start()
            return
        code = watched.child.exit_code()
        if code is None:
            return
        if now - watched.started_at > STEADY_SECONDS:
            watched.failures = 0
        watched.failures += 1
        self._say_died(watched, code)
        watched.child.signal_group(signal.SIGKILL)
        watched.restart_at = now + restart_wait(watched.failures)

    def _say_died(self, watched: _Watched, code: int) -> None:
        child = watched.child
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        if not self.is_ready and watched.failures >= TRIES_BEFORE_READY:
            raise SetupError(
                f"The {child.spec.name} does not start: it {how}.",
                f"It said: {child.last_words()}\nDetails: {child.log}",
            )
        wait = restart_wait(watched.failures)
        say(f"  The {child.spec.name} {how}; starting it again in {wait:.0f} s.")

    def stop(self) -> Sequence[str]:
        """Stop every child, the last started first; return who had to be killed."""
        self._told_to_stop.set()
        children = [watched.child for watched in reversed(self._watched)]
        for child in children:
            child.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(_is_running(c) for c in children):
            time.sleep(0.05)
        killed = [child.spec.name for child in children if _is_running(child)]
        for child in children:
            child.signal_group(signal.SIGKILL)
        for child in children:
            child.reap()
        self._watched.clear()
        return killed


def restart_wait(failures: int) -> float:
    """Return how long to wait before the next try: 1, 2, 4 … 30 seconds."""
    return min(LONGEST_WAIT, 2.0 ** (failures - 1))


def _is_running(child: Child) -> bool:
    return child.pid is not None and child.exit_code() is None
