"""What one call to a provider was like from here: times, bytes, how it ended."""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Self

from assistant.configuration import Configuration
from base.clock import now


@dataclass
class CallTrace:
    """Filled in while a call goes on; figures and names only, nobody's words.

    `tries` counts the calls made to this target for the same answer, this one
    included; `fallback_from` names the model that should have been asked. Times are
    milliseconds from the moment the request went out: to the head of the response, to
    the first piece the model wrote, of whatever kind, and to the end. `status` is the
    response's, None where none came; bytes are those of the bodies, unpacked.
    """

    provider: str
    asked: str
    key_label: str
    is_simulated: bool
    tries: int = 1
    fallback_from: str = ""
    answered: str = ""
    request_id: str = ""
    status: int | None = None
    stop_reason: str = ""
    error_code: str = ""
    first_byte_ms: int | None = None
    first_token_ms: int | None = None
    duration_ms: int | None = None
    bytes_out: int = 0
    bytes_in: int = 0
    at: datetime = field(default_factory=now)
    _began: float = field(default_factory=monotonic, repr=False)

    @classmethod
    def begin(
        cls, target: Configuration, *, tries: int = 1, fallback_from: str = ""
    ) -> Self:
        """Return the trace of a call that goes out now."""
        return cls(
            provider=target.provider,
            asked=target.model,
            key_label=target.key_label,
            is_simulated=target.is_simulated,
            tries=tries,
            fallback_from=fallback_from,
        )

    def restart(self) -> None:
        """The request goes out only now."""
        self.at, self._began = now(), monotonic()

    def note_head(self, status: int, request_id: str) -> None:
        """The head of the response is here."""
        self.status = status
        self.request_id = request_id or self.request_id
        if self.first_byte_ms is None:
            self.first_byte_ms = self._elapsed()

    def note_token(self) -> None:
        """The model wrote something; only the first time counts."""
        if self.first_token_ms is None:
            self.first_token_ms = self._elapsed()

    def end(self, *, stop_reason: str = "", error_code: str = "") -> None:
        """The call is over; who first says how is believed.

        What goes wrong with an answer afterwards is no failure of its call.
        """
        if self.duration_ms is None:
            self.duration_ms = self._elapsed()
        if not self.stop_reason and not self.error_code:
            self.stop_reason, self.error_code = stop_reason, error_code

    def _elapsed(self) -> int:
        return int((monotonic() - self._began) * 1000)
