"""Ties a child's life to its parent's, so that nothing is left if the parent is killed."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def tie_to_parent(
    number: signal.Signals = signal.SIGTERM,
) -> Callable[[], None] | None:
    """Return what a child runs between fork and exec, or None where there is no way.

    The signal comes when the spawning *thread* ends, so spawn from the main thread.
    The library is loaded here, before the fork: the child only makes two calls.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and here
            os.kill(os.getpid(), number)

    return tie
