"""Leases one unprivileged uid per live sandbox, machine-wide."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from runner.errors import RunnerBusyError, SandboxUnavailableError

FIRST_UID = 61000
LAST_UID = 61999


@contextmanager
def lease_uid(*, is_root: bool) -> Iterator[int]:
    """A uid no other live sandbox of this machine has; our own when not root.

    The lease is a bound abstract socket, so it also holds between several runners
    and ends with the process that holds it.
    """
    if not is_root:
        if os.geteuid() == 0:
            raise SandboxUnavailableError("The sandbox may not run as root.")
        yield os.geteuid()
        return
    with _bind_free_uid() as (uid, _lock):
        yield uid


@contextmanager
def _bind_free_uid() -> Iterator[tuple[int, socket.socket]]:
    span = LAST_UID - FIRST_UID + 1
    start = random.randrange(span)  # noqa: S311 - spreads runners, no secret
    for step in range(span):
        uid = FIRST_UID + (start + step) % span
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind(f"\0interviewlm-sandbox-uid-{uid}")
        except OSError:
            lock.close()
            continue
        with lock:
            yield uid, lock
        return
    raise RunnerBusyError("Every sandbox account is in use. Try again in a moment.")
