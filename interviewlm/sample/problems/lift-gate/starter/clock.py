"""The gate's idea of time, in whole milliseconds."""


class ManualClock:
    """A clock that shows what it was last set to."""

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms

    def set(self, now_ms: int) -> None:
        """Take over a new reading."""
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Return the current reading."""
        return self._now_ms
