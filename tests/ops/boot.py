"""Runs the demo or the cluster as a person would, for the tests of both."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 240
STOP_SECONDS = 25


@dataclass(slots=True)
class Running:
    """A demo or cluster that was started, its output, and who belongs to it."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    def text(self) -> str:
        """Return what it printed so far."""
        return self.output.read_text(encoding="utf-8")

    def wait_until_ready(self) -> str:
        """Return the output once it says that it is ready."""
        deadline = time.monotonic() + READY_SECONDS
        while "Ready after" not in self.text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"not ready:\n{self.text()}")
            time.sleep(0.1)
        return self.text()

    def readiness(self) -> dict[str, str]:
        """Return the state of each check of /readyz."""
        address = f"http://127.0.0.1:{self.port}/readyz"
        with urllib.request.urlopen(address, timeout=20) as answer:
            body: dict[str, Any] = json.load(answer)
        return {check["name"]: check["status"] for check in body["checks"]}

    def family(self) -> list[psutil.Process]:
        """Return it and everything below it."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send the signal to it alone and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def running(module: str, folder: Path, port: int) -> Iterator[Running]:
    """Start the command with its data in the folder; leave nothing of it behind."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "output.txt"
    env = {name: value for name, value in os.environ.items() if name in KEPT}
    argv = [sys.executable, "-m", module, "--port", str(port), "--folder", str(folder)]
    with output.open("wb") as sink:
        process = subprocess.Popen(
            argv, cwd=ROOT, env=env, stdout=sink, stderr=subprocess.STDOUT
        )
    started = Running(process, port, output)
    try:
        yield started
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
        process.kill()
        process.wait()


def all_gone(family: list[psutil.Process], seconds: float = 20) -> list[str]:
    """Wait for their end; return the command lines of those still there."""
    _gone, alive = psutil.wait_procs(family, timeout=seconds)
    return [" ".join(process.cmdline()) for process in alive]


KEPT = {"PATH", "HOME", "LANG", "TMPDIR"}
KEPT |= {name for name in os.environ if name.startswith("COVERAGE_")}
