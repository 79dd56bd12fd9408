"""Times inside of the relayed text: one clock for every process of the machine."""

import re
from time import monotonic_ns

SENT = re.compile(rb"@(\d{12})")
ARRIVED = re.compile(rb"!(\d{12})")


def microseconds() -> int:
    """Return the machine's monotonic clock, in twelve digits."""
    return monotonic_ns() // 1000 % 10**12
