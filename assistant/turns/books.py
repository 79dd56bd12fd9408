"""What a turn's calls mean for the ledger, the clock and the timeline, as they go."""

from datetime import datetime
from uuid import UUID

from assistant.configuration import Configuration
from assistant.providers.parts import AnswerStarted, ChatRequest, TryBegun, TryFailed
from assistant.services.endings import TurnOutcome
from assistant.services.fallbacks import tell_fallback, tell_lost_time
from assistant.services.metering import (
    bound_chat_input,
    rebook_turn,
    record_failed_try,
    settle_part,
)
from assistant.turns.telemetry import FAILED_TRIES, FALLBACKS
from assistant.turns.threads import in_thread
from base.clock import now


class Books:
    """Keeps one reservation for the call under way, under its own model and key."""

    def __init__(
        self,
        turn_id: UUID,
        first: Configuration,
        request: ChatRequest,
        *,
        step: int = 0,
    ) -> None:
        self._turn_id = turn_id
        self._step = step
        self._request = request
        self._first = first
        self._target = first
        self._booked: tuple[str, str, str] | None = _account(first)
        self._lost_since: datetime | None = None
        self._began_at = now()
        self._code = ""

    async def begin_try(self, begun: TryBegun) -> bool:
        """Reserve anew where another model or key is asked, or another call begins.

        False where the turn is over, BudgetSpentError and SpendingStoppedError: then it
        is not asked.
        """
        self._began_at = now()
        if begun.target is None:
            return True
        self._target = begun.target
        if self._booked == _account(begun.target):
            return True
        is_booked: bool = await in_thread(rebook_turn)(
            self._turn_id,
            begun.target,
            input_tokens=bound_chat_input(self._request),
            output_tokens=self._request.max_tokens,
            step=self._step,
        )
        if is_booked:
            self._booked = _account(begun.target)
        return is_booked

    async def fail_try(self, failed: TryFailed) -> None:
        """Write a try that failed; raises BudgetSpentError or SpendingStoppedError."""
        self._lost_since = self._lost_since or self._began_at
        self._code = failed.code
        target = self._target
        FAILED_TRIES.labels(target.provider, target.model, failed.code).inc()
        await in_thread(record_failed_try)(self._turn_id, failed)

    def begin_anew(self, request: ChatRequest, *, step: int) -> None:
        """Another request is sent in the place of one that was refused."""
        self._request, self._step = request, step
        self._booked = None

    async def end_call(self, outcome: TurnOutcome) -> None:
        """Write a call that ended while the answer goes on in another."""
        await in_thread(settle_part)(self._turn_id, outcome)
        self._booked = None

    async def tell_start(self, started: AnswerStarted) -> None:
        """Say who answers instead of the chosen model; give lost time back."""
        if started.fallback_from:
            FALLBACKS.labels(started.fallback_from, started.model).inc()
            await in_thread(tell_fallback)(
                self._turn_id,
                chosen=started.fallback_from,
                model=started.model,
                provider=self._target.provider,
                code=self._code or "overloaded_error",
            )
        if self._lost_since is not None:
            began_at, self._lost_since = self._lost_since, None
            await in_thread(tell_lost_time)(
                self._turn_id,
                began_at=began_at,
                ended_at=self._began_at,
                detail=self._code,
            )


def _account(target: Configuration) -> tuple[str, str, str]:
    """Return what a call is booked under."""
    return target.provider, target.model, target.key_label
