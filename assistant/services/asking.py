"""One answer outside a conversation (a judgement, a hint): asked, booked, recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async

from assistant.configuration import Configuration
from assistant.context.texts import estimate_tokens
from assistant.errors import AssistantError, ProviderError
from assistant.providers.answering import stream_answer
from assistant.providers.clients import close_clients
from assistant.providers.parts import (
    AnswerEnded,
    AnswerPart,
    AnswerStarted,
    AnswerText,
    AnswerThought,
    AnswerUsage,
    ChatRequest,
    TryBegun,
    TryFailed,
)
from assistant.providers.trace import CallTrace
from assistant.services.calls import record_call
from assistant.services.metering import (
    bound_chat_input,
    describe_call,
    failure_report,
    reserve_call,
)
from assistant.services.request_limits import (
    take_in_time,
    take_request,
    too_many_requests,
)
from base.detached import to_its_end
from billing.enums import Outcome
from billing.models import Reservation, Usage
from billing.services.ledger import Report
from billing.services.reservations import record_attempt, release, settle
from interviews.models import Interview

# Makes a service awaitable, by running it in some thread.
InThread = Callable[[Callable[..., Any]], Callable[..., Awaitable[Any]]]


@dataclass
class OneAnswer:
    """What came, what it took, and who gave it; `settle_answer` books it.

    `fallback_from` names the model that should have answered and could not.
    """

    text: str = ""
    stop_reason: str = ""
    model: str = ""
    request_id: str = ""
    fallback_from: str = ""
    is_simulated: bool = False
    usage: dict[str, Any] = field(default_factory=dict)
    thought: int = 0


class SingleCall:
    """One answer of whoever can give it: tries, keys, breaker and stand-ins as in a chat.

    For synchronous callers outside an event loop. Each try is in the ledger under its
    own model and key, and takes one of the organisation's requests of the minute, but
    the first of what `is_paid`: who asked for it has taken that.
    """

    def __init__(
        self,
        interview: Interview,
        *,
        purpose: str,
        labels: Mapping[str, str] | None = None,
        for_staff: bool = False,
        is_paid: bool = False,
    ) -> None:
        self._interview = interview
        self._purpose = purpose
        self._labels = labels
        self._for_staff = for_staff
        self._is_paid = is_paid
        self._booked: Configuration | None = None
        self._reservation: Reservation | None = None
        self._trace: CallTrace | None = None
        self._answer = OneAnswer()

    def ask(self, targets: Sequence[Configuration], request: ChatRequest) -> OneAnswer:
        """Reserve and ask; `settle` is then to be called, once.

        Raises BudgetSpentError, SpendingStoppedError, TooManyAsksError or
        ProviderError: then all is settled already.
        """
        self._book(targets[0], request)
        try:
            async_to_sync(self._read, force_new_loop=True)(targets, request)
        except ProviderError as error:
            self._settle(self._failed(error), error_code=error.code)
            raise
        except AssistantError:
            self._drop()
            raise
        return self._answer

    def settle(self) -> Usage | None:
        """Write what the answer took; joins the caller's transaction."""
        answer = self._answer
        is_refused = answer.stop_reason == "refusal"
        return self._settle(
            Report(
                Outcome.REFUSED if is_refused else Outcome.FINISHED,
                raw=answer.usage,
                model=answer.model,
                request_id=answer.request_id,
            )
        )

    async def ask_live(
        self,
        targets: Sequence[Configuration],
        request: ChatRequest,
        in_thread: InThread,
    ) -> OneAnswer:
        """Do as `ask` within a running loop, whose clients stay open.

        `in_thread` runs what needs the database. Cancelling stops the model; what had
        arrived is settled then, too.
        """
        try:
            await to_its_end(in_thread(self._book)(targets[0], request))
            await self._read_parts(targets, request, in_thread)
        except asyncio.CancelledError:
            report = replace(self._partial(), outcome=Outcome.STOPPED)
            await asyncio.shield(in_thread(self._settle)(report))
            raise
        except ProviderError as error:
            await in_thread(self._settle)(self._failed(error), error_code=error.code)
            raise
        except AssistantError:
            await in_thread(self._drop)()
            raise
        return self._answer

    async def _read(
        self, targets: Sequence[Configuration], request: ChatRequest
    ) -> None:
        try:
            await self._read_parts(targets, request, sync_to_async)
        finally:
            await close_clients()

    async def _read_parts(
        self,
        targets: Sequence[Configuration],
        request: ChatRequest,
        in_thread: InThread,
    ) -> None:
        async with aclosing(stream_answer(targets, request)) as parts:
            async for part in parts:
                if isinstance(part, TryBegun):
                    await self._take_request(part, in_thread)
                    await to_its_end(in_thread(self._begin)(part, request))
                elif isinstance(part, TryFailed):
                    await to_its_end(in_thread(self._fail)(part))
                else:
                    self._take(part)

    async def _take_request(self, begun: TryBegun, in_thread: InThread) -> None:
        """Take one of the organisation's requests for a try. Raises TooManyAsksError."""
        is_paid, self._is_paid = self._is_paid, False
        if is_paid:
            return
        organisation = self._interview.organisation_id
        wait = await take_in_time(partial(in_thread(take_request), organisation))
        if wait:
            raise too_many_requests(wait)
        if begun.trace is not None:
            begun.trace.restart()

    def _begin(self, begun: TryBegun, request: ChatRequest) -> None:
        self._trace = begun.trace
        self._answer = OneAnswer()
        if begun.target is not None:
            self._book(begun.target, request)
            self._answer.is_simulated = begun.target.is_simulated

    def _fail(self, failed: TryFailed) -> None:
        if self._reservation is None:
            return
        usage = record_attempt(self._reservation.pk, failure_report(failed))
        self._record(usage, error_code=failed.code)

    def _take(self, part: AnswerPart) -> None:
        answer = self._answer
        if isinstance(part, AnswerText):
            answer.text += part.text
        elif isinstance(part, AnswerThought):
            answer.thought += part.characters
        elif isinstance(part, AnswerStarted):
            answer.model, answer.request_id = part.model, part.request_id
            answer.fallback_from = part.fallback_from
            answer.usage = dict(part.usage)
        elif isinstance(part, AnswerUsage):
            answer.usage |= part.usage
        elif isinstance(part, AnswerEnded):
            answer.stop_reason = part.stop_reason

    def _book(self, target: Configuration, request: ChatRequest) -> None:
        """Reserve under this target, in the place of what was reserved for another."""
        if self._booked is not None and _account(self._booked) == _account(target):
            return
        self._drop()
        call = describe_call(
            self._interview, target, purpose=self._purpose, labels=self._labels
        )
        self._reservation = reserve_call(
            replace(call, model=target.model),
            input_tokens=bound_chat_input(request),
            output_tokens=request.max_tokens,
            for_staff=self._for_staff,
        )
        self._booked = target

    def _drop(self) -> None:
        if self._reservation is not None:
            release(self._reservation.pk)
            self._reservation = self._booked = None

    def _failed(self, error: ProviderError) -> Report:
        report = failure_report(error)
        if not self._answer.usage:
            return report
        partial = self._partial()
        return replace(
            report,
            raw=partial.raw,
            model=partial.model,
            arrived_output_tokens=partial.arrived_output_tokens,
        )

    def _partial(self) -> Report:
        """Return what is known of an answer that was cut off."""
        answer = self._answer
        arrived = len(answer.text) + answer.thought
        return Report(
            Outcome.FAILED,
            raw=answer.usage,
            model=answer.model,
            request_id=answer.request_id,
            arrived_output_tokens=estimate_tokens(arrived) if arrived else 0,
        )

    def _settle(self, report: Report, *, error_code: str = "") -> Usage | None:
        if self._trace is None:
            # Nothing went out.
            self._drop()
        if self._reservation is None:
            return None
        usage = settle(self._reservation.pk, report)
        self._record(usage, error_code=error_code)
        return usage

    def _record(self, usage: Usage, *, error_code: str = "") -> None:
        if self._trace is not None:
            self._trace.end(error_code=error_code)
            record_call(
                self._interview, self._trace, purpose=self._purpose, usage=usage
            )
        self._trace = None


def _account(target: Configuration) -> tuple[str, str, str]:
    """Return what a call is booked under."""
    return target.provider, target.model, target.key_label
