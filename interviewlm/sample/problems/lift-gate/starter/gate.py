"""The gate: one bucket per pass, one decision per party."""

from typing import Any

from bucket import TokenBucket
from clock import ManualClock


class LiftGate:
    """Admits parties while their pass has tokens for everyone in them."""

    def __init__(self, config: dict[str, dict[str, int]], clock: ManualClock) -> None:
        self._config = config
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}

    def decide(self, pass_id: str, kind: str, party: int) -> dict[str, Any]:
        """Return what the gate does with this party now."""
        bucket = self._bucket(pass_id, kind)
        admitted = bucket.take(party)
        return {
            "pass": pass_id,
            "admitted": admitted,
            "left": bucket.left,
            "retry_after_ms": None,
        }

    def _bucket(self, pass_id: str, kind: str) -> TokenBucket:
        if pass_id not in self._buckets:
            rules = self._config[kind]
            self._buckets[pass_id] = TokenBucket(
                rules["capacity"], rules["per_minute"], self._clock
            )
        return self._buckets[pass_id]
