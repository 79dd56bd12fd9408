"""The calls of a turn at their time: each counts towards its organisation's minute."""

from functools import partial

from assistant.protocol import waiting_frame
from assistant.providers.trace import CallTrace
from assistant.services.limits import take_step
from assistant.services.request_limits import take_in_time
from assistant.turns.live import LiveTurn
from assistant.turns.telemetry import REQUEST_WAITS
from assistant.turns.threads import in_thread


class Pace:
    """Takes a request for each call of one turn; `is_paid` says that one is taken."""

    def __init__(self, live: LiveTurn, *, is_paid: bool) -> None:
        self._live = live
        self._is_paid = is_paid

    async def take(self) -> float:
        """Have a request taken for the next call, and pages shown that it is waited for.

        Returns 0, or the seconds after which there may be one: more than is waited.
        """
        if self._is_paid:
            return 0.0
        waits: list[float] = []

        def tell(seconds: float) -> None:
            if not waits:
                self._live.tell(waiting_frame(self._live.id, seconds))
            waits.append(seconds)

        take = partial(in_thread(take_step), self._live.id)
        wait = await take_in_time(take, on_wait=tell)
        if waits:
            self._live.tell(waiting_frame(self._live.id, 0.0))
        if waits or wait:
            REQUEST_WAITS.labels("given_up" if wait else "taken").inc()
        self._is_paid = not wait
        return wait

    async def begin_try(self, trace: CallTrace | None) -> float:
        """Let a try go out, as `take` does; its times count from now."""
        wait = await self.take()
        self._is_paid = False
        if trace is not None:
            trace.restart()
        return wait
