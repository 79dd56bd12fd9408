"""The real runner in a process of its own, as in production."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.bwrap.host import Host
from runner.toolchain.build import build

ROOT = Path(__file__).resolve().parents[2]
TOOLCHAIN = ROOT / "var" / "toolchain"
START_SECONDS = 30


def require_sandbox() -> None:
    """Left out only on a machine without bubblewrap, and never in CI."""
    if Host().tools.bwrap.exists() and not Host().tools.missing():
        return
    if os.environ.get("CI") == "true":
        pytest.fail("CI has no bubblewrap, so running code is not tested")
    pytest.skip("bubblewrap is not installed on this machine")


class RunnerProcess:
    """A runner that a test may kill and start again on the same socket."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._options = options
        self.socket = folder / "s"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [
            sys.executable,
            "-m",
            "runner",
            "serve",
            "--socket",
            str(self.socket),
        ]
        command += ["--state-dir", str(self.folder / "state"), "--places", "2"]
        command += ["--toolchain", str(TOOLCHAIN), "--no-require-hard-limits"]
        command += self._options
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        ends = time.monotonic() + START_SECONDS
        while not self.socket.is_socket():
            assert self.process.poll() is None, "the runner did not start"
            assert time.monotonic() < ends, "the runner is not ready"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self.socket.unlink(missing_ok=True)

    def stop(self) -> None:
        """Let it end what it has begun."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


@contextmanager
def open_runner(*options: str) -> Iterator[RunnerProcess]:
    """A running runner with the toolchain of this checkout, and these options."""
    require_sandbox()
    build(TOOLCHAIN)
    with tempfile.TemporaryDirectory(prefix="runner-") as folder:
        runner = RunnerProcess(Path(folder), *options)
        runner.start()
        try:
            yield runner
        finally:
            runner.stop()
