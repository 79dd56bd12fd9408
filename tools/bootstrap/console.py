"""What the person sees: short lines with durations, and refusals with their mend."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class SetupError(Exception):
    """Set-up cannot go on: one sentence about what is wrong, one about the mend."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def refuse(error: SetupError) -> None:
    """Print why it stopped and what to do."""
    sys.stdout.flush()
    sys.stderr.write(f"\n{error.message}\n{error.mend}\n")


def duration(seconds: float) -> str:
    """Return the time in the largest unit that reads well."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


@contextmanager
def timed(text: str) -> Iterator[None]:
    """Print `text` when the work begins and how long it took when it ends."""
    sys.stdout.write(f"  {text} … ")
    sys.stdout.flush()
    begun = time.monotonic()
    try:
        yield
    except BaseException:
        say("stopped")
        raise
    say(duration(time.monotonic() - begun))
