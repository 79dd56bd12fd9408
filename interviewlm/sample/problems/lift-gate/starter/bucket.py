"""One guest's allowance of rides."""

from clock import ManualClock

MS_PER_MINUTE = 60_000


class TokenBucket:
    """Starts full, pays out whole tokens, refills at a steady rate."""

    def __init__(self, capacity: int, per_minute: int, clock: ManualClock) -> None:
        self.capacity = capacity
        self.per_minute = per_minute
        self._clock = clock
        self._tokens = capacity
        self._last = clock.now_ms()

    @property
    def left(self) -> int:
        """Whole tokens available since the last refill."""
        return self._tokens

    def take(self, count: int = 1) -> bool:
        """Pay out count tokens, or nothing when there are too few."""
        self._refill()
        if self._tokens < count:
            return False
        self._tokens -= count
        return True

    def _refill(self) -> None:
        now = self._clock.now_ms()
        elapsed = now - self._last
        earned = elapsed * self.per_minute // MS_PER_MINUTE
        self._tokens = min(self.capacity, self._tokens + earned)
        self._last = now
