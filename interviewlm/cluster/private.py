"""A private server process: its folder, its account, its start and its certain end."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interviewlm.demo.pdeathsig import tie_to_parent
from tools.bootstrap.console import SetupError

START_SECONDS = 30.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Account:
    """Whom the server runs as."""

    uid: int
    gid: int


def unprivileged_account(*names: str) -> Account | None:
    """Return the first of these accounts when we are root, else None: stay who we are."""
    if os.geteuid() != 0:
        return None
    for name in names:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise SetupError(
        f"None of the accounts {', '.join(names)} exists on this machine.",
        "Run this as an ordinary user instead of root.",
    )


@contextlib.contextmanager
def folder(name: str, account: Account | None) -> Iterator[Path]:
    """Yield a temporary folder that belongs to the account; remove it at the end."""
    path = Path(tempfile.mkdtemp(prefix=f"interviewlm-{name}-"))
    try:
        if account is not None:
            os.chown(path, account.uid, account.gid)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run_once(argv: Sequence[str], account: Account | None, *, failure: str) -> None:
    """Run a preparing command as the account."""
    done = subprocess.run(  # noqa: S603 -- our own command lines
        argv,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        **_as(account),
    )
    if done.returncode != 0:
        raise SetupError(failure, f"It said: {(done.stderr or done.stdout).strip()}")


@contextlib.contextmanager
def process(
    argv: Sequence[str],
    *,
    log: Path,
    account: Account | None,
    answers: Callable[[], bool],
    stop: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Run a server until the context is left; raise SetupError if it does not answer."""
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603 -- our own command lines
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            preexec_fn=tie_to_parent(stop),
            **_as(account),
        )
    try:
        _wait_until(answers, server, log)
        yield
    finally:
        _stop(server, stop)


def _wait_until(
    answers: Callable[[], bool], server: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if server.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(encoding="utf-8", errors="replace").strip()
            raise SetupError(
                f"{Path(str(server.args[0])).name} does not start.",  # type: ignore[index]
                f"It said: {words[-500:]}",
            )
        time.sleep(0.05)


def _stop(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    server.send_signal(number)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _as(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
