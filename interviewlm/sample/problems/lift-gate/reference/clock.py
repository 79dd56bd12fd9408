"""The gate's idea of time, in whole milliseconds."""


class ManualClock:
    """A clock that never shows less than it has shown before."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms

    def set(self, now_ms: int) -> None:
        """Take over a new reading; an earlier one leaves the time as it is."""
        self._now_ms = max(self._now_ms, now_ms)

    def now_ms(self) -> int:
        """Return the latest time seen."""
        return self._now_ms
