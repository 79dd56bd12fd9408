"""Noticing a model that goes round in circles."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

# So often the same call is made; what comes then is not run any more.
MOST_REPEATS = 3
# A sequence of so many failing calls is not gone through twice.
_SEQUENCES = (2, 3)

TOLD = (
    "This was not run: you have made this very call before, and it gave you its answer "
    "then. Stop using tools and answer with what you have."
)


def spell_call(name: str, given: Mapping[str, Any] | None) -> str:
    """Return the one spelling of a call, by which repeats are known."""
    return json.dumps([name, given], sort_keys=True, separators=(",", ":"))


class LoopWatch:
    """Watches the calls of one turn; `note` each that ended, ask before the next.

    What may have changed something makes room for the same question again: the tests
    may be run once more after a command.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._ended: list[tuple[str, bool]] = []

    def is_circling(self, call: str) -> bool:
        """Say whether this call would be one too many."""
        if self._counts[call] >= MOST_REPEATS - 1:
            return True
        return any(self._repeats(call, length) for length in _SEQUENCES)

    def note(self, call: str, *, has_failed: bool, is_reading: bool) -> None:
        """Take a call that was made, and how it ended."""
        is_new = call not in self._counts
        if is_new and not is_reading and not has_failed:
            self._counts.clear()
        self._counts[call] += 1
        self._ended.append((call, has_failed))

    def _repeats(self, call: str, length: int) -> bool:
        """Say whether this call ends a failing sequence that was just gone through."""
        before = self._ended[-(2 * length - 1) :]
        if len(before) < 2 * length - 1 or not all(failed for _call, failed in before):
            return False
        calls = [*(made for made, _failed in before), call]
        return calls[:length] == calls[length:]
