"""One child process: how it is started, watched and stopped."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from interviewlm.demo.pdeathsig import tie_to_parent

LOG_BYTES = 5_000_000
PLAIN_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "USER")


@dataclass(frozen=True, slots=True)
class Spec:
    """What to run under which name.

    `knows_secrets` is off for what must not even inherit a key: the runner.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    knows_secrets: bool = True

    def full_env(self, outer: Mapping[str, str]) -> dict[str, str]:
        """Return the environment it starts with."""
        kept = outer if self.knows_secrets else PLAIN_VARIABLES
        return {name: outer[name] for name in kept if name in outer} | dict(self.env)


class Child:
    """A running process in a group of its own, its output in a file."""

    def __init__(self, spec: Spec, logs: Path, cwd: Path) -> None:
        self.spec = spec
        self.log = logs / f"{spec.name}.log"
        self._cwd = cwd
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; its earlier output is kept up to a size."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 -- our own command lines
                self.spec.argv,
                cwd=self._cwd,
                env=self.spec.full_env(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=tie_to_parent(),
            )

    @property
    def pid(self) -> int | None:
        """Return its process id while it has one."""
        return self._process.pid if self._process else None

    def exit_code(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._process.poll() if self._process else None

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started and is still in its group."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def terminate(self) -> None:
        """Ask it, and only it, to end: it ends its own children in order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def reap(self) -> None:
        """Collect it once it was killed."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=5)

    def last_words(self) -> str:
        """Return the last line it wrote."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""
