"""What a call to a model may cost and did cost: billing, in the assistant's words."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction

from assistant.configuration import Configuration
from assistant.context.caching import count_input
from assistant.context.texts import estimate_tokens
from assistant.enums import TurnState
from assistant.errors import (
    BudgetSpentError,
    ProviderError,
    SpendingStoppedError,
)
from assistant.models import Turn
from assistant.providers.parts import ChatRequest, TryFailed
from assistant.providers.trace import CallTrace
from assistant.services.calls import record_turn_call
from base.clock import now
from base.statements import update_row
from billing import errors as billing_errors
from billing.enums import Outcome
from billing.models import Reservation
from billing.services.calls import Call
from billing.services.ledger import Report
from billing.services.pricing import bound_cost
from billing.services.reservations import (
    call_of,
    is_soft_limit_reached,
    record_attempt,
    release,
    require_budget,
    reserve,
    settle,
)
from interviews.models import Interview
from interviews.services.metering import describe_use

CHAT, HINT, SCORE = "chat", "hint", "score"
# Longer than any call can take with its tries; what is open then will not come back.
RESERVED_FOR = timedelta(minutes=15)
_MESSAGE_OVERHEAD = 16
# More than a picture of the size we send has (750 pixels are about one token).
IMAGE_TOKENS = 4_000


class Spent(Protocol):
    """What a provider said a call took."""

    @property
    def usage(self) -> Mapping[str, Any] | None: ...
    @property
    def model(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def stop_reason(self) -> str: ...
    @property
    def call(self) -> CallTrace | None: ...


def describe_call(
    interview: Interview,
    configuration: Configuration,
    *,
    purpose: str,
    labels: Mapping[str, str] | None = None,
) -> Call:
    """Return what billing knows of a call made for an interview."""
    return describe_use(
        interview,
        provider=configuration.provider,
        model=configuration.model,
        purpose=purpose,
        labels=labels,
        key_label=configuration.key_label,
        is_simulated=configuration.is_simulated,
    )


def bound_input(*texts: str) -> int:
    """Return the most tokens that texts sent as messages can have.

    A token stands for at least one byte, so there are no more tokens than bytes.
    """
    return sum(len(text.encode()) + _MESSAGE_OVERHEAD for text in texts)


def bound_chat_input(request: ChatRequest) -> int:
    """Return the most input tokens a chat request can have."""
    prefix = bound_input(str(request.tools), str(request.system))
    return prefix + sum(_bound_content(each["content"]) for each in request.messages)


def _bound_content(content: str | Sequence[Mapping[str, Any]]) -> int:
    if isinstance(content, str):
        return bound_input(content)
    images = sum(1 for block in content if block.get("type") == "image")
    words = str([_without_pixels(block) for block in content])
    return bound_input(words) + images * IMAGE_TOKENS


def _without_pixels(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a block less a picture's data, which is no text."""
    return {**block, "source": ""} if block.get("type") == "image" else block


def reserve_call(
    call: Call, *, input_tokens: int, output_tokens: int, for_staff: bool = False
) -> Reservation:
    """Reserve what a call with so many tokens can cost at most.

    Raises BudgetSpentError, in words for candidates or for staff, or
    SpendingStoppedError; then the call is not made.
    """
    bound = bound_cost(
        call.provider,
        call.model,
        at=now(),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
    )
    with _translated(for_staff=for_staff):
        return reserve(call, bound=bound, expires_in=RESERVED_FOR)


def require_chat_budget(
    interview: Interview, configuration: Configuration, *, purpose: str = CHAT
) -> None:
    """Raise what a question would be refused with, before it is stored."""
    with _translated():
        require_budget(describe_call(interview, configuration, purpose=purpose))


@contextmanager
def _translated(*, for_staff: bool = False) -> Iterator[None]:
    """Say billing's refusals in words for candidates or for staff."""
    try:
        yield
    except billing_errors.BudgetExceededError as error:
        raise BudgetSpentError(error, for_staff=for_staff) from error
    except billing_errors.SpendingStoppedError as error:
        raise SpendingStoppedError(for_staff=for_staff) from error


def is_chat_tight(interview: Interview, configuration: Configuration) -> bool:
    """Say whether a soft limit is reached, so that answers are to be kept short."""
    return is_soft_limit_reached(describe_call(interview, configuration, purpose=CHAT))


@transaction.atomic
def reserve_turn(
    turn_id: UUID,
    configuration: Configuration,
    *,
    input_tokens: int,
    output_tokens: int,
    step: int = 0,
) -> bool:
    """Reserve for a turn about to be asked; the turn keeps the reservation.

    Returns False, with nothing reserved, where the turn was stopped or ended
    meanwhile: its end would never settle. Raises BudgetSpentError or
    SpendingStoppedError. Locks the turn, then the account, as ending a turn does.
    """
    turn = _lock_turn(turn_id)
    if turn.state != TurnState.RUNNING:
        return False
    _book(
        turn,
        configuration,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        step=step,
    )
    return True


@transaction.atomic
def rebook_turn(
    turn_id: UUID,
    configuration: Configuration,
    *,
    input_tokens: int,
    output_tokens: int,
    step: int = 0,
) -> bool:
    """Reserve for another model or key than the last try's, which took nothing more.

    Returns False, with all as it was, where the turn was stopped or ended meanwhile.
    Raises BudgetSpentError or SpendingStoppedError; then all stays as it was, too.
    """
    turn = _lock_turn(turn_id)
    if turn.state != TurnState.RUNNING:
        return False
    if turn.reservation_id is not None:
        release(turn.reservation_id)
    _book(
        turn,
        configuration,
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        step=step,
    )
    return True


def _lock_turn(turn_id: UUID) -> Turn:
    turns = Turn.objects.select_for_update(of=("self",), no_key=True)
    return turns.select_related("conversation__interview__assessment_version").get(
        pk=turn_id
    )


def _book(
    turn: Turn,
    configuration: Configuration,
    *,
    input_tokens: int,
    output_tokens: int,
    step: int,
) -> None:
    """Reserve for a turn's next call; what the last one took is none of its."""
    interview = turn.conversation.interview
    labels = {"turn": str(turn.pk)} | ({"step": str(step)} if step else {})
    call = describe_call(interview, configuration, purpose=CHAT, labels=labels)
    reservation = reserve_call(
        call, input_tokens=input_tokens, output_tokens=output_tokens
    )
    progress = {name: told for name, told in turn.progress.items() if name != "usage"}
    turn.reservation, turn.progress = reservation, progress
    update_row(turn, ("reservation", "progress"))


def settle_part(turn_id: UUID, outcome: Spent) -> None:
    """Write a call that ended while its turn goes on: paused, or tools are to run."""
    turn = Turn.objects.select_related("conversation__interview").get(pk=turn_id)
    if turn.reservation_id is not None:
        report = Report(
            Outcome.FINISHED,
            raw=outcome.usage or {},
            model=outcome.model,
            request_id=outcome.request_id,
        )
        usage = settle(turn.reservation_id, report)
        record_turn_call(turn, outcome.call, usage, stop_reason=outcome.stop_reason)
        count_input(usage)


def record_failed_try(turn_id: UUID, failed: TryFailed) -> None:
    """Write a try that the provider refused and that is to be repeated.

    A try of unknown cost counts with its bound, so that the next one may be refused:
    raises BudgetSpentError or SpendingStoppedError.
    """
    turn = Turn.objects.select_related(
        "reservation__account", "conversation__interview"
    ).get(pk=turn_id)
    if turn.reservation is not None:
        usage = record_attempt(turn.reservation.pk, failure_report(failed))
        record_turn_call(turn, failed.trace, usage, error_code=failed.code)
        with _translated():
            require_budget(call_of(turn.reservation))


def failure_report(failure: TryFailed | ProviderError) -> Report:
    """Return what the ledger is told of a call that brought nothing."""
    is_late = failure.code == "timeout_error"
    report = Report(
        Outcome.TIMED_OUT if is_late else Outcome.FAILED,
        request_id=failure.request_id,
        error_code=failure.code,
        is_unbilled=failure.is_unbilled,
    )
    if isinstance(failure, ProviderError) or not failure.usage:
        return report
    arrived = estimate_tokens(failure.arrived) if failure.arrived else 0
    return replace(
        report,
        raw=failure.usage,
        model=failure.model,
        arrived_output_tokens=arrived,
    )
