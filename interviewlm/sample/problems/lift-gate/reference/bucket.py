"""One guest's allowance of rides."""

from clock import ManualClock

# One token is 60,000 units, so one millisecond earns exactly per_minute units
# and no fraction is ever lost.
UNITS_PER_TOKEN = 60_000


class TokenBucket:
    """Starts full, pays out whole tokens, refills at a steady rate."""

    def __init__(self, capacity: int, per_minute: int, clock: ManualClock) -> None:
        self.capacity = capacity
        self.per_minute = per_minute
        self._clock = clock
        self._units = capacity * UNITS_PER_TOKEN
        self._last = clock.now_ms()

    @property
    def left(self) -> int:
        """Whole tokens available since the last refill."""
        return self._units // UNITS_PER_TOKEN

    def take(self, count: int = 1) -> bool:
        """Pay out count tokens, or nothing when there are too few."""
        self._refill()
        cost = count * UNITS_PER_TOKEN
        if self._units < cost:
            return False
        self._units -= cost
        return True

    def wait_ms(self, count: int = 1) -> int | None:
        """Return how long until count tokens are there; None when never."""
        self._refill()
        missing = count * UNITS_PER_TOKEN - self._units
        if missing <= 0:
            return 0
        if count > self.capacity or self.per_minute == 0:
            return None
        return -(-missing // self.per_minute)

    def _refill(self) -> None:
        now = self._clock.now_ms()
        earned = (now - self._last) * self.per_minute
        self._units = min(self.capacity * UNITS_PER_TOKEN, self._units + earned)
        self._last = now
