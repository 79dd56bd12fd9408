"""A circuit breaker for each provider and model, shared by all processes.

It opens after so many failures in a row, lets one call through after a while, and
closes after so many successes. `purgatory` was looked at: it closes after one.
"""

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from assistant.providers import shared
from base.clock import now

_KEPT_SECONDS = 24 * 3600.0
_PROBE_SECONDS = 60.0

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True)
class Breaker:
    """The breaker of one model of one provider."""

    provider: str
    model: str

    def seconds_to_wait(self) -> float:
        """Return 0 where a call may go out now, else how long it may not.

        Half open, one caller at a time gets through: it has to tell how it went.
        """
        left = self._seconds_open()
        if left is None:
            return 0.0
        if left > 0:
            return left
        return 0.0 if shared.claim(self._name("probe"), _PROBE_SECONDS) else 1.0

    def note_success(self) -> None:
        """A call went well."""
        left = self._seconds_open()
        if left is None:
            if shared.read(self._name("failures")) is not None:
                shared.forget(self._name("failures"))
        elif left <= 0:
            successes = shared.count(self._name("successes"), _KEPT_SECONDS)
            shared.forget(self._name("probe"))
            if successes >= settings.MODEL_CALLS["breaker_successes"]:
                names = ("opened", "failures", "successes")
                shared.forget(*map(self._name, names))

    def note_failure(self) -> None:
        """A call failed on the provider's side."""
        left = self._seconds_open()
        if left is not None and left > 0:
            return
        failures = shared.count(self._name("failures"), _KEPT_SECONDS)
        if left is not None or failures >= settings.MODEL_CALLS["breaker_failures"]:
            shared.forget(self._name("successes"), self._name("probe"))
            shared.write(self._name("opened"), now().timestamp(), _KEPT_SECONDS)

    def note_nothing(self) -> None:
        """A call told nothing of the provider's health: it was stopped, or refused."""
        if self._seconds_open() is not None:
            shared.forget(self._name("probe"))

    def read_state(self) -> State:
        """Return where it stands, for people."""
        left = self._seconds_open()
        if left is None:
            return "closed"
        return "open" if left > 0 else "half_open"

    def _seconds_open(self) -> float | None:
        """Return how long it stays open, at most 0 where it is half open."""
        opened: float | None = shared.read(self._name("opened"))
        if opened is None:
            return None
        until = opened + settings.MODEL_CALLS["breaker_open_seconds"]
        return until - now().timestamp()

    def _name(self, part: str) -> str:
        return shared.name_of(f"breaker-{part}", self.provider, self.model)
